// What was run by hand, the newest first.
import { useState } from "preact/hooks";
import { html } from "../../js/base.js";
import { t } from "../../js/words.js";

/**
 * @typedef {object} Result
 * @property {string} id
 * @property {string} title
 * @property {"waiting" | "asked" | "running" | "done" | "failed" | "refused"} state
 * @property {number} seconds
 * @property {string} text
 * @property {string} image
 * @property {number[]} size
 * @property {{id: string, question: string} | null} asked
 * @typedef {(message: {type: string, [field: string]: unknown}) => boolean} Send
 */

const STATES = {
  waiting: t("Waiting"),
  asked: t("Waiting for you"),
  running: t("Running"),
  done: t("Done"),
  failed: t("Failed"),
  refused: t("Not run"),
};

/** @param {{results: Result[], send: Send}} props */
export function Results({ results, send }) {
  return html`<section class="results"><h2>Results</h2>
    ${results.length === 0 && html`<p class="none">What you run is listed here, with its picture and how long it took.</p>`}
    <ol>${results.map((result) => html`<${One} key=${result.id} result=${result} send=${send} />`)}</ol></section>`;
}

/** @param {{result: Result, send: Send}} props */
function One({ result, send }) {
  const { title, state, seconds, text, image, size, asked } = result;
  return html`<li class=${`result ${state}`}>
    <div class="head"><span class="mark"></span><span class="title">${title}</span>
      <span class="took">${seconds >= 0.005 && `${seconds.toFixed(2)} s`}</span><span class="state">${STATES[state]}</span></div>
    ${asked && html`<${Asked} key=${asked.id} id=${asked.id} question=${asked.question} send=${send} />`}
    ${text && html`<pre>${text}</pre>`}
    ${image && html`<img alt=${t("The screen after: {title}", { title })} loading="lazy" width=${size[0]} height=${size[1]} src=${image} />`}</li>`;
}

/** @param {{id: string, question: string, send: Send}} props */
function Asked({ id, question, send }) {
  const [decided, setDecided] = useState(false);
  const decide = (/** @type {string} */ decision) => send({ type: "approve", id, decision }) && setDecided(true);
  return html`<div class="asked"><p>${question}</p><div class="buttons">
    <button type="button" class="allow" disabled=${decided} onClick=${() => decide("allow")}>Allow</button>
    <button type="button" class="plain" disabled=${decided} onClick=${() => decide("deny")}>Deny</button></div></div>`;
}
