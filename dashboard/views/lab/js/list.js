// All experiments, or how to begin.
import { useState } from "preact/hooks";
import { html } from "../../../js/base.js";
import { Button, Counted, Empty, Quiet } from "./parts.js";
import { goOn, LETTER, money, spaced, when } from "./words.js";
import { many, plural, t } from "../../../js/words.js";

/** @typedef {import("./app.js").App} App */

const MANY = 5; // experiments, from which on they are looked for

/** Whether all words are in its name, its arms or its hypothesis. @param {any} row @param {string} words */
const fits = (row, words) => {
  const text = [row.name, row.folder, ...(row.arms ?? []), row.hypothesis ?? ""].join(" ").toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

/** @param {{app: App}} props */
export function List({ app }) {
  const [words, setWords] = useState("");
  const listing = app.now("listing");
  if (!listing) return html`<div class="list"><${Quiet}>Reading the experiments…<//></div>`;
  if (!listing.length) return html`<div class="list"><${Nothing} app=${app} /></div>`;
  return html`<div class="list">
    <div class="row top"><${Button} kind="main" onClick=${() => app.show({ tab: "design" })}>New experiment<//>
      ${listing.length >= MANY && html`<${Find} words=${words} change=${setWords} />`}</div>
    <${Found} app=${app} rows=${listing.filter((row) => fits(row, words.trim()))} /></div>`;
}

/** @param {{words: string, change: (words: string) => void}} props */
function Find({ words, change }) {
  return html`<label class="find"><span>Find</span><input type="search" value=${words}
    onInput=${(/** @type {any} */ event) => change(event.currentTarget.value)} /></label>`;
}

/** @param {{app: App, rows: any[]}} props */
function Found({ app, rows }) {
  if (!rows.length) return html`<p class="quiet" role="status">No experiment has these words.</p>`;
  return html`<ul class="cards">${rows.map((row) => html`<${Item} key=${row.folder} app=${app} row=${row} />`)}</ul>`;
}

/** @param {{app: App}} props */
function Nothing({ app }) {
  const text =
    t("An experiment tries two or more arms, such as two prompts, on the same tasks and says whether one is better. ") +
    t("The example compares two ways of wording a task with the offline model: it needs no key and costs nothing.");
  return html`<${Empty} title="No experiments yet" text=${text}>
    <${Button} kind="main" onClick=${() => app.send({ type: "example" })}>Try the keyless example<//>
    <${Button} onClick=${() => app.show({ tab: "design" })}>Design your own<//><//>`;
}

/** @param {{app: App, row: any}} props */
function Item({ app, row }) {
  if (row.fault) {
    return html`<li class="card damaged"><h3>${row.name}</h3><p>${row.fault}</p>
      <div class="row"><${Delete} app=${app} row=${row} /></div></li>`;
  }
  const { folder } = row;
  const open = (/** @type {string} */ tab) => app.show({ tab, experiment: folder });
  const running = app.now("current").folder === folder;
  const size = `${row.arms.join(" · ")} — ${many(row.tasks, "task")} × ${many(row.repeats, "repeat")} = ${many(row.planned, "trial")}`;
  return html`<li class="card experiment">
    <div class="head"><h3>${row.name}</h3>${running && html`<span class="chip live">running</span>`}<span class="quiet">${when(row.begun)}</span></div>
    ${row.hypothesis && html`<p class="hypothesis">${row.hypothesis}</p>`}
    <p class="facts">${size}${row.spent ? `, ${money(row.spent)}` : ""}</p>
    <${Shares} statuses=${row.statuses} planned=${row.planned} />
    ${
      row.verdicts
        ? row.verdicts.map((/** @type {string} */ text) => html`<p class="verdict">${text}</p>`)
        : html`<${Quiet}>Working out the verdict…<//>`
    }
    <div class="row"><${Button} onClick=${() => open("live")}>${running ? t("Watch") : t("Trials")}<//>
      <${Button} onClick=${() => open("compare")}>Compare<//>
      <${Button} onClick=${() => app.send({ type: "copy", experiment: folder })}>Copy design<//>
      ${
        row.to_do > 0 &&
        !running &&
        html`<${Button} kind=${row.to_do > row.errors ? "main" : ""} onClick=${() => app.resume(folder)}>${goOn(row)}<//>`
      }
      ${!running && html`<${Delete} app=${app} row=${row} />`}</div></li>`;
}

/** Asks before it deletes: trials cannot be had again but for their price. @param {{app: App, row: any}} props */
function Delete({ app, row }) {
  const [asked, setAsked] = useState(false);
  if (!asked) return html`<${Button} onClick=${() => setAsked(true)}>Delete…<//>`;
  const trials = Object.values(row.statuses ?? {}).reduce((n, count) => n + count, 0);
  return html`<span class="sure" role="group" aria-label=${t("Delete {name}", { name: row.name })}>${plural(trials, "Delete {n} trial for good?", "Delete {n} trials for good?")}
    <${Button} kind="danger" onClick=${() => app.send({ type: "delete", experiment: row.folder })}>Delete<//>
    <${Button} onClick=${() => setAsked(false)}>Keep<//></span>`;
}

/** How the planned trials ended, as one bar and in words. @param {{statuses: Record<string, number>, planned: number}} props */
function Shares({ statuses, planned }) {
  const parts = Object.entries(LETTER).filter(([status]) => statuses[status]);
  const left = planned - parts.reduce((n, [status]) => n + statuses[status], 0);
  return html`<div><div class="shares" aria-hidden="true">
      ${parts.map(([status, letter]) => html`<span class=${`share share-${letter}`} style=${{ flexGrow: `${statuses[status]}` }}></span>`)}
      <span class="share" style=${{ flexGrow: `${Math.max(0, left)}` }}></span></div>
    <p class="counts">${parts.map(([status, letter]) => html`<${Counted} letter=${letter}>${`${statuses[status]} ${spaced(status)}`}<//>`)}
      ${left > 0 && html`<${Counted} letter=".">${t("{n} not run", { n: left })}<//>`}</p></div>`;
}
