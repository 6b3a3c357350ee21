/** Where things lie in the Lab's charts. */

/** @typedef {{value: number | null, low: number | null, high: number | null}} Found A value with its interval. */

const HEADROOM = 1.12;
const NO_LESS = { difference: 0.25, ratio: Math.log(1.5) }; // what an interval's axis reaches at least, …
const NO_MORE = { difference: 1, ratio: Math.log(12) }; // … and at most

/** Round marks from zero to the most, about four of them. @param {number} most */
export function marks(most) {
  const raw = most / 4;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * size).find((k) => k >= raw) ?? raw;
  const found = [];
  for (let t = 0; t <= most; t += step) found.push(t);
  return found;
}

/** A line through points, as an SVG path. @param {[number, number][]} points */
export function pathThrough(points) {
  return points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

/**
 * The axis of an interval around "no difference": how far it reaches, its marks, and where a value is on
 * it, from -1 to 1. Ratios lie on it by their logarithm. Null if there is nothing to show.
 *
 * @param {Found} found
 * @param {boolean} ratio
 */
export function axisAround(found, ratio) {
  const flat = ratio ? Math.log : (/** @type {number} */ v) => v;
  const values = [found.low, found.high, found.value].flatMap((v) =>
    v === null || (ratio && v <= 0) ? [] : [flat(v)],
  );
  if (!values.length) return null;
  const kind = ratio ? "ratio" : "difference";
  const reach = Math.min(Math.max(...values.map(Math.abs), NO_LESS[kind]), NO_MORE[kind]) * HEADROOM;
  const wide = reach > Math.log(3) ? [0.1, 0.3, 1, 3, 10] : [0.5, 0.8, 1, 1.25, 2];
  const ticks = ratio ? wide : [-1, -0.5, -0.25, 0, 0.25, 0.5, 1];
  return {
    ticks: ticks.filter((t) => Math.abs(flat(t)) <= reach),
    place: (/** @type {number} */ v) => flat(v) / reach,
    within: (/** @type {number} */ v) => !(ratio && v <= 0) && Math.abs(flat(v)) <= reach,
  };
}

/**
 * What an interval says of a change.
 *
 * @param {number} low
 * @param {number} high
 * @param {boolean} ratio
 * @param {import("./app.js").Better} better
 */
export function judged(low, high, ratio, better) {
  const none = ratio ? 1 : 0;
  const more = low > none;
  if (better === "neither" || !(more || high < none)) return "open";
  return (better === "more") === more ? "better" : "worse";
}

/** Where a second of a trial lies. @param {number} seconds Of all. @param {number} from @param {number} to */
export function timeScale(seconds, from, to) {
  return (/** @type {number} */ at) => from + (to - from) * Math.min(1, Math.max(0, at / (seconds || 1)));
}
