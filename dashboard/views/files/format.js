/** Sizes and times as people write them. */
import { locale, many } from "../../js/words.js";

const UNITS = /** @type {const} */ ([
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
]);

/** @param {number} size Bytes. */
export function bytes(size) {
  for (const [unit, step] of UNITS) {
    if (size < 0.9995 * step) continue;
    const share = size / step;
    return `${share < 9.95 ? share.toFixed(1) : Math.round(share)} ${unit}`;
  }
  return many(size, "byte");
}

/** The time of a day of today, else the day. @param {number} time Unix seconds. */
export function moment(time) {
  const at = new Date(time * 1000);
  if (at.toDateString() === new Date().toDateString())
    return at.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
  return at.toLocaleDateString(locale(), { day: "numeric", month: "short", year: "numeric" });
}
