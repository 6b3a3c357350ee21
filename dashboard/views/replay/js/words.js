/**
 * Times, sizes and places of a replay, in words and numbers.
 *
 * @typedef {"heard" | "said" | "model" | "actions" | "approvals" | "cost"} Lane
 * @typedef {object} Step
 * @property {number} seq
 * @property {Lane} lane
 * @property {string} kind
 * @property {string} label
 * @property {number} begin Seconds of the timeline.
 * @property {number} end
 * @property {number} at Seconds since the session began.
 * @property {number} seconds How long it truly took.
 * @property {string} state
 * @property {number} frame Index of the picture after it; -1 for none.
 * @property {number} before
 * @property {[number, number] | null} point
 * @property {number} dollars
 * @property {number} tokens
 * @typedef {{time: number, at: number, seq: number, sha256: string, width: number, height: number}} Frame
 * @typedef {object} Timeline
 * @property {number} began Unix seconds.
 * @property {number} seconds
 * @property {number} true_seconds
 * @property {number} events
 * @property {string} model
 * @property {number} dollars
 * @property {number} tokens
 * @property {Step[]} steps
 * @property {Frame[]} frames
 * @property {[number, number][]} pauses
 * @property {Lane[]} lanes
 */
import { locale, many, t } from "../../../js/words.js";

/** @type {Record<Lane, string>} */
export const LANE_WORDS = {
  heard: t("Heard"),
  said: t("Said"),
  model: t("Model"),
  actions: t("Actions"),
  approvals: t("Control"),
  cost: t("Cost"),
};

/** Hours, minutes and seconds; with tenths where the whole, `of`, is less than a minute. @param {number} seconds */
export function clock(seconds, of = Infinity) {
  const s = Math.max(0, Math.floor(seconds));
  const pad = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const tenths = of < 60 ? `.${Math.floor(Math.max(0, seconds) * 10 + 1e-6) % 10}` : "";
  const minutes = Math.floor(s / 60);
  return `${hours ? `${hours}:${pad(minutes % 60)}` : minutes}:${pad(s % 60)}${tenths}`;
}

/** A duration; a dash if there is none. @param {number | null | undefined} seconds */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${seconds.toFixed(1)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** @param {number} n */
export function bytes(n) {
  return n < 1e6 ? `${Math.max(1, Math.round(n / 1e3))} kB` : `${(n / 1e6).toFixed(1)} MB`;
}

/** The time of a day of today, else the day. @param {number | null} at Unix seconds. */
export function when(at) {
  if (!at) return "";
  const date = new Date(at * 1000);
  if (date.toDateString() === new Date().toDateString())
    return date.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
  return date.toLocaleDateString(locale(), { day: "numeric", month: "short", year: "numeric" });
}

/**
 * Index of the last element whose `key` is at most `value`; -1 if there is none.
 *
 * @template {string} K
 * @param {Record<K, number>[]} list Ordered by `key`.
 * @param {number} value
 * @param {K} key
 */
export function lastAt(list, value, key) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle][key] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** JSON on lines of its own; short lists, such as coordinates, stay on one line. @param {unknown} value */
export function spread(value) {
  return JSON.stringify(value, null, 2).replace(
    /\[\s+([^[\]{}]{1,60}?)\s+\]/g,
    (_, inner) => `[${inner.replace(/\s+/g, " ")}]`,
  );
}

/** What a recording is called: a session's name, or a trial's arm, task and number. @param {string} name */
export function nameOf(name) {
  const [kind, ...parts] = name.split("/");
  return kind === "trial" ? parts[1].replaceAll("--", " · ") : parts[0];
}

/** The line under the title. @param {Timeline} timeline */
export function factsOf({ began, true_seconds: seconds, events, model, dollars, tokens }) {
  const date = began
    ? new Date(began * 1000).toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" })
    : "";
  const price = tokens ? `${many(tokens, "token")}, $${dollars.toFixed(dollars < 0.1 ? 3 : 2)}` : "";
  return [date, span(seconds), many(events, "event"), model, price].filter(Boolean).join(" · ");
}
