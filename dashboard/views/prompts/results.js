// What the written comes to: as the model reads it, beside a version, and elsewhere.
import { useState } from "preact/hooks";
import { html } from "../../js/base.js";
import { folded, when } from "./drafts.js";
import { t } from "../../js/words.js";

/** @typedef {import("./editor.js").Editing} Editing */
/** @typedef {import("./editor.js").Tab} Tab */

/** @type {Record<Tab, string>} */
const LABELS = { preview: t("Preview"), difference: t("Difference"), use: t("Use elsewhere") };
const TABS = /** @type {Tab[]} */ (Object.keys(LABELS));

/** @param {{editing: Editing}} props */
export function Results({ editing }) {
  const shown = editing.tab.value;

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const at = (TABS.indexOf(shown) + step + TABS.length) % TABS.length;
    editing.open(TABS[at]);
    /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.currentTarget).children[at]).focus();
  }

  const pages = { preview: Preview, difference: Difference, use: Uses };
  return html`<section class="card results"><div class="tabs" role="tablist" onKeyDown=${onKey}>${TABS.map(
    (tab) =>
      html`<button type="button" class="tab" role="tab" id=${`tab-${tab}`} aria-selected=${String(tab === shown)} tabindex=${tab === shown ? 0 : -1}
        onClick=${() => editing.open(tab)}>${LABELS[tab]}</button>`,
  )}</div>
    ${TABS.map(
      (tab) =>
        html`<div class="page" role="tabpanel" aria-labelledby=${`tab-${tab}`} tabindex="0" hidden=${tab !== shown}><${pages[tab]} editing=${editing} /></div>`,
    )}</section>`;
}

/** While there are faults, the last that was without. @param {{editing: Editing}} props */
function Preview({ editing }) {
  const faulty = editing.faults.value.length > 0;
  return html`<p class="lead">As this session's model reads it.</p><pre class=${faulty ? "text stale" : "text"}>${editing.preview.value}</pre>`;
}

/** @param {{editing: Editing}} props */
function Difference({ editing }) {
  const { lines = [], also = [] } = editing.host.param("difference").value;
  const versions = editing.host.param("versions").value;
  const any = lines.some(([mark]) => mark !== " ");
  const compare = (/** @type {any} */ event) => editing.compare(event.currentTarget.value);
  return html`<select aria-label="Compare with" value=${editing.against.value} onChange=${compare}>${versions.map(
    ({ version, short, shipped, at, note }) =>
      html`<option key=${version} value=${version}>${`${short}  ${shipped ? t("comes with Sayso") : when(at)}  ${shipped ? "" : note}`}</option>`,
  )}</select>
    <p class="also">${also.join(" · ")}</p>
    <div class="diff">${any ? folded(lines).map(changed) : html`<p class="lead">${also.length ? "" : t("No difference.")}</p>`}</div>`;
}

/** @param {import("./drafts.js").Line} line */
function changed([mark, text]) {
  if (mark === "…") return html`<div class="gap">${text}</div>`;
  const kind = mark === "+" ? "added" : mark === "-" ? "removed" : "kept";
  return html`<div class=${kind}><i>${mark}</i><span>${text || " "}</span></div>`;
}

/** @param {{editing: Editing}} props */
function Uses({ editing }) {
  const { path, arm = "", python = "" } = editing.host.param("use").value;
  return html`<button type="button" class="plain lab" onClick=${() => editing.host.send({ type: "experiment" })}>Compare with the default in the Lab</button>
    <div class="uses">${path && html`<${Snippet} title="In an experiment" text=${arm} /><${Snippet} title="In a notebook" text=${python} />`}</div>`;
}

/** @param {{title: string, text: string}} props */
function Snippet({ title, text }) {
  const [copied, setCopied] = useState("");
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(text);
  };
  return html`<div class="snippet"><div class="row"><h3>${title}</h3>
    <button type="button" class="plain" onClick=${() => void copy()}>${copied === text ? t("Copied") : t("Copy")}</button></div><pre>${text}</pre></div>`;
}
