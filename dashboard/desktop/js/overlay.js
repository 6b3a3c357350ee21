import { element } from "../../js/dom.js";

const SVG = "http://www.w3.org/2000/svg";
const POINTER = "M0 0 L0 18 L4.6 13.8 L7.8 21 L10.6 19.8 L7.4 12.8 L13.4 12.8 Z";
const KEPT = 6; // marks that may fade at the same time

/** What the agent does, drawn over the desktop in the desktop's own pixels: pointer, click, target. */
export class Overlay {
  #size = [0, 0];
  #next = null; // what is about to be touched: stays until it is, or is not

  constructor() {
    this.root = shape("svg", { class: "overlay", "aria-hidden": "true" });
    this.pointer = shape("path", { class: "pointer", d: POINTER, visibility: "hidden" });
    this.root.append(this.pointer);
  }

  /** Lies down on the picture: `box` relative to the view, `size` in desktop pixels. */
  place(box, [width, height]) {
    if (!width || !height || !box.width) return;
    Object.assign(this.root.style, {
      left: `${box.left}px`,
      top: `${box.top}px`,
      width: `${box.width}px`,
      height: `${box.height}px`,
    });
    if (String(this.#size) === String([width, height])) return;
    this.#size = [width, height];
    this.root.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  /** Draws one mark, which fades by itself; one with `next` stays until the next call. */
  show(mark) {
    this.#next?.remove();
    this.#next = null;
    if (!mark || typeof mark !== "object") return;
    const kind = String(mark.kind ?? "").replace(/[^\w-]/g, "");
    const group = shape("g", { class: `mark ${mark.next ? "next" : ""} ${kind}` });
    const drawn = mark.next ? [target(mark) ?? spot(mark)] : [target(mark), ...rings(mark)];
    for (const part of [...drawn, path(mark), label(mark)]) if (part) group.append(part);
    if (group.childNodes.length > 0) this.#add(group);
    if (mark.next) this.#next = group;
    const [x, y] = numbers(mark.to) ?? [mark.x, mark.y];
    if (Number.isFinite(x) && Number.isFinite(y)) this.#point(x, y);
  }

  /** The agent's pointer is seen while the agent has the mouse. */
  pointing(on) {
    this.pointer.style.display = on ? "" : "none";
  }

  #add(group) {
    group.onanimationend = ({ target: done }) => done === group && group.remove();
    this.root.insertBefore(group, this.pointer);
    while (this.root.childNodes.length > KEPT + 1) this.root.firstChild.remove();
  }

  #point(x, y) {
    this.pointer.setAttribute("visibility", "inherit"); // "visible" would show on a hidden page
    this.pointer.style.transform = `translate(${x}px, ${y}px)`;
  }
}

function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function numbers(list) {
  return Array.isArray(list) && list.length > 0 && list.every(Number.isFinite) ? list : null;
}

function target({ box }) {
  const [x, y, width, height] = numbers(box) ?? [];
  return height === undefined ? null : shape("rect", { x: x - 2, y: y - 2, width: width + 4, height: height + 4, rx: 5 });
}

/** Where something will be done whose box is not known. */
function spot({ x, y }) {
  return Number.isFinite(x) && Number.isFinite(y) ? shape("circle", { cx: x, cy: y, r: 20 }) : null;
}

function path({ x, y, to }) {
  const [x2, y2] = numbers(to) ?? [];
  return y2 === undefined || !Number.isFinite(x) ? null : shape("line", { x1: x, y1: y, x2, y2 });
}

function rings({ kind, x, y }) {
  if (!Number.isFinite(x) || !Number.isFinite(y) || !String(kind ?? "").includes("click")) return [];
  const many = kind.startsWith("triple") ? 3 : kind.startsWith("double") ? 2 : 1;
  return Array.from({ length: many }, (_, i) => shape("circle", { cx: x, cy: y, r: 14 + 8 * i }));
}

function label({ label: text, x, y, box }) {
  if (!text) return null;
  const [left, top] = numbers(box) ?? [x, y];
  const made = shape("text", { x: left, y: Math.max(16, top - 8) });
  made.textContent = String(text).slice(0, 60);
  return made;
}

/** Where an element's picture lies within `root`. */
export function boxWithin(root, picture) {
  const outer = root.getBoundingClientRect();
  const inner = picture.getBoundingClientRect();
  return { left: inner.left - outer.left, top: inner.top - outer.top, width: inner.width, height: inner.height };
}

export function layer(name, children = []) {
  return element("div", { class: name }, children);
}
