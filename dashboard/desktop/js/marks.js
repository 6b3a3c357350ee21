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
/** @typedef {{tag: "rect" | "circle" | "line" | "text", attributes: Record<string, number | string>, text?: string}} Shape */
/** @typedef {{className: string, next: boolean, shapes: Shape[], point: [number, number] | null}} Drawing */

/**
 * @typedef {object} Label A number over the screen, for the person to say.
 * @property {string} text
 * @property {number[]} box Left, top, width and height.
 * @property {boolean} square Whether it is one of a grid: outlined, with its number in the middle.
 */

const LABEL = 60; // letters
const SMALLEST = 11; // size of a number's letters, in the page's pixels
const USUAL = 14; // in the desktop's

/**
 * A number's badge, and the outline of what it stands for.
 *
 * @param {Label} label
 * @param {number} scale The page's pixels for one of the desktop's.
 * @returns {Shape[]}
 */
export function numberOf({ text, box, square }, scale) {
  const [left, top, width, height] = numbers(box) ?? [];
  if (height === undefined) return [];
  const size = Math.max(USUAL, SMALLEST / (scale || 1)) * (square ? 1.3 : 1);
  const [wide, high] = [size * (0.62 * text.length + 0.6), size * 1.25];
  const x = square ? left + (width - wide) / 2 : Math.max(0, left - wide / 3);
  const y = square ? top + (height - high) / 2 : Math.max(0, top - high / 3);
  const outline = /** @type {Shape} */ ({ tag: "rect", attributes: { x: left, y: top, width, height } });
  const badge = /** @type {Shape} */ ({
    tag: "rect",
    attributes: { x, y, width: wide, height: high, rx: size / 4, class: "badge" },
  });
  const place = { x: x + wide / 2, y: y + size * 0.97, "font-size": size };
  return [...(square ? [outline] : []), badge, { tag: "text", attributes: place, text }];
}

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
