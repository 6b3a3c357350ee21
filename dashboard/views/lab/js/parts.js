// Small parts that every tab of the Lab is made of.
import { html } from "../../../js/base.js";
import { folded, STATUS } from "./words.js";
import { many } from "../../../js/words.js";

/** @typedef {import("./words.js").Letter} Letter */
/** @typedef {import("./app.js").App} App */

/** @type {Partial<Record<Letter, string>>} */
const SIGNS = {
  p: "M4.5 8.4 7 10.9 11.6 5.6",
  f: "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4",
  l: "M8 4.6V8l2.4 1.6",
  e: "M8 5v4M8 11.2v.3",
  s: "M5.8 5.8h4.4v4.4H5.8Z",
  c: "M5 8h6",
  r: "M6.6 5.2 11 8l-4.4 2.800Z",
};
/** @type {Partial<Record<Letter, string>>} */
const FRAMES = { e: "M8 1.800 14.800 13.800H1.200Z", f: "M2.500 2.500h11v11h-11Z", ".": "", c: "" };

/** A status as colour, shape and word: none of them is needed to read the others. @param {{letter: Letter}} props */
export function Mark({ letter }) {
  const frame = FRAMES[letter];
  const none = letter === ".";
  return html`<svg viewBox="0 0 16 16" class=${`mark mark-${none ? "none" : letter}`} aria-hidden="true"><title>${STATUS[letter]}</title>
    ${
      frame === undefined
        ? html`<circle class="frame" cx="8" cy="8" r=${letter === "q" ? 4 : 6.7} />`
        : frame && html`<path class="frame" d=${frame} />`
    }
    ${none ? html`<circle class="frame" cx="8" cy="8" r="1.6" />` : SIGNS[letter] && html`<path class="sign" d=${SIGNS[letter]} />`}
  </svg>`;
}

/** How many are so. @param {{letter: Letter, children?: any}} props */
export function Counted({ letter, children }) {
  return html`<span class="counted"><${Mark} letter=${letter} />${children}</span>`;
}

/** @param {{kind?: string, children?: any, [attribute: string]: unknown}} props */
export function Button({ kind = "", children, ...rest }) {
  return html`<button type="button" class=${`button ${kind}`} ...${rest}>${children}</button>`;
}

/** @param {{title: string, children?: any}} props */
export function Card({ title, children }) {
  return html`<section class="card"><h3>${title}</h3>${children}</section>`;
}

/** What is said where there is nothing; what can be done about it stands below. @param {{title: string, text: string, children?: any}} props */
export function Empty({ title, text, children }) {
  return html`<div class="empty"><h3>${title}</h3><p>${text}</p><div class="row">${children}</div></div>`;
}

/** @param {{children?: any}} props */
export function Quiet({ children }) {
  return html`<p class="quiet">${children}</p>`;
}

/** @param {{label: string, value: string | undefined, options: [string, string][], change: (value: string) => boolean}} props `change` says whether it was sent. */
export function Pick({ label, value, options, change }) {
  const changed = (/** @type {any} */ event) => {
    if (!change(event.currentTarget.value)) event.currentTarget.value = value;
  };
  return html`<label class="pick"><span>${label}</span><select value=${value} onChange=${changed}>
    ${options.map(([key, word]) => html`<option key=${key} value=${key}>${word}</option>`)}</select></label>`;
}

/** Which experiment the tab is about. @param {{app: App, folder: string, tab: string}} props */
export function ExperimentPicker({ app, folder, tab }) {
  const all = app.now("experiments");
  const twin = (/** @type {import("./app.js").Experiment} */ one) =>
    all.some((each) => each.name === one.name && each.folder !== one.folder);
  const options = all.map((one) => [one.folder, twin(one) ? one.folder : one.name]);
  const change = (/** @type {string} */ experiment) => app.show({ tab, experiment });
  return html`<${Pick} label="Experiment" value=${folder} options=${options} change=${change} />`;
}

/** @param {{pieces: {change: "same" | "added" | "removed", text: string}[]}} props */
export function Diff({ pieces }) {
  return html`<div class="diff">${pieces.map(({ change, text }) => {
    if (change === "added") return html`<ins>${text}</ins>`;
    if (change === "removed") return html`<del>${text}</del>`;
    const { start, left, end } = folded(text);
    if (!left) return start;
    return html`<span>${start}<span class="fold"> … ${many(left, "character")} … </span>${end}</span>`;
  })}</div>`;
}

/** @param {{term: string, children?: any}} props */
export function Fact({ term, children }) {
  return html`<div class="fact"><dt>${term}</dt><dd>${children}</dd></div>`;
}

/** @param {{words: string[]}} props */
export function HeadRow({ words }) {
  return html`<thead><tr>${words.map((word) => html`<th scope="col">${word}</th>`)}</tr></thead>`;
}
