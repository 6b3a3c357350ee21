import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { html, useInPage } from "../../js/base.js";
import { link } from "../../js/link/link.js";
import { Icon } from "./icons.js";
import { offerFiles, tell } from "./signs.js";
import { t } from "../../js/words.js";

const UNSENT = t("Not sent: there is no connection to the server. Your words are kept here.");
const UNANSWERED = t("The server has not answered yet. Your words are kept here.");
const BACK = t("The connection is back. Your words have not been sent yet.");
const MOST = 4000; // letters; Python takes no more

/** What stands in the text box; a draft outlives a rendering. */
export const draft = signal("");

/** What was sent, for the arrow keys. */
class Past {
  /** @type {string[]} */
  #said = [];
  #at = 0;

  /** @param {string} text */
  add(text) {
    this.#said.push(text);
    this.#at = this.#said.length;
  }

  /** The one before or after; nothing after the last. @param {number} by */
  step(by) {
    if (this.#said.length === 0) return null;
    this.#at = Math.min(this.#said.length, Math.max(0, this.#at + by));
    return this.#said[this.#at] ?? "";
  }
}

/** Whether an arrow would leave the text: only then it leads to what was said before. @param {HTMLTextAreaElement} box @param {number} by */
export function leaves({ value, selectionStart, selectionEnd }, by) {
  if (selectionStart !== selectionEnd) return false;
  return by < 0 ? !value.slice(0, selectionStart).includes("\n") : !value.slice(selectionEnd).includes("\n");
}

/** A box of the height of its text, within bounds that the style sets. @param {HTMLTextAreaElement} box */
function fit(box) {
  box.style.height = "auto";
  const border = box.offsetHeight - box.clientHeight;
  box.style.height = `${box.scrollHeight + border}px`;
}

/** Where a keyboard is at hand; on a phone it would cover the page. */
function typesAtOnce() {
  return matchMedia("(hover: hover) and (pointer: fine)").matches;
}

/**
 * Where one types to the agent: Enter sends, Shift+Enter begins a line, arrows lead to what was said.
 *
 * Words stay here until the server has taken them: `say` tells whether it has, `taken` asks it later.
 *
 * @typedef {(text: string, receipt: string) => Promise<{taken: boolean, why: string}>} Say
 * @param {{say: Say, taken: (receipt: string) => Promise<boolean>}} props
 */
export function TextBox({ say, taken }) {
  const box = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const told = useSignal("");
  const past = useRef(new Past()).current;
  const lost = useRef(/** @type {{words: string, receipt: string} | null} */ (null));
  useLayoutEffect(() => link.onRestored(() => void lookBack()), []);
  useLayoutEffect(
    () => link.watch(() => lost.current && link.arrived(lost.current.receipt) && arrived(lost.current)),
    [],
  );
  const text = draft.value;
  useLayoutEffect(() => {
    if (box.current) fit(box.current);
  }, [text]);
  useInPage(box, () => {
    if (typesAtOnce() && document.activeElement === document.body) box.current?.focus({ preventScroll: true });
  });

  /** @param {Event} [event] */
  function send(event) {
    event?.preventDefault();
    const words = draft.peek().trim();
    if (!words) return;
    if (!link.reachable) {
      told.value = UNSENT;
      return;
    }
    const receipt = lost.current?.words === words ? lost.current.receipt : crypto.randomUUID();
    lost.current = null;
    draft.value = told.value = "";
    past.add(words);
    void say(words, receipt).then(({ taken, why }) => {
      if (!taken) giveBack({ words, receipt }, why);
    });
  }

  /** What was sent into a line that was dead already, or refused. @param {{words: string, receipt: string}} unsent @param {string} why */
  function giveBack(unsent, why) {
    lost.current = unsent;
    draft.value = draft.peek() ? `${unsent.words}\n${draft.peek()}` : unsent.words;
    told.value = why || (link.reachable ? UNANSWERED : UNSENT);
  }

  /** The link is back: what was sent into the gap may have arrived after all. */
  async function lookBack() {
    if (told.peek() === UNSENT) told.value = BACK;
    const unsent = lost.current;
    if (unsent && (await taken(unsent.receipt)) && lost.current === unsent) arrived(unsent);
  }

  /** @param {{words: string}} unsent */
  function arrived(unsent) {
    lost.current = null;
    told.value = "";
    if (draft.peek() === unsent.words) draft.value = "";
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) send(event);
    else if (by && box.current && leaves(box.current, by)) recall(event, by);
  }

  /** @param {KeyboardEvent} event @param {number} by */
  function recall(event, by) {
    const words = past.step(by);
    if (words === null) return;
    event.preventDefault();
    draft.value = words;
  }

  /** @param {ClipboardEvent} event */
  function onPaste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    told.value = offerFiles(files) ? "" : t("Files cannot be pasted into this session.");
  }

  /** @param {any} event */
  function onInput(event) {
    draft.value = event.currentTarget.value;
    const full = event.currentTarget.value.length >= MOST;
    told.value = full ? t("A message can have {most} letters at most; the rest is left out.", { most: MOST }) : "";
  }

  return html`<form class="say" onSubmit=${send}>
    <button type="button" class="attach" aria-label="Attach files" title="Attach files to your next words" onClick=${() => tell("attach")}><${Icon} name="clip" /></button>
    <textarea rows="1" ref=${box} value=${text} placeholder="Type what to do…" aria-label="Type what to do" autocomplete="off"
      enterkeyhint="send" maxlength=${MOST} onKeyDown=${onKey} onPaste=${onPaste} onInput=${onInput}></textarea>
    <button class="send">Send</button>
    ${told.value && html`<p class="told" role="alert">${told}</p>`}
  </form>`;
}
