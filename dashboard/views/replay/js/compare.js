// Two sessions side by side, action by action, with the first divergence marked.
import { signal } from "@preact/signals";
import { html } from "../../../js/base.js";
import { VirtualList } from "./virtual.js";
import { lastAt } from "./words.js";
import { t } from "../../../js/words.js";

/** @typedef {import("./words.js").Timeline} Timeline */
/** @typedef {{seq: number, label: string, what: string}} Deed */
/** @typedef {{a: Deed | null, b: Deed | null, same: boolean}} Pair */
/** @typedef {{note: string, first: number | null, rows: Pair[]}} Divergence */
/** @typedef {{base: string, title: string, timeline: Timeline}} Side */

const HEIGHT = 32; // px of a row

/** What a side did last, where it does nothing in this row. @param {Pair[]} rows @param {"a" | "b"} key @param {number} index */
export function lastDeed(rows, key, index) {
  return rows.slice(0, index + 1).findLast((row) => row[key])?.[key] ?? null;
}

/** The picture after an action; that of the beginning without one. @param {Timeline} timeline @param {Deed | null} deed */
export function frameAfter({ steps, frames }, deed) {
  const step = deed && steps.find((each) => each.seq === deed.seq);
  const index = step ? step.frame : deed ? lastAt(frames, deed.seq, "seq") : 0;
  return frames[Math.max(0, index)];
}

/** Two sessions, and the row that is looked at. */
export class Comparison {
  shown = signal(/** @type {{pair: [Side, Side], data: Divergence} | null} */ (null));
  at = signal({ index: -1 });

  /** @param {Side} a @param {Side} b @param {Divergence} data */
  show(a, b, data) {
    this.shown.value = { pair: [a, b], data };
    this.choose(data.rows.length ? (data.first ?? 0) : -1);
  }

  /** @param {number} by */
  step(by) {
    const index = this.at.peek().index + by;
    if (index >= 0 && index < (this.shown.peek()?.data.rows.length ?? 0)) this.choose(index);
  }

  /** @param {number} index */
  choose(index) {
    this.at.value = { index };
  }
}

/** @param {{comparison: Comparison, hidden: boolean}} props */
export function Compare({ comparison, hidden }) {
  const shown = comparison.shown.value;
  if (!shown) return null;
  const { pair, data } = shown;
  const { index } = comparison.at.value;
  const [a, b] = pair;
  return html`<div class="compare" hidden=${hidden}>
    <div class="banner"><p class=${data.first === null ? "verdict" : "verdict parted"} role="status">${data.note}</p>
      ${data.first !== null && html`<button type="button" class="main" onClick=${() => comparison.choose(data.first ?? 0)}>First difference</button>`}</div>
    <div class="sides"><${SideView} letter="A" side=${a} rows=${data.rows} index=${index} /><${SideView} letter="B" side=${b} rows=${data.rows} index=${index} /></div>
    <div class="rowhead"><span></span><span>A</span><span>B</span></div>
    <${VirtualList} label="Actions, A beside B" height=${HEIGHT} items=${data.rows} at=${comparison.at.value} focus=${shown}
      style=${{ flexBasis: `${data.rows.length * HEIGHT + 2}px` }} choose=${(/** @type {number} */ n) => comparison.choose(n)}
      draw=${(/** @type {Pair} */ row, /** @type {number} */ n) => drawn(row, n, n === data.first)} />
  </div>`;
}

/** @param {{letter: "A" | "B", side: Side, rows: Pair[], index: number}} props */
function SideView({ letter, side, rows, index }) {
  const key = letter === "A" ? "a" : "b";
  const deed = rows[index]?.[key] ?? null;
  const last = lastDeed(rows, key, index);
  const frame = frameAfter(side.timeline, last);
  const label = deed ? deed.label : last ? t("nothing more here") : t("nothing yet");
  return html`<figure class=${`side side-${letter}${deed ? "" : " absent"}`}>
    <figcaption class="sidehead"><b>${letter}</b><span class="title">${side.title}</span><p class="caption">${label}</p></figcaption>
    <div class="screen">${
      frame
        ? html`<img decoding="async" src=${`${side.base}/images/${frame.sha256}`} alt=${t("{letter}: the screen after {step}", { letter, step: last ? last.label : t("the beginning") })} />`
        : html`<p class="none">No picture.</p>`
    }</div></figure>`;
}

/** @param {Pair} row @param {number} index @param {boolean} first */
function drawn({ a, b, same }, index, first) {
  const cell = (/** @type {Deed | null} */ deed) =>
    html`<span class=${deed ? deed.what : "absent"} title=${deed?.label ?? ""}>${deed?.label ?? "–"}</span>`;
  return {
    class: `pair ${same ? "same" : "differs"}${first ? " first" : ""}`,
    children: html`<span class="n">${first ? "≠" : String(index + 1)}</span>${cell(a)}${cell(b)}`,
  };
}
