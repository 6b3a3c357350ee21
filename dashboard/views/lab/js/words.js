/**
 * Figures, times and outcomes of experiments in words.
 *
 * @typedef {"p" | "f" | "l" | "e" | "s" | "c" | "r" | "q" | "."} Letter How a trial stands.
 */
import { locale, many, t } from "../../../js/words.js";

/** @type {Record<Letter, string>} */
export const STATUS = {
  p: t("passed"),
  f: t("failed"),
  l: t("limit reached"),
  e: t("error (ours)"),
  s: t("stopped by you"),
  c: t("cancelled"),
  r: t("running"),
  q: t("queued"),
  ".": t("not run"),
};

/** @type {Record<string, Letter>} */
export const LETTER = { passed: "p", failed: "f", limit: "l", error: "e", stopped_by_user: "s", cancelled: "c" };

/** @param {number | null | undefined} x */
export const percent = (x) => (x === null || x === undefined ? "–" : `${Math.round(100 * x)} %`);

/** @param {number | null | undefined} x US$. */
export function money(x) {
  if (x === null || x === undefined) return "–";
  return x && Math.abs(x) < 0.1 ? `$${x.toFixed(3)}` : `$${x.toFixed(2)}`;
}

/** @param {number | null | undefined} seconds */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.round(seconds);
  if (whole < 90) return `${seconds < 10 && seconds % 1 ? seconds.toFixed(1) : whole} s`;
  if (whole < 5400) return `${Math.round(whole / 60)} min`;
  return `${(whole / 3600).toFixed(1)} h`;
}

/** @param {number | null | undefined} seconds Unix time. */
export function when(seconds) {
  if (!seconds) return "";
  return new Date(seconds * 1000).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
}

/** A difference of two shares. @param {number | null} x */
export const points = (x) => (x === null ? "–" : t("{n} points", { n: `${x > 0 ? "+" : ""}${Math.round(100 * x)}` }));

/** @param {number | null | undefined} p */
export function chance(p) {
  if (p === null || p === undefined) return "–";
  return p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`;
}

/** A share with its interval. @param {{value: number | null, low: number | null, high: number | null}} found */
export function range({ value, low, high }) {
  if (value === null) return "–";
  return low === null || high === null
    ? percent(value)
    : `${percent(value)} [${Math.round(100 * low)}, ${Math.round(100 * high)}]`;
}

/** What a name of the server's looks like to a person. @param {string} name */
export const spaced = (name) => name.replaceAll("_", " ");

/** How a task's tries stand. @param {string} letters */
export function inWords(letters) {
  /** @type {Map<Letter, number>} */
  const counts = new Map();
  for (const letter of /** @type {Letter[]} */ ([...letters])) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts].map(([letter, n]) => `${n} ${STATUS[letter]}`).join(", ");
}

const ORDER = /** @type {Letter[]} */ ([...Object.values(LETTER), "r", "q", "."]);

/** How many trials stand how, in a fixed order. @param {string} letters @returns {[Letter, number][]} */
export function tally(letters) {
  return ORDER.map((letter) => /** @type {[Letter, number]} */ ([letter, letters.split(letter).length - 1])).filter(
    ([, n]) => n > 0,
  );
}

/** What one sign says of many tries: the worst that is among them. @param {string} letters @returns {Letter} */
export function worst(letters) {
  return /** @type {Letter[]} */ ([..."refls.qcp"]).find((letter) => letters.includes(letter)) ?? ".";
}

/** The try that one would look at first: one that did not pass, else the first. @param {string} letters */
export function firstToSee(letters) {
  return Math.max(
    0,
    [...letters].findIndex((letter) => "fle".includes(letter)),
  );
}

/** Errors are tried again; what never ran is run. @param {{to_do: number, errors: number}} row */
export function goOn({ to_do: left, errors }) {
  return left > errors
    ? t("Go on ({n} left)", { n: left.toLocaleString(locale()) })
    : t("Try {errors} again", { errors: many(errors, "error") });
}

const LONG = 320; // letters of an unchanged stretch that say nothing: their ends are enough
const KEPT = 110;

/** An unchanged stretch: its ends, and how much is left out between them; or all of it. @param {string} text */
export function folded(text) {
  if (text.length < LONG) return { start: text, left: 0, end: "" };
  return { start: text.slice(0, KEPT), left: text.length - 2 * KEPT, end: text.slice(-KEPT) };
}
