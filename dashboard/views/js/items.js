import { useSignal } from "@preact/signals";
import { html } from "../../js/base.js";
import { live } from "../../js/link/hooks.js";
import { link } from "../../js/link/link.js";
import { Approval, Question } from "./cards.js";
import { Copy } from "./copy.js";
import { bytes } from "../files/format.js";
import { clock, isLong, span } from "./format.js";
import { PutBackButton } from "./putback.js";
import { queued, waits } from "./store.js";
import { t } from "../../js/words.js";

/** @typedef {import("./store.js").Entry} Entry */
/** @typedef {import("./store.js").Item} Item */
/**
 * @typedef {object} Context What an item may do.
 * @property {import("../../js/base.js").Host<any>} host
 * @property {import("./store.js").Store} store
 * @property {import("./follow.js").Follow} follow
 */
/** @typedef {{entry: Entry, item: Item, context: Context}} Part */

/** @type {Record<string, string>} */
const STATES = { waiting: t("next"), running: t("now"), failed: t("failed"), cut: t("cut off"), skipped: t("not run") };
/** @type {Record<string, string>} */
const SOURCES = {
  voice: t("You said"),
  typed: t("You typed"),
  terminal: t("From the terminal"),
  api: t("Asked"),
  button: t("You pressed"),
};
const MARKS = /** @type {const} */ (["state", "tone", "outcome", "speech", "meaning", "fate"]);

/** @param {Item} item */
function classes(item) {
  const names = ["item", item.kind, ...MARKS.filter((key) => item[key]).map((key) => `${key}-${item[key]}`)];
  if (item.interim) names.push("interim");
  if (item.streaming) names.push("streaming");
  if (waits(item)) names.push("open");
  return names.join(" ");
}

/** One item in its place; it is drawn again when it changes, alone. @param {{entry: Entry, context: Context}} props */
export function One({ entry, context }) {
  const item = entry.item.value;
  const Kind = KINDS[item.kind] ?? Line;
  return html`<article class=${classes(item)} data-id=${item.id} title=${clock(item.at)}>
    <${Kind} entry=${entry} item=${item} context=${context} />
  </article>`;
}

/** A text that is folded while it is long. @param {Part} part */
function Text({ entry, item, context }) {
  const { text, streaming } = item;
  const long = !streaming && isLong(text);
  const folded = long && !entry.whole.value;
  const toggle = () => {
    context.follow.release();
    entry.whole.value = !entry.whole.value;
  };
  return html`<div class=${folded ? "text folded" : "text"}>${text}</div>
    ${
      long &&
      html`<button type="button" class="fold" aria-expanded=${!folded} onClick=${toggle}>${folded ? t("Show all") : t("Show less")}</button>`
    }`;
}

/** @param {Part} part */
function Line(part) {
  return html`<${Text} ...${part} />`;
}

/** @param {Part} part */
function Heard(part) {
  const { entry, item } = part;
  return html`<div class="label"><span>${SOURCES[item.source ?? ""] ?? t("Heard")}</span>
      ${!item.interim && html`<${Copy} what="what you said" text=${() => entry.item.peek().text} />`}</div>
    <${Text} ...${part} />
    ${item.links?.map((link) => html`<div class="link" key=${link}>${link}</div>`)}
    ${item.mark && html`<div class="fate">${item.mark}</div>`}
    ${!queued(item) && html`<${Choices} entry=${entry} context=${part.context} />`}`; // else they stand in the list
}

/** What a person can decide otherwise about their words. @param {{entry: Entry, context: Context}} props */
export function Choices({ entry, context }) {
  const { utterance, choices = [] } = entry.item.value;
  const chosen = useSignal(false);
  if (choices.length === 0) return null;
  const choose = async (/** @type {string} */ to) => {
    chosen.value = true;
    await link.deliverAtLast(context.host, { type: "fate", id: utterance, to });
    chosen.value = false;
  };
  return html`<div class="choices">
    ${choices.map(
      ([to, words]) =>
        html`<button type="button" key=${to} disabled=${chosen.value} onClick=${() => void choose(to)}>${words}</button>`,
    )}
    ${chosen.value && !live.value && html`<div class="hint" role="status">Not sent yet: no connection.</div>`}
  </div>`;
}

/** @param {Part} part */
function Said(part) {
  const { entry, item } = part;
  return html`<${Text} ...${part} />
    ${!item.streaming && html`<${Copy} what="the message" text=${() => entry.item.peek().text} />`}`;
}

/** A part that the person opens and closes. @param {Entry} entry @param {boolean} open */
function folding(entry, open) {
  return {
    open: entry.open.value ?? open,
    onToggle: (/** @type {any} */ event) => {
      entry.open.value = event.currentTarget.open;
    },
  };
}

/** @param {Part} part */
function Thinking({ entry, item, context }) {
  return html`<details ...${folding(entry, false)}>
    <summary onClick=${() => context.follow.release()}>Thought</summary><div class="text">${item.text}</div>
  </details>`;
}

/** @param {Part} part */
function Action({ entry, item, context }) {
  const { state = "", seconds = 0, output, image, rule, where, command } = item;
  const head = html`<div class="head">
    <span class="mark"></span><span class="title">${item.title}</span>
    <span class="side">
      ${seconds > 0 && html`<span class="seconds">${span(seconds)}</span>`}
      ${state !== "done" && html`<span class="word">${STATES[state] ?? state}</span>`}
    </span>
  </div>`;
  const ruled = rule && html`<div class="where">${rule}</div>`;
  if (!output && !image) return html`${head}${ruled}`;
  return html`<details ...${folding(entry, state === "failed")}>
    <summary onClick=${() => context.follow.release()}>${head}${image && html`<${Picture} item=${item} name="thumb" />`}</summary>
    ${ruled}
    ${where && html`<div class="where">${t("in {place}", { place: where })}</div>`}
    <div class="copies">
      ${command && html`<${Copy} what="the command" text=${() => command}>Command<//>`}
      ${output && html`<${Copy} what="the output" text=${() => entry.item.peek().output ?? ""}>Output<//>`}
    </div>
    ${output && html`<pre tabindex="0" aria-label="Output">${output}</pre>`}
    ${image && html`<${Picture} item=${item} name="full" />`}
  </details>`;
}

/** @param {{item: Item, name: string}} props */
function Picture({ item, name }) {
  const [width, height] = item.size ?? [];
  const alt = name === "thumb" ? "" : t("The screen after: {title}", { title: item.title });
  return html`<img class=${name} loading="lazy" decoding="async" alt=${alt} width=${width} height=${height} src=${item.image} />`;
}

/** Files that came in, or that the model is given. @param {Part} part */
function Papers({ item }) {
  const files = item.files ?? [];
  const left = (item.count ?? 0) - files.length;
  const folders = new Set(files.map(({ path }) => path?.slice(0, path.lastIndexOf("/")) || "/"));
  const where = folders.size === 1 ? `: ${[...folders][0]}` : "";
  return html`<div class="label"><span>${item.attached ? t("You attached") : `${t("Files added")}${where}`}</span></div>
    <ul class="papers">${files.map(
      (file) => html`<li key=${file.name}>
        ${file.image && html`<img loading="lazy" decoding="async" alt=${t("Attached: {name}", { name: file.name })} src=${file.image} />`}
        <span class="name" title=${file.path}>${file.name}</span> <span class="size">${bytes(file.size)}</span>
        ${file.note && html`<div class="where">${file.note}</div>`}
      </li>`,
    )}</ul>
    ${left > 0 && html`<div class="where">${t("and {n} more", { n: left })}</div>`}`;
}

/** @param {Part} part */
function Outcome(part) {
  const { entry, item } = part;
  return html`<div class="label"><span>${item.label}</span>
      ${item.text && html`<${Copy} what="the result" text=${() => entry.item.peek().text} />`}</div>
    ${item.text && html`<${Text} ...${part} />`}
    ${item.changed && html`<${PutBackButton} id=${item.task} count=${item.changed} />`}`;
}

/** @type {Record<string, string>} */
const BACKS = {
  done: t("Files put back"),
  partly: t("Files put back in part"),
  failed: t("No file was put back"),
  cut: t("Putting files back was cut off"),
};

/** @param {Part} part */
function Back(part) {
  const { item } = part;
  return html`<div class="label"><span>${BACKS[item.state ?? ""] ?? t("Files put back")}</span></div>
    <${Text} ...${part} />
    ${item.state !== "failed" && html`<${PutBackButton} id=${item.task} undo=${true} />`}`;
}

/** @param {Part} part */
function Trouble(part) {
  const { item } = part;
  return html`<${Text} ...${part} />
    ${item.advice && html`<div class="advice">${item.advice}</div>`}`;
}

/** @type {Record<string, (part: Part) => any>} */
const KINDS = {
  heard: Heard,
  said: Said,
  spoken: Line,
  reply: Said,
  thinking: Thinking,
  progress: Line,
  note: Line,
  action: Action,
  approval: Approval,
  question: Question,
  files: Papers,
  outcome: Outcome,
  back: Back,
  error: Trouble,
};
