/** Milliseconds in words, and the axis that they lie on. */

/** @param {number} value */
export function ms(value) {
  if (value >= 9999.5) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

const STEPS = [
  50, 100, 250, 500, 1000, 2500, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
];
const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Steps of a scale that holds `most`; the last one is where it ends. @param {number} most */
export function ticks(most) {
  const hours = HOUR * Math.ceil(most / 6 / HOUR);
  const step = STEPS.find((size) => most / size <= 6) ?? hours;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

/** @param {number} tick */
export function round(tick) {
  if (tick === 0) return "0";
  if (tick >= MINUTE && tick % MINUTE === 0) return `${tick / MINUTE} min`;
  return tick >= 1000 ? `${tick / 1000} s` : `${tick} ms`;
}

const GOAL = 20; // ms; the lag's axis shows it at least

/** The lag of the last seconds as points of a drawing of 120 by 40, and where the goal is in it. @param {number[]} values */
export function lagLine(values) {
  const y = (/** @type {number} */ value) => 39 - (37 * value) / Math.max(GOAL, ...values);
  const points = values.map((value, i) => `${120 - values.length + i + 0.5},${y(value)}`);
  return { points: points.join(" "), limit: y(GOAL) };
}
