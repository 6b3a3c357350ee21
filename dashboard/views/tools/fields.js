/**
 * A tool's form: what is typed into it, and what the tool is given.
 *
 * @typedef {object} Field
 * @property {string} name
 * @property {string} title
 * @property {"text" | "lines" | "choice" | "integer" | "number" | "numbers" | "boolean" | "point" | "region"} kind
 * @property {string} says
 * @property {boolean} required
 * @property {string[]} [options]
 * @property {string} [when] The choice of another field to which this one belongs.
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [maxLength]
 * @typedef {{name: string, title: string, says: string, fields: Field[]}} Member
 * @typedef {Record<string, string | boolean>} Typed By a field's name.
 */

/** Numbers with spaces, commas or semicolons between them; null if it is anything else. @param {string} text */
export function numbers(text) {
  const parts = text.trim().split(/[\s,;]+/);
  const found = parts.filter(Boolean).map(Number);
  return found.length && found.every(Number.isFinite) ? found : null;
}

/** Whether it names a place on the picture. @param {Field} field */
export const isPlaced = ({ kind }) => kind === "point" || kind === "region";

/** What a fresh form holds: a choice that must be made is that of the first. @param {Field[]} fields @returns {Typed} */
export function blank(fields) {
  return Object.fromEntries(fields.map((field) => [field.name, empty(field)]));
}

/** @param {Field} field */
function empty({ kind, required, options = [] }) {
  if (kind === "boolean") return false;
  return kind === "choice" && required ? (options[0] ?? "") : "";
}

/**
 * What the tool is given for a field; undefined is left out. A value that is no number goes as it is:
 * the tool says why not.
 *
 * @param {Field} field
 * @param {string | boolean} typed
 */
export function givenFor({ kind, required }, typed) {
  if (typeof typed === "boolean") return typed || undefined;
  if (!typed && !(required && kind === "lines")) return undefined;
  if (kind === "integer" || kind === "number") return Number(typed);
  if (kind === "point" || kind === "region" || kind === "numbers") return numbers(typed) ?? typed;
  return typed;
}

/** The fields that are shown and sent: one that belongs to a choice, with that choice only. @param {Field[]} fields @param {Typed} typed */
export function shownOf(fields, typed) {
  const chosen = new Set(fields.filter(({ kind }) => kind === "choice").map(({ name }) => typed[name]));
  return fields.filter(({ when }) => !when || chosen.has(when));
}

/** @param {Field[]} fields @param {Typed} typed */
export function given(fields, typed) {
  const values = shownOf(fields, typed).map((field) => [field.name, givenFor(field, typed[field.name])]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

/** The points and regions that the form names. @param {Field[]} fields @param {Typed} typed @returns {number[][]} */
export function placesOf(fields, typed) {
  return fields.filter(isPlaced).flatMap((field) => {
    const value = givenFor(field, typed[field.name]);
    return Array.isArray(value) ? [value] : [];
  });
}

/**
 * Which field a pick on the picture goes to, and the one that is empty after it. A point goes to the field in
 * use, else to the first empty one, so that two clicks make a drag; a region where none is wanted is its end.
 *
 * @param {Field[]} fields
 * @param {Typed} typed
 * @param {string | null} focused
 * @param {number[]} picked
 * @returns {{name: string, text: string, next: string | null} | null}
 */
export function picking(fields, typed, focused, picked) {
  const kind = picked.length === 4 ? "region" : "point";
  const fit = fields.filter((field) => field.kind === kind);
  if (kind === "region" && !fit.length) return picking(fields, typed, focused, picked.slice(2));
  if (!fit.length) return null;
  const field = fit.find(({ name }) => name === focused) ?? fit.find(({ name }) => !typed[name]) ?? fit[0];
  const next = fit.find((each) => each !== field && !typed[each.name]);
  return { name: field.name, text: picked.join(", "), next: next?.name ?? null };
}

/** A pixel of the screen under a pointer. @param {{x: number, y: number}} at @param {{left: number, top: number, width: number, height: number}} box @param {number[]} size */
export function pixelAt(at, box, [width, height]) {
  const part = (/** @type {number} */ offset, /** @type {number} */ length, /** @type {number} */ size) =>
    Math.max(0, Math.min(size - 1, Math.floor((offset / length) * size)));
  return [part(at.x - box.left, box.width, width), part(at.y - box.top, box.height, height)];
}

/** The region between two pixels. @param {number[]} a @param {number[]} b */
export function between([ax, ay], [bx, by]) {
  return [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)];
}

const STILL = 4; // px within which a drag is a click

/** What was picked from press to release: a region, or a point. @param {number[]} from @param {number[]} to */
export function pickedBy(from, to) {
  const [x0, y0, x1, y1] = between(from, to);
  return x1 - x0 > STILL || y1 - y0 > STILL ? [x0, y0, x1, y1] : to;
}
