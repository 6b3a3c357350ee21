/** How often the page has reloaded itself: a server that turns pages away is not asked again and again. */

const KEY = "sayso-reloads";
const AT_FIRST = 3; // reloads in a minute at once, after which each waits longer
const MINUTE = 60000; // ms
const LONGEST = 30000; // ms
const KEPT = 20; // of the latest reloads

/**
 * How long to wait before this reload, in milliseconds; it is remembered.
 *
 * @param {Pick<Storage, "getItem" | "setItem">} store The tab's own.
 * @param {number} now Unix ms.
 */
export function patience(store, now) {
  /** @type {number[]} */
  let past = [];
  try {
    past = JSON.parse(store.getItem(KEY) ?? "[]").filter((/** @type {number} */ at) => now - at < 10 * MINUTE);
    store.setItem(KEY, JSON.stringify([...past, now].slice(-KEPT)));
  } catch {
    // no store: as if it were the first
  }
  const recent = past.filter((at) => now - at < MINUTE).length;
  return recent < AT_FIRST ? 0 : Math.min(LONGEST, 1000 * 2 ** (past.length - AT_FIRST + 1));
}
