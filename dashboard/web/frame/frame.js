/**
 * The page before it is there: its frame comes with the first HTML and takes words at once. What is
 * sent, and Stop, go to the server by plain requests; the frame gives way when the page's own text
 * box is shown, and hands over what is typed in it. Nothing here is shared with the page's components
 * but `saysoFrame`.
 */
import { CLIP } from "../../views/js/rail.js";
import { t } from "../../js/words.js";

const AGAIN = 1000; // ms until a request that nobody answered is sent again
const WORDS_TAKE = 10_000; // ms that a request with words may take; a silent line would keep it for ever
const STOP_TAKES = 3000; // ms that a Stop may take before it is sent again
const LONG = 60_000; // ms after which waiting is no longer called loading
const STYLED = 8000; // ms that the page's styles and theme are waited for at most
const KEPT = "sayso-kept"; // what the page that reloaded itself has kept, see js/link/keep.js
const PRESSED = "sayso-stop"; // a Stop under way, see js/link/stopper.js
const STOP_MEANT = 600_000; // ms after which nobody means it any more
const DRAFT = "sayso-frame-draft"; // what is typed when another view is asked for before the page is there
const LOOK = 60; // ms between two looks for the page's own text box
const OWN_BOX = `[aria-label='${t("Type what to do")}']`;
const OWN_PATH = `|textarea|${t("Type what to do")}|`; // what `keep.js` calls it
const LOST = [502, 503, 504];
/** @type {Record<string, string>} What a Stop has come to, by the server's answer. */
const STOPPED = {
  stopped: t("Stopped. Loading…"),
  idle: t("Nothing was running. Loading…"),
  later: t("The task that was running has ended. The one begun after it continues. Loading…"),
};

const frame = /** @type {HTMLElement} */ (document.getElementById("frame"));
const box = /** @type {HTMLTextAreaElement} */ (frame.querySelector("textarea"));
const sent = /** @type {HTMLElement} */ (frame.querySelector(".sent"));
const state = /** @type {HTMLElement} */ (frame.querySelector("[role=status]"));

/** @type {(id: string) => void} */
let known;
/** @type {Promise<string>} The session's id, told by the rest of the page. */
const session = new Promise((resolve) => {
  known = resolve;
});
let talks = false;
let stuck = false;
/** @type {HTMLTextAreaElement | HTMLInputElement | null} */
let real = null;

const pause = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

function mark() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Posts until the server has answered.
 *
 * @param {string} url
 * @param {Record<string, unknown>} message
 * @param {number} patience Milliseconds that an answer is waited for.
 * @param {() => void} late Called when there was no answer, before it is tried again.
 * @returns {Promise<{ok: boolean, text: string, state: string}>}
 */
async function post(url, message, patience, late) {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(message),
  };
  for (;;) {
    try {
      const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(patience) });
      if (!LOST.includes(answer.status)) {
        const told = await answer.json().catch(() => ({}));
        return { ok: answer.ok, text: told.text || "", state: told.state || "" };
      }
    } catch {
      // No connection: tried again below.
    }
    late();
    await pause(AGAIN);
  }
}

/** @param {string} text Words that were not taken go back to where they came from. */
function giveBack(text) {
  const target = real ?? box;
  target.value = target.value ? `${text}\n${target.value}` : text;
  target.dispatchEvent(new Event("input", { bubbles: true }));
}

async function send() {
  const text = box.value.trim();
  if (!text) return;
  const item = document.createElement("li");
  const words = document.createElement("p");
  const fate = document.createElement("small");
  words.textContent = text;
  fate.textContent = t("Sending…");
  item.append(words, fate);
  sent.append(item);
  box.value = "";
  grow();
  const message = { id: mark(), text };
  const answer = await post(`sessions/${await session}/say`, message, WORDS_TAKE, () => {
    fate.textContent = t("No answer from the server yet. Trying again…");
  });
  if (answer.ok) {
    fate.textContent = t("Sent");
    return;
  }
  item.remove();
  state.textContent = answer.text || t("The server did not accept what you sent. It is back in the text box.");
  giveBack(text);
}

/** @param {Record<string, unknown> | null} [pressed] Before the page reloaded itself. */
async function stop(pressed) {
  state.textContent = t("Stopping…");
  const message = pressed ?? { press: mark(), session: await session };
  const answer = await post("stop", message, STOP_TAKES, () => {
    state.textContent = t("Stop was pressed; no answer from the server yet. Trying again…");
  });
  state.textContent = STOPPED[answer.state] || answer.text || t("The server did not carry out Stop.");
  if (pressed) sessionStorage.removeItem(PRESSED);
}

/** A Stop that nobody has answered when the page reloaded itself is sent on. @param {string} id The session. */
function resumeStop(id) {
  try {
    const { since, ...kept } = JSON.parse(sessionStorage.getItem(PRESSED) ?? "{}");
    if (kept.session === id && Date.now() - since < STOP_MEANT) void stop(kept);
  } catch {
    // The browser keeps nothing for this page.
  }
}

function grow() {
  box.style.height = "";
  const edge = box.offsetHeight - box.clientHeight;
  box.style.height = `${Math.min(180, box.scrollHeight + edge)}px`;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.key === "Escape" && !event.isComposing) void stop();
}

/** What stood in the text box when the page reloaded itself. @param {string} id The session. */
function takeKept(id) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    const at = kept?.session === id ? kept.typed.findIndex((/** @type {any} */ { path }) => path === OWN_PATH) : -1;
    if (at < 0 || box.value) return;
    const [{ text, from, to }] = kept.typed.splice(at, 1);
    sessionStorage.setItem(KEPT, JSON.stringify(kept));
    box.value = text;
    box.setSelectionRange(from, to);
    grow();
  } catch {
    // The browser keeps nothing for this page.
  }
}

/** @param {Node} node Whether the styles of its shadow, and of those around it, have come. */
function styled(node) {
  for (let root = node.getRootNode(); root instanceof ShadowRoot; root = root.host.getRootNode()) {
    for (const link of root.querySelectorAll("link[rel=stylesheet]"))
      if (!(/** @type {HTMLLinkElement} */ (link).sheet)) return false;
  }
  return true;
}

/** @param {Element} node Whether it is drawn in the theme that the frame has. */
function themed(node) {
  const [red = 0, green = 0, blue = 0] =
    getComputedStyle(node)
      .color.match(/[\d.]+/g)
      ?.map(Number) ?? [];
  return red + green + blue > 384 === (document.documentElement.dataset.theme === "dark");
}

function leave() {
  document.removeEventListener("keydown", onKey, true);
  document.documentElement.removeAttribute("data-frame");
  frame.remove();
}

/** @param {HTMLTextAreaElement | HTMLInputElement} target The page's own text box. */
function handOver(target) {
  const focused = document.activeElement === box;
  const { value, selectionStart, selectionEnd, selectionDirection } = box;
  leave();
  real = target;
  const before = target.value ? `${target.value}\n` : ""; // an earlier load's, given back meanwhile
  if (value) {
    target.value = before + value;
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (!focused) return;
  target.focus({ preventScroll: true });
  const at = value ? before.length : target.value.length;
  target.setSelectionRange(at + selectionStart, at + selectionEnd, selectionDirection);
}

let composing = false;
box.addEventListener("compositionstart", () => {
  composing = true;
});
box.addEventListener("compositionend", () => {
  composing = false;
});

/**
 * The page's own text box, wherever it is in the components' shadows.
 *
 * @param {Document | ShadowRoot} root
 * @returns {HTMLTextAreaElement | HTMLInputElement | null}
 */
function ownBox(root) {
  const here = root.querySelector(OWN_BOX);
  if (here) return /** @type {HTMLTextAreaElement} */ (here);
  for (const { shadowRoot } of root.querySelectorAll("*")) {
    const found = shadowRoot && ownBox(shadowRoot);
    if (found) return found;
  }
  return null;
}

/** Until the page's own text box can be used. */
async function giveWay() {
  let found = null;
  for (; !found; found = ownBox(document)) await pause(LOOK);
  const target = found;
  const until = performance.now() + STYLED;
  const ready = () => target.getClientRects().length && styled(target) && themed(target);
  while (composing || (!ready() && performance.now() < until)) await pause(30);
  handOver(ownBox(document) ?? target);
}

/** Another view asked for before the page is there is of the same session. @param {HTMLAnchorElement} link @param {string} id */
function keepSession(link, id) {
  const url = new URL(link.href);
  url.searchParams.set("session", id);
  link.href = url.search;
}

/** @param {string} text Why there will be no page; the first reason is the one to know. */
function trouble(text) {
  if (stuck) return;
  stuck = true;
  known("");
  state.textContent = text;
  const link = document.createElement("a");
  link.href = location.href;
  link.textContent = t("Load it again");
  state.after(link);
}

Object.assign(globalThis, {
  saysoFrame: {
    /** The page's session, for a Stop that comes before the page's own part knows it. */
    session: "",
    /** The page that follows has a text box, and this is its session. */
    waits(/** @type {string} */ id) {
      talks = true;
      this.session = id;
      known(id);
      takeKept(id);
      resumeStop(id);
      for (const link of frame.querySelectorAll("a[href^='?']"))
        keepSession(/** @type {HTMLAnchorElement} */ (link), id);
      void giveWay();
    },
    trouble,
  },
});

try {
  box.value = sessionStorage.getItem(DRAFT) ?? "";
  sessionStorage.removeItem(DRAFT);
} catch {
  // The browser keeps nothing for this page.
}
addEventListener("pagehide", () => {
  if (frame.isConnected && box.value) sessionStorage.setItem(DRAFT, box.value);
});
frame.querySelector(".attach path")?.setAttribute("d", CLIP);
frame.querySelector("form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  void send();
});
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  void send();
});
box.addEventListener("input", grow);
grow();
frame.querySelector(".stop")?.addEventListener("click", () => void stop());
document.addEventListener("keydown", onKey, true);
if (matchMedia("(hover: hover)").matches && !frame.classList.contains("away")) box.focus();

document.addEventListener("DOMContentLoaded", () => {
  if (talks || stuck) return;
  // A page without a text box of its own, which says what is wrong, needs no frame.
  if (document.querySelector("[data-root-id]")) leave();
  else trouble(t("The page did not load completely."));
});
addEventListener("load", () => {
  if (!("Bokeh" in globalThis)) trouble(t("Parts of the page could not be loaded."));
});
setTimeout(() => {
  if (frame.isConnected) trouble(t("This takes longer than it should."));
}, LONG);
