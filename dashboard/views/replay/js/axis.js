/** Where steps lie in the lanes: a stretch of time on so many pixels. */
import { lastAt } from "./words.js";

/** @typedef {import("./words.js").Step} Step */
/** @typedef {{from: number, to: number}} Stretch Seconds of the timeline that are shown. */

export const ROW = 21; // px of a lane
export const LEFT = 74; // px of the lanes' names
export const RIGHT = 10;
const NEAREST = 0.5; // seconds that the narrowest stretch shows
const NARROWEST = 3; // px of the shortest step
const SEARCHED = 400; // steps that are looked at for the one under the pointer
const NEAR = 5; // px beside a step that are taken for it
const ZOOM = 1.0015; // by a pixel of the wheel

/** The seconds from one to another, as far as there are any. @param {number} from @param {number} to @param {number} seconds @returns {Stretch} */
export function stretch(from, to, seconds) {
  const all = Math.max(seconds, 0.001);
  const wide = Math.min(all, Math.max(to - from, NEAREST));
  const start = Math.min(Math.max(0, from), all - wide);
  return { from: start, to: start + wide };
}

/** The stretch in which a time is seen: the same if it is seen there. @param {Stretch} shown @param {number} time @param {number} seconds */
export function following(shown, time, seconds) {
  if (time >= shown.from && time <= shown.to) return shown;
  const wide = shown.to - shown.from;
  return stretch(time - wide / 4, time + (3 * wide) / 4, seconds);
}

/** What the wheel makes of it: sideways it moves, up and down it zooms around a time. @param {Stretch} shown @param {{x: number, y: number, time: number}} wheel @param {number} seconds */
export function wheeled({ from, to }, { x, y, time }, seconds) {
  const by = ((to - from) * x) / 800;
  if (Math.abs(x) > Math.abs(y)) return stretch(from + by, to + by, seconds);
  const factor = ZOOM ** y;
  return stretch(time - (time - from) * factor, time + (to - time) * factor, seconds);
}

/** @param {number} width Of all, in pixels. @param {Stretch} shown */
export function scaleOf(width, { from, to }) {
  const room = width - LEFT - RIGHT;
  return {
    x: (/** @type {number} */ time) => LEFT + (room * (time - from)) / (to - from),
    time: (/** @type {number} */ x) => from + Math.min(1, Math.max(0, (x - LEFT) / room)) * (to - from),
    near: (NEAR * (to - from)) / Math.max(1, room),
  };
}

/** The bars in sight. @param {Step[]} steps @param {string[]} lanes @param {number} width @param {Stretch} shown */
export function bars(steps, lanes, width, shown) {
  const { x } = scaleOf(width, shown);
  return steps.flatMap((step) => {
    const left = x(step.begin);
    const wide = Math.max(NARROWEST, x(step.end) - left);
    if (step.lane === "cost" || left + wide < LEFT || left > width) return [];
    return [{ step, left, width: wide, top: lanes.indexOf(step.lane) * ROW + 5, height: ROW - 10 }];
  });
}

/**
 * Money, or tokens where nothing was paid, as they add up: times, each with the share of all before and after it.
 *
 * @param {Step[]} steps
 * @returns {{time: number, before: number, after: number}[]} None if nothing was used.
 */
export function spent(steps) {
  const costs = steps.filter((step) => step.lane === "cost");
  const key = costs.some((step) => step.dollars) ? "dollars" : "tokens";
  const total = costs.reduce((sum, step) => sum + step[key], 0);
  if (!total) return [];
  let sum = 0;
  return costs.map((step) => {
    const before = sum / total;
    sum += step[key];
    return { time: step.begin, before, after: sum / total };
  });
}

/** The step in a lane at a time, or so near that it is meant. @param {Step[]} steps @param {{time: number, lane: string}} at @param {number} near Seconds. */
export function stepAt(steps, { time, lane }, near) {
  const oldest = lastAt(steps, time, "begin") - SEARCHED;
  for (let n = lastAt(steps, time + near, "begin"); n >= 0 && n > oldest; n -= 1) {
    if (steps[n].lane === lane && steps[n].end + near >= time) return steps[n];
  }
  return null;
}
