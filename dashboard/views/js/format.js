import { locale, many, t } from "../../js/words.js";

/** A duration in words. @param {number} seconds */
export function span(seconds) {
  return seconds < 0.095 ? `${Math.max(1, Math.round(1000 * seconds))} ms` : `${seconds.toFixed(1)} s`;
}

/** The time of day. @param {number} at Unix time in seconds. */
export function clock(at) {
  return new Date(at * 1000).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** Minutes and seconds that are left. @param {number} seconds */
export function left(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const KB = 1000;

/** @param {number} bytes */
export function inBytes(bytes) {
  const units = [t("bytes"), "kB", "MB", "GB", "TB"];
  let n = bytes;
  let unit = 0;
  while (n >= KB && unit < units.length - 1) {
    n /= KB;
    unit += 1;
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

/** @param {number} count */
export function inFiles(count) {
  return many(count, "file");
}

/**
 * What goes when a session is deleted, and whether that is wanted.
 *
 * @param {{bytes: number, files: number, file_bytes: number}} size
 * @param {boolean} running
 * @param {string} [what]
 */
export function wouldGo(size, running, what = t("it")) {
  const fields = { what, files: inFiles(size.files), own: inBytes(size.file_bytes), all: inBytes(size.bytes) };
  const asks = size.files
    ? t("Delete {what} for good, with {files} of yours ({own}), its record and all pictures: {all} in all?", fields)
    : t("Delete {what} for good, with its record and all pictures: {all} in all? It holds no files of yours.", fields);
  const ends = running ? t("It is running and will be ended first.") : "";
  return [asks, ends, t("This cannot be undone.")].filter(Boolean).join(" ");
}

const LINES = 14;
const LETTERS = 1200;

/** Whether a text is folded until somebody asks for all of it. @param {string} text */
export function isLong(text) {
  return text.length > LETTERS || text.split("\n", LINES + 1).length > LINES;
}
