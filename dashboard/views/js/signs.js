/**
 * What the page's components tell each other in the browser: each has a tree of its own, and
 * nothing of this is Python's business.
 */

/** @typedef {"sent" | "search" | "panel" | "attach" | "paste"} Sign Words went to the agent; the rest is wanted. */

/** @param {Sign} sign */
export function tell(sign) {
  window.dispatchEvent(new CustomEvent(`sayso-${sign}`));
}

/** Hears a sign; returns what ends that. @param {Sign} sign @param {() => void} listener */
export function hear(sign, listener) {
  window.addEventListener(`sayso-${sign}`, listener);
  return () => window.removeEventListener(`sayso-${sign}`, listener);
}

/**
 * Offers files that were pasted to whoever uploads; returns whether somebody took them, which is
 * said by `event.preventDefault()` on `sayso-files` (`detail.files`).
 *
 * @param {File[]} files
 */
export function offerFiles(files) {
  return !window.dispatchEvent(new CustomEvent("sayso-files", { detail: { files }, cancelable: true }));
}
