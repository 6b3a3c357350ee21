const PREFIX = "sayso.voice.";

/** @typedef {"input" | "output"} Choice */

/** Choices that belong to this browser (its devices), kept in its own storage if it allows that. @param {Choice} name */
export function load(name) {
  try {
    return localStorage.getItem(PREFIX + name) ?? "";
  } catch {
    return "";
  }
}

/** @param {Choice} name @param {string} value */
export function save(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // private windows may forbid it: the choice then lasts as long as the page
  }
}
