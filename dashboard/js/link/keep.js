/**
 * What a person has begun, through a load of the page: text in boxes and where lists are scrolled
 * to. Kept in the tab's own store when the page loads itself anew or is hidden, for the browser may
 * discard it then; given back once, to the same session's page, then forgotten.
 *
 * @typedef {{path: string, text: string, focus: boolean, from: number, to: number}} Typed
 * @typedef {{path: string, top: number, end: boolean, steady?: number}} Scrolled
 * @typedef {{typed: Typed[], scrolled: Scrolled[], session: string}} Kept
 */

const KEY = "sayso-kept";
const WAIT = 20000; // ms that a box may take to be there again
const LOOK = 100; // ms between two looks
const STEADY = 5; // looks at which a list is still where it was scrolled to: one that follows its end moves first
const BY_HAND = ["wheel", "touchmove", "pointerdown"]; // from then on the person scrolls
const TYPED = "textarea, input:not([type]), input[type=text], input[type=search], [contenteditable=true]";
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
function pathOf(element) {
  const label = element.getAttribute("aria-label") ?? element.getAttribute("name") ?? element.id;
  const item = element.closest("[data-id]")?.getAttribute("data-id") ?? "";
  return [item, element.localName, label, item || label ? "" : element.className].join("|");
}

/** @param {Element} element @returns {string} */
function textOf(element) {
  return /** @type {any} */ (element).value ?? element.textContent ?? "";
}

/** Keeps what has been begun, for the page that is loaded next. @param {string} session */
export function keep(session) {
  /** @type {Kept} */
  const kept = { typed: [], scrolled: [], session };
  for (const element of below(document)) {
    const path = pathOf(element);
    const { scrollTop: top, scrollHeight, clientHeight } = element;
    if (top > 0) kept.scrolled.push({ path, top, end: scrollHeight - top - clientHeight < END });
    if (!element.matches(TYPED) || !textOf(element)) continue;
    const { selectionStart: from = 0, selectionEnd: to = 0 } = /** @type {any} */ (element);
    const focus = /** @type {any} */ (element.getRootNode()).activeElement === element;
    kept.typed.push({ path, text: textOf(element), focus, from: from ?? 0, to: to ?? 0 });
  }
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // too much, or not allowed: the page is loaded anew without it
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
  const until = performance.now() + WAIT;
  const leave = () => {
    kept.scrolled = [];
  };
  for (const name of BY_HAND) addEventListener(name, leave, { capture: true, once: true, passive: true });
  const timer = setInterval(() => {
    const there = new Map([...below(document)].map((element) => [pathOf(element), element]));
    kept.typed = kept.typed.filter((typed) => !fill(there.get(typed.path), typed));
    kept.scrolled = kept.scrolled.filter((one) => !scroll(there.get(one.path), one));
    if ((!kept.typed.length && !kept.scrolled.length) || performance.now() > until) clearInterval(timer);
  }, LOOK);
}

/** @param {Element | undefined} element @param {Typed} typed */
function fill(element, { text, focus, from, to }) {
  if (!element?.isConnected) return false;
  if (textOf(element)) return true; // the person was quicker
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
