/** A duration in words. @param {number} seconds */
export function span(seconds) {
  return seconds < 0.095 ? `${Math.max(1, Math.round(1000 * seconds))} ms` : `${seconds.toFixed(1)} s`;
}

/** The time of day. @param {number} at Unix time in seconds. */
export function clock(at) {
  return new Date(at * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** Minutes and seconds that are left. @param {number} seconds */
export function left(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const LINES = 14;
const LETTERS = 1200;

/** Whether a text is folded until somebody asks for all of it. @param {string} text */
export function isLong(text) {
  return text.length > LETTERS || text.split("\n", LINES + 1).length > LINES;
}
