import { signal } from "@preact/signals";
import { html } from "../../js/base.js";
import { t } from "../../js/words.js";

const SEEN = "sayso-help-seen";

const KEYS = [
  ["Enter", t("Send what you typed")],
  [t("Shift + Enter"), t("A new line in the text box")],
  ["↑ ↓", t("What you sent before")],
  ["Escape", t("Stop the agent while it works; close what is open")],
  [t("Shift + Escape"), t("Give the mouse back, when you have it")],
  [t("Ctrl + V"), t("Paste into the desktop, when you have the mouse")],
  [t("Ctrl + Shift + F"), t("Search the conversation")],
  ["?", t("This list")],
];

const FIRST = [
  t("Type or say what the computer should do. You see it work on its own desktop."),
  t("Escape or STOP ends the work at once. New words wait until it is done; “no, …” changes it."),
  t("It asks before it runs commands. No answer means no."),
  t("Take the mouse to do a part yourself, then give it back."),
];

/** Whether the short help was put away in this browser. */
const seen = signal(localStorage.getItem(SEEN) !== null);

/** Puts the short help away for good. */
export function dismissHelp() {
  if (seen.peek()) return;
  localStorage.setItem(SEEN, "1");
  seen.value = true;
}

/** For a person who is here for the first time. */
export function FirstHelp() {
  if (seen.value) return null;
  return html`<section class="first" aria-label="How it works">
    <h2>How it works</h2>
    <ul tabindex="0" aria-label="What you can do">${FIRST.map((line) => html`<li>${line}</li>`)}</ul>
    <button type="button" onClick=${dismissHelp}>Got it</button>
  </section>`;
}

/** All keys, and the short help once more. @param {{id: string}} props */
export function Keys({ id }) {
  return html`<div class="keys" id=${id} popover="auto" role="dialog" aria-label="Keys and help">
    <h2>Keys</h2>
    <dl>${KEYS.map(([key, says]) => html`<dt><kbd>${key}</kbd></dt><dd>${says}</dd>`)}</dl>
    <h2>How it works</h2>
    <ul>${FIRST.map((line) => html`<li>${line}</li>`)}</ul>
    <button type="button" popovertarget=${id} popovertargetaction="hide">Close</button>
  </div>`;
}
