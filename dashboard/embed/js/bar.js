import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { component, html, useMessages } from "../../js/base.js";
import CSS from "./bar.css";
import { t } from "../../js/words.js";

/**
 * @typedef {object} Params
 * @property {string} who
 * @property {string} detail
 * @property {string} usage
 * @property {boolean} running
 * @property {boolean} able
 * @property {boolean} talks
 * @property {boolean} dictating
 */
/** @typedef {{host: import("../../js/base.js").Host<Params>}} Props */

/** Who has the mouse, a line to type in, and Stop: everything that a person may do to a session. @param {Props} props */
function Bar({ host }) {
  const who = host.param("who").value;
  const yours = who === "yours";
  const running = host.param("running").value ? "stop live" : "stop";
  const mute = !host.param("talks").value;
  return html`<section class="sayso-bar" aria-label="Session" data-who=${who}>
    <div class="badge" role="status">
      <span class="dot" aria-hidden="true"></span>
      <span class="word">${yours ? t("you have the mouse") : who}</span>
      <span class="detail">${host.param("detail")}</span>
      <span class="usage">${host.param("usage")}</span>
    </div>
    <${Words} host=${host} hidden=${mute} />
    <span class="dictation" role="status">${host.param("dictating").value && html`<${Dictation} host=${host} />`}</span>
    <button type="button" class="mouse" disabled=${!host.param("able").value}
      onClick=${() => host.send({ type: yours ? "give" : "take" })}>${yours ? t("Give it back") : t("Take the mouse")}</button>
    <button type="button" class=${running} hidden=${mute} onClick=${() => host.send({ type: "stop" })}>Stop</button>
  </section>`;
}

/** That what is said is typed, and the way out. @param {Props} props */
function Dictation({ host }) {
  const title = t(
    "What you say or write is typed. “Scratch that” takes back the last words. Press to give commands again",
  );
  const stop = () => host.send({ type: "say", text: "stop dictation" });
  return html`<button type="button" title=${title} onClick=${stop}>Stop dictation</button>`;
}

/** Words that were not taken stand in the line again, before what was typed since. @param {Props & {hidden: boolean}} props */
function Words({ host, hidden }) {
  const text = useSignal("");
  const sent = useRef("");
  useMessages(host, ({ refused }) => {
    if (!refused || refused !== sent.current) return;
    sent.current = "";
    text.value = [refused, text.value].filter(Boolean).join(" ");
  });
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    sent.current = text.value.trim();
    if (sent.current) host.send({ type: "say", text: sent.current });
    text.value = "";
  };
  const onKeyDown = (/** @type {KeyboardEvent & {currentTarget: HTMLInputElement}} */ event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // JupyterLab keeps a form from being sent by it
    event.currentTarget.form?.requestSubmit();
  };
  const onInput = (/** @type {InputEvent & {currentTarget: HTMLInputElement}} */ event) => {
    text.value = event.currentTarget.value;
  };
  return html`<form hidden=${hidden} onSubmit=${onSubmit}>
    <input type="text" placeholder="Type what to do…" aria-label="Type what to do" maxlength="4000" autocomplete="off"
      value=${text.value} onInput=${onInput} onKeyDown=${onKeyDown} />
    <button>Send</button>
  </form>`;
}

export default component("Bar", Bar, { css: CSS });
