/** What a mark looks like, in the desktop's own pixels: no page is needed for it. */

/**
 * @typedef {object} Mark What the agent does, or is about to do (`next`).
 * @property {string} [kind]
 * @property {number} [x]
 * @property {number} [y]
 * @property {number[]} [to] Where a drag ends.
 * @property {number[]} [box] Left, top, width and height of what is touched.
 * @property {string} [label]
 * @property {boolean} [next]
 */
/** @typedef {{tag: "rect" | "circle" | "line" | "text", attributes: Record<string, number>, text?: string}} Shape */
/** @typedef {{className: string, next: boolean, shapes: Shape[], point: [number, number] | null}} Drawing */

const LABEL = 60; // letters

/** @param {Mark} mark @returns {Drawing} `point` is where it leaves the agent's pointer. */
export function drawingOf(mark) {
  const next = Boolean(mark.next);
  const kind = String(mark.kind ?? "").replace(/[^\w-]/g, "");
  const touched = next ? [target(mark) ?? spot(mark)] : [target(mark), ...rings(mark)];
  const shapes = [...touched, path(mark), label(mark)].filter((shape) => shape !== null);
  return { className: `mark ${next ? "next" : ""} ${kind}`, next, shapes, point: placeOf(mark, numbers(mark.to)) };
}

/** @param {unknown} list @returns {number[] | null} */
function numbers(list) {
  return Array.isArray(list) && list.length > 0 && list.every(Number.isFinite) ? list : null;
}

/** Its end, or where it is. @param {Mark} mark @param {number[] | null} [end] @returns {[number, number] | null} */
function placeOf({ x, y }, end = null) {
  const [left, top] = end ?? [x, y];
  return isNumber(left) && isNumber(top) ? [left, top] : null;
}

/** @param {unknown} value @returns {value is number} */
function isNumber(value) {
  return Number.isFinite(value);
}

/** @param {Mark} mark @returns {Shape | null} */
function target({ box }) {
  const [x, y, width, height] = numbers(box) ?? [];
  if (height === undefined) return null;
  return { tag: "rect", attributes: { x: x - 2, y: y - 2, width: width + 4, height: height + 4, rx: 5 } };
}

/** Where something will be done whose box is not known. @param {Mark} mark @returns {Shape | null} */
function spot(mark) {
  const place = placeOf(mark);
  return place && circle(place, 20);
}

/** @param {[number, number]} place @param {number} r @returns {Shape} */
function circle([cx, cy], r) {
  return { tag: "circle", attributes: { cx, cy, r } };
}

/** @param {Mark} mark @returns {Shape | null} */
function path(mark) {
  const [x2, y2] = numbers(mark.to) ?? [];
  const place = placeOf(mark);
  if (y2 === undefined || !place) return null;
  const [x1, y1] = place;
  return { tag: "line", attributes: { x1, y1, x2, y2 } };
}

/** One for each click. @param {Mark} mark @returns {Shape[]} */
function rings(mark) {
  const kind = String(mark.kind ?? "");
  const place = placeOf(mark);
  if (!place || !kind.includes("click")) return [];
  const several = kind.startsWith("double") ? 2 : 1;
  const many = kind.startsWith("triple") ? 3 : several;
  return Array.from({ length: many }, (_, i) => circle(place, 14 + 8 * i));
}

/** @param {Mark} mark @returns {Shape | null} */
function label({ label: text, x, y, box }) {
  const [left, top] = numbers(box) ?? [x, y];
  if (!text || !isNumber(left) || !isNumber(top)) return null;
  return { tag: "text", attributes: { x: left, y: Math.max(16, top - 8) }, text: String(text).slice(0, LABEL) };
}
