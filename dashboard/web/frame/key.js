/**
 * The page's key: first of all scripts. It comes with the link that was opened, behind the `#`, and stays
 * in this browser's store for this very origin, port included, which a cookie does not; where people
 * sign in, the document brings it. Without one the page can do nothing, and says how to get in.
 */
import { present } from "../../js/page_key.js";

const folder = location.pathname.replace(/[^/]*$/, "");
const KEPT = `sayso-page ${folder}`; // servers behind one proxy share an origin, but not its folders
const lock = /** @type {HTMLMetaElement | null} */ (document.querySelector("meta[name=sayso-lock]"));
const signed = /** @type {HTMLMetaElement | null} */ (document.querySelector("meta[name=sayso-page]"));

/** @returns {string} The key that came with the link, which leaves the address. */
function brought() {
  const found = /^#page=([\w-]+)$/.exec(location.hash);
  if (!found?.[1]) return "";
  history.replaceState(history.state, "", location.pathname + location.search);
  return found[1];
}

/**
 * Whether the server takes a key. Any site can lead here with one that it made up.
 *
 * @param {string} key
 */
function opens(key) {
  const asked = new XMLHttpRequest();
  asked.open("GET", "link", false); // no other script may run before it is known
  asked.setRequestHeader("Sayso-Page", key);
  try {
    asked.send();
  } catch {
    return false;
  }
  return asked.status === 200;
}

function kept() {
  try {
    return localStorage.getItem(KEPT) ?? "";
  } catch {
    return "";
  }
}

/** A key that came with an address takes the place of ours only if it opens something. */
function chosen() {
  const [fresh, ours] = [brought(), kept()];
  if (!fresh || (ours && !opens(fresh))) return ours;
  try {
    localStorage.setItem(KEPT, fresh);
  } catch {
    // A browser that keeps nothing has it until this page is left.
  }
  return fresh;
}

const key = signed?.content || chosen();
if (lock?.content === "again") {
  location.replace(location.href); // asked for by ourselves, it brings the cookie
} else if (!lock && !key) {
  location.replace("locked");
} else if (!lock) {
  Object.assign(globalThis, { saysoKey: key });
  present(globalThis, key, document.baseURI);
}

addEventListener("DOMContentLoaded", () => {
  const box = document.querySelector("input[name=token]");
  // A whole link may be pasted: what counts is its token.
  box?.closest("form")?.addEventListener("submit", () => {
    const input = /** @type {HTMLInputElement} */ (box);
    input.value = /[?&]token=([\w-]+)/.exec(input.value)?.[1] ?? input.value.trim();
  });
});
