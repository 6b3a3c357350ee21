/** Which rows of a long list exist, and where its keys lead. */

/**
 * The first row that exists, and how many do.
 *
 * @param {{top: number, room: number, height: number, count: number}} list `top`: how far it is scrolled,
 *   `room`: what is in sight of it; both in pixels.
 * @param {number} over Rows beyond what is in sight, above and below.
 */
export function existing({ top, room, height, count }, over) {
  const first = Math.max(0, Math.floor(top / height) - over);
  return { first, count: Math.max(0, Math.min(count - first, Math.ceil(room / height) + 2 * over)) };
}

/**
 * Where a list is scrolled to so that a row is in sight, by as little as need be.
 *
 * @param {{top: number, room: number, height: number}} list
 * @param {number} index
 */
export function broughtIntoSight({ top, room, height }, index) {
  const at = index * height;
  if (at < top) return at;
  return at + height > top + room ? at + height - room : top;
}

/**
 * The row that a key leads to; null if it leads nowhere.
 *
 * @param {string} key
 * @param {{current: number, count: number, room: number, height: number}} list
 */
export function rowAfter(key, { current, count, room, height }) {
  const page = Math.max(1, Math.floor(room / height) - 1);
  /** @type {Record<string, number>} */
  const steps = {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: page,
    PageUp: -page,
    Home: -Infinity,
    End: Infinity,
  };
  if (!(key in steps) || !count) return null;
  return Math.min(count - 1, Math.max(0, current + steps[key]));
}
