/**
 * What a person has begun, through a load of the page: what they chose to see, text in boxes, and where
 * lists are scrolled to. Kept in the tab's own store when the page reloads itself or is hidden, for the browser may
 * discard it then; given back once, to the same session's page, then forgotten.
 *
 * @typedef {{path: string, text: string, focus: boolean, from: number, to: number, unsaved?: boolean}} Typed
 *   `unsaved`: put over what the box holds by itself.
 * @typedef {{path: string, top: number, end: boolean, steady?: number}} Scrolled
 * @typedef {{chosen: string[], typed: Typed[], scrolled: Scrolled[], session: string}} Kept
 */

const KEY = "sayso-kept";
const WAIT = 20000; // ms that a box may take to be there again
const LOOK = 100; // ms between two looks
const STEADY = 5; // looks at which a list is still where it was scrolled to: one that follows its end moves first
const BY_HAND = ["wheel", "touchmove", "pointerdown"]; // from then on the person scrolls
const OWN = ".cm-content"; // CodeMirror's box: its text has lines that the element's has not, and its drafts are kept
const TYPED = `textarea, input:not([type]), input[type=text], input[type=search], [contenteditable=true]:not(${OWN})`;
const TAB = "[role=tab]:not([data-tab])"; // the Lab's are in the address
const CHOSEN = `${TAB}[aria-selected=true], [data-keep][aria-current]`;
const CHOICES = `${TAB}, [data-keep]`;
/** The event of a list that was scrolled to where it was: whoever keeps it at its end lets it stay there. */
export const PUT_BACK = "sayso-put-back";
const END = 48; // px from its end at which a list follows what comes

/** Every element below, shadow roots included. @param {Document | ShadowRoot | Element} root @returns {Generator<Element>} */
function* below(root) {
  for (const element of root.querySelectorAll("*")) {
    yield element;
    if (element.shadowRoot) yield* below(element.shadowRoot);
  }
}

/** What an element is called from one load to the next: its item, its label, and its class. @param {Element} element */
function nameOf(element) {
  const label = element.getAttribute("aria-label") ?? element.getAttribute("name") ?? element.id;
  const item = element.closest("[data-id]")?.getAttribute("data-id") ?? "";
  const words = element.matches(CHOICES) ? element.textContent?.trim() : "";
  const looks = item || label || words ? "" : (element.getAttribute("class") ?? "");
  return [item, element.localName, label || words, looks].join("|");
}

/** Every element by what it is called; the second of a name has a number. @returns {Map<string, Element>} */
function named() {
  /** @type {Map<string, number>} */
  const count = new Map();
  const found = new Map();
  for (const element of below(document)) {
    const name = nameOf(element);
    const n = count.get(name) ?? 0;
    count.set(name, n + 1);
    found.set(n ? `${name}#${n}` : name, element);
  }
  return found;
}

/** @type {WeakSet<EventTarget>} Boxes with text that nobody has been given yet. */
const unsaved = new WeakSet();

/** Follows which boxes hold what is not saved; returns what ends that. */
export function follow() {
  const typed = (/** @type {Event} */ event) => void unsaved.add(event.composedPath()[0]);
  const saved = (/** @type {Event} */ event) => void unsaved.delete(event.composedPath()[0]);
  addEventListener("input", typed, true);
  addEventListener("focusout", saved, true); // a change is not told beyond its shadow
  return () => {
    removeEventListener("input", typed, true);
    removeEventListener("focusout", saved, true);
  };
}

/** @param {Element} element @returns {string} */
function textOf(element) {
  return /** @type {any} */ (element).value ?? element.textContent ?? "";
}

/** Keeps what has been begun, for the page that is loaded next. @param {string} session */
export function keep(session) {
  /** @type {Kept} */
  const kept = { chosen: [], typed: [], scrolled: [], session };
  for (const [path, element] of named()) {
    if (element.matches(CHOSEN)) kept.chosen.push(path);
    const { scrollTop: top, scrollHeight, clientHeight } = element;
    if (top > 0) kept.scrolled.push({ path, top, end: scrollHeight - top - clientHeight < END });
    if (!element.matches(TYPED) || !textOf(element)) continue;
    const { selectionStart: from = 0, selectionEnd: to = 0 } = /** @type {any} */ (element);
    const focus = /** @type {any} */ (element.getRootNode()).activeElement === element;
    const mine = unsaved.has(element);
    kept.typed.push({ path, text: textOf(element), focus, from: from ?? 0, to: to ?? 0, unsaved: mine });
  }
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // too much, or not allowed: the page is reloaded without it
  }
}

/** The page is looked at again: what was kept of it is old. */
export function forget() {
  sessionStorage.removeItem(KEY);
}

/** Gives back what the page before this one has kept, as its boxes come to be there. @param {string} session */
export function giveBack(session) {
  const text = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  if (!text) return;
  /** @type {Kept} */
  const kept = JSON.parse(text);
  if (kept.session !== session) return;
  kept.chosen ??= [];
  const until = performance.now() + WAIT;
  const leave = () => {
    kept.scrolled = [];
  };
  for (const name of BY_HAND) addEventListener(name, leave, { capture: true, once: true, passive: true });
  const timer = setInterval(() => {
    const there = named();
    kept.chosen = kept.chosen.filter((path) => !choose(there.get(path)));
    kept.typed = kept.typed.filter((typed) => !fill(there.get(typed.path), typed));
    kept.scrolled = kept.scrolled.filter((one) => !scroll(there.get(one.path), one));
    if ((!kept.chosen.length && !kept.typed.length && !kept.scrolled.length) || performance.now() > until)
      clearInterval(timer);
  }, LOOK);
}

/** @param {Element | undefined} element */
function choose(element) {
  if (!element?.isConnected) return false;
  if (!element.matches(CHOSEN)) /** @type {HTMLElement} */ (element).click();
  return true;
}

/** @param {Element | undefined} element @param {Typed} typed */
function fill(element, { text, focus, from, to, unsaved: mine }) {
  if (!element?.isConnected) return false;
  if (textOf(element) && !mine) return true; // the person was quicker, or it is what the server holds
  if (mine && focus && write(/** @type {any} */ (element), text)) return true;
  const box = /** @type {any} */ (element);
  if ("value" in box) setValue(box, text);
  else box.textContent = text;
  box.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  if (focus) {
    box.focus({ preventScroll: true });
    box.setSelectionRange?.(from, to);
  }
  return true;
}

/** As if it were typed: the box knows then that it holds what is not saved. @param {any} box @param {string} text */
function write(box, text) {
  box.focus({ preventScroll: true });
  box.select?.();
  return document.execCommand("insertText", false, text);
}

/** Past what a framework has put before the element's own property. @param {any} box @param {string} text */
function setValue(box, text) {
  const proto = box instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
  const own = Object.getOwnPropertyDescriptor(proto, "value")?.set;
  if (own && (box instanceof HTMLTextAreaElement || box instanceof HTMLInputElement)) own.call(box, text);
  else box.value = text;
}

/** Whether the list is there and stays where it is scrolled to. @param {Element | undefined} element @param {Scrolled} scrolled */
function scroll(element, scrolled) {
  const { top, end, steady = 0 } = scrolled;
  if (!element || element.scrollHeight - element.clientHeight < (end ? 1 : top)) return false;
  const still = end || Math.abs(element.scrollTop - top) <= 1;
  scrolled.steady = still ? steady + 1 : 0;
  if (end || !still) element.scrollTop = end ? element.scrollHeight : top;
  if (!end) element.dispatchEvent(new Event(PUT_BACK));
  return scrolled.steady >= STEADY;
}
