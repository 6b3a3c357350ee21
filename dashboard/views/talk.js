// The frame of the default view: where everything sits, the text box, and Stop.

import { useLayoutEffect, useRef } from "preact/hooks";
import { component, html, Slot } from "../js/base.js";
import { live, stopWord } from "../js/link/hooks.js";
import { link } from "../js/link/link.js";
import { followScreen, full, togglePage, toggleWide, wide } from "./js/fullscreen.js";
import { dismissHelp, FirstHelp, Keys } from "./js/help.js";
import { Icon } from "./js/icons.js";
import { escapeIsTaken, isTyping } from "./js/layers.js";
import { tell } from "./js/signs.js";
import { TextBox } from "./js/textbox.js";
import { t } from "../js/words.js";

/**
 * @typedef {object} Params
 * @property {string} who
 * @property {boolean} running
 * @property {boolean} held
 * @property {string} pending
 * @property {string} model
 * @property {boolean} dictating
 * @property {string} desktop_state
 * @property {string} desktop_detail
 * @property {string} trouble
 */
/** @typedef {{host: import("../js/base.js").Host<Params>}} Props */

/** @type {Record<string, string>} */
const STATES = {
  starting: t("The desktop is starting"),
  restarting: t("The desktop is restarting"),
  stopped: t("The desktop is starting"),
  died: t("The desktop ended"),
  unavailable: t("There is no desktop"),
};
const KEYS = "keys";
const UNAVAILABLE = t("Unavailable: no connection to the server");
const BEGINS = 3000; // ms in which words that were sent have surely begun their task

/** @param {Props} props */
function Talk({ host }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const screen = useRef(/** @type {HTMLElement | null} */ (null));
  const side = useRef(/** @type {HTMLElement | null} */ (null));
  const sent = useRef(0);
  const stop = () => link.stop();

  /** Whether the server has taken the words, and why not. @param {string} text @param {string} receipt */
  function say(text, receipt) {
    sent.current = performance.now();
    tell("sent");
    dismissHelp();
    return link.say(host, text, receipt);
  }

  /** Whether the server has taken them after all. @param {string} receipt */
  const taken = (receipt) => link.deliver(host, { type: "taken?" }, receipt);

  useLayoutEffect(() => {
    /** In a desktop that the person drives, every key is theirs. @param {KeyboardEvent} event */
    function onKey(event) {
      const yours =
        host.param("who").peek() === "yours" && event.composedPath().includes(/** @type {any} */ (screen.current));
      if (event.isComposing || yours) return;
      if (event.key === "Escape") onEscape(event);
      else if (event.ctrlKey && event.shiftKey && event.code === "KeyF") search(event, side.current);
      else if (event.key === "?" && !isTyping(event) && inSight(root.current)) showKeys(root.current);
    }

    /** @param {KeyboardEvent} event */
    function onEscape(event) {
      if (escapeIsTaken(event)) return;
      const begins = performance.now() - sent.current < BEGINS && sent.current > 0;
      if (host.param("running").peek() || begins) stop();
    }
    document.addEventListener("keydown", onKey, true);
    const end = followScreen();
    return () => {
      end();
      document.removeEventListener("keydown", onKey, true);
    };
  }, []);

  const who = host.param("who").value;
  const alone = wide.value && !host.param("pending").value;
  const waits = host.param("pending").value ? "waits" : "";
  return html`<div class=${alone ? "talk alone" : `talk ${waits}`} data-who=${who} ref=${root}>
    <div class="screen" ref=${screen}>
      <${Slot} host=${host} name="desktop" class="desktop" />
      <${Cover} host=${host} />
    </div>
    <aside class="side" aria-label="Conversation" ref=${side}>
      <${Tools} host=${host} root=${root} />
      <${FirstHelp} />
      <${Slot} host=${host} name="conversation" class="words" />
      <${Slot} host=${host} name="files" class="papers" />
    </aside>
    <footer class="bar">
      ${host.param("trouble").value && html`<p class="trouble" role="alert">${host.param("trouble").value}</p>`}
      <div class="voice">
        <${Slot} host=${host} name="voice" class="widget" />
        <${Slot} host=${host} name="voice_settings" class="voice_settings" />
      </div>
      <${Dictation} host=${host} say=${say} />
      <${TextBox} say=${say} taken=${taken} />
      <div class="acts">
        ${
          alone &&
          html`<button type="button" class="back" aria-label="Back to the conversation" title="Back to the conversation"
            onClick=${() => void toggleWide(root.current)}><${Icon} name="wide" /></button>`
        }
        <${Hold} host=${host} />
        <${Mouse} host=${host} />
        <button type="button" class=${host.param("running").value ? "stop live" : "stop"} aria-keyshortcuts="Escape" onClick=${stop}>
          <span>${stopWord()}</span>${!full.value && stopWord() === t("STOP") && html`<kbd>Esc</kbd>`}
        </button>
      </div>
    </footer>
    <${Keys} id=${KEYS} />
  </div>`;
}

/** Whether a part is shown: Talk stays in the page behind other views. @param {HTMLElement | null} part */
function inSight(part) {
  return part?.checkVisibility({ visibilityProperty: true }) ?? false;
}

/** @param {KeyboardEvent} event @param {HTMLElement | null} side */
function search(event, side) {
  if (!inSight(side)) return;
  event.preventDefault();
  tell("search");
}

/** @param {HTMLElement | null} root */
function showKeys(root) {
  /** @type {HTMLElement | null | undefined} */ (root?.querySelector(`#${KEYS}`))?.togglePopover();
}

/** That what is said is typed, and the way out. @param {Props & {say: (text: string, receipt: string) => unknown}} props */
function Dictation({ host, say }) {
  const title = t(
    "What you say or write is typed. “Scratch that” takes back the last words. Press to give commands again",
  );
  const stop = () => void say("stop dictation", crypto.randomUUID());
  return html`<span class="dictation" role="status">${
    host.param("dictating").value && html`<button type="button" title=${title} onClick=${stop}>Stop dictation</button>`
  }</span>`;
}

/** What lies over the desktop while there is none. @param {Props} props */
function Cover({ host }) {
  const state = host.param("desktop_state").value;
  if (state === "ready") return null;
  const failed = ["died", "unavailable"].includes(state);
  return html`<div class=${failed ? "cover failed" : "cover"}>
    <div class="spinner"></div>
    <div class="cover-text">${STATES[state] ?? ""}</div>
    <div class="cover-detail">${host.param("desktop_detail")}</div>
  </div>`;
}

/** @param {Props & {root: {current: HTMLElement | null}}} props */
function Tools({ host, root }) {
  const waits = Boolean(host.param("pending").value); // the files give way to what waits for the person
  return html`<header class="tools">
    <span class="model" title="The model that decides what to do">${host.param("model")}</span>
    <button type="button" aria-label="Files" disabled=${waits} onClick=${() => tell("panel")}
      title=${waits ? t("Answer first to see the files again") : t("Files of this session")}><${Icon} name="folder" /></button>
    <button type="button" aria-label="Search the conversation" title="Search (Ctrl+Shift+F)" onClick=${() => tell("search")}>
      <${Icon} name="search" /></button>
    <${Screens} root=${root} />
    <button type="button" aria-label="Keys and help" title="Keys and help (?)" popovertarget=${KEYS}><${Icon} name="keys" /></button>
  </header>`;
}

/** @param {{root: {current: HTMLElement | null}}} props */
function Screens({ root }) {
  return html`<button type="button" aria-pressed=${wide.value} aria-label="Desktop in full screen"
      title="Desktop in full screen" onClick=${() => void toggleWide(root.current)}><${Icon} name="wide" /></button>
    <button type="button" aria-pressed=${full.value && !wide.value} aria-label="Page in full screen"
      title="Page in full screen" onClick=${() => void togglePage()}><${Icon} name="whole" /></button>`;
}

/** Nothing runs while the person has the mouse: then there is the clipboard in its place. @param {Props} props */
function Hold({ host }) {
  if (host.param("who").value === "yours") {
    const title = live.value ? t("Copy your clipboard’s text to the desktop") : UNAVAILABLE;
    const paste = () => (live.peek() ? tell("paste") : link.presses.refuse());
    return html`<button type="button" class="hold" aria-disabled=${!live.value} title=${title} onClick=${paste}>
      <${Icon} name="paste" /><span>Paste</span></button>`;
  }
  const held = host.param("held").value;
  const able = held || host.param("running").value;
  const title = held
    ? t("Let the agent continue")
    : t("The agent pauses before its next action, until you say “go on”");
  return html`<button type="button" class="hold" aria-pressed=${held} disabled=${!able} aria-disabled=${!live.value} title=${live.value ? title : UNAVAILABLE}
    onClick=${() => host.send({ type: held ? "release" : "hold" })}>
    <${Icon} name=${held ? "go" : "hold"} /><span>${held ? t("Go on") : t("Hold")}</span>
  </button>`;
}

/** @param {Props} props */
function Mouse({ host }) {
  const yours = host.param("who").value === "yours";
  const ready = host.param("desktop_state").value === "ready";
  return html`<button type="button" class="mouse" aria-pressed=${yours} disabled=${!ready} aria-disabled=${!live.value} title=${live.value ? null : UNAVAILABLE}
    onClick=${() => host.send({ type: yours ? "give" : "take" })}>${yours ? t("Give it back") : t("Take the mouse")}</button>`;
}

export default component("Talk", Talk);
