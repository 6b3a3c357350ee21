import { signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { html, useInPage } from "../../js/base.js";
import { Icon } from "./icons.js";
import { offerFiles, tell } from "./signs.js";

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
 * @param {{say: (text: string) => void}} props
 */
export function TextBox({ say }) {
  const box = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const told = useSignal("");
  const past = useRef(new Past()).current;
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
    draft.value = told.value = "";
    past.add(words);
    say(words);
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
    told.value = offerFiles(files) ? "" : "Files cannot be pasted into this session.";
  }

  /** @param {any} event */
  function onInput(event) {
    draft.value = event.currentTarget.value;
    const full = event.currentTarget.value.length >= MOST;
    told.value = full ? `A message has ${MOST} letters at most; what is beyond is left out.` : "";
  }

  return html`<form class="say" onSubmit=${send}>
    <button type="button" class="attach" aria-label="Attach files" title="Attach files to your next words" onClick=${() => tell("attach")}><${Icon} name="clip" /></button>
    <textarea rows="1" ref=${box} value=${text} placeholder="Type what to do…" aria-label="Type what to do" autocomplete="off"
      enterkeyhint="send" maxlength=${MOST} onKeyDown=${onKey} onPaste=${onPaste} onInput=${onInput}></textarea>
    <button class="send">Send</button>
    ${told.value && html`<p class="told" role="alert">${told}</p>`}
  </form>`;
}
