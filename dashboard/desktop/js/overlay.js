import { batch, signal } from "@preact/signals";
import { html } from "../../js/base.js";
import { drawingOf, numberOf } from "./marks.js";

/** @typedef {import("./marks.js").Drawing} Drawing */
/** @typedef {{left: number, top: number, width: number, height: number}} Box In the page's pixels. */

const POINTER = "M0 0 L0 18 L4.6 13.8 L7.8 21 L10.6 19.8 L7.4 12.8 L13.4 12.8 Z";
const KEPT = 6; // marks that may fade at the same time

/** What the agent does, drawn over the desktop in the desktop's own pixels: pointer, click, target. */
export class Overlay {
  /** @type {import("@preact/signals").Signal<(Drawing & {id: number})[]>} */
  marks = signal([]);
  /** @type {import("@preact/signals").Signal<[number, number] | null>} The agent's pointer. */
  point = signal(null);
  /** Whether that is seen. */
  pointing = signal(true);
  /** @type {import("@preact/signals").Signal<Box | null>} */
  box = signal(null);
  /** Of the desktop, in its pixels. */
  size = signal("");
  #count = 0;

  /**
   * Lies down on the picture.
   *
   * @param {Box} box Relative to the view.
   * @param {[width: number, height: number]} size In desktop pixels.
   */
  place(box, [width, height]) {
    if (!width || !height || !box.width) return;
    batch(() => {
      this.box.value = box;
      this.size.value = `0 0 ${width} ${height}`;
    });
  }

  /** Draws one mark, which fades by itself; one with `next` stays until the next call. @param {unknown} mark */
  show(mark) {
    const left = this.marks.value.filter(({ next }) => !next);
    const drawing = mark && typeof mark === "object" ? drawingOf(mark) : null;
    this.#count += 1;
    batch(() => {
      const shown = drawing && drawing.shapes.length > 0 ? [...left, { ...drawing, id: this.#count }] : left;
      this.marks.value = shown.slice(-KEPT);
      this.point.value = drawing?.point ?? this.point.value;
    });
  }

  /** One has faded. @param {number} faded Its id. */
  remove(faded) {
    this.marks.value = this.marks.value.filter(({ id }) => id !== faded);
  }
}

/** @param {{overlay: Overlay, labels: import("./marks.js").Label[]}} props */
export function Marks({ overlay, labels }) {
  const box = overlay.box.value;
  const style = box && {
    left: `${box.left}px`,
    top: `${box.top}px`,
    width: `${box.width}px`,
    height: `${box.height}px`,
  };
  return html`<svg class="overlay" aria-hidden="true" style=${style} viewBox=${overlay.size.value || undefined}>
    ${overlay.marks.value.map((mark) => html`<${Mark} key=${mark.id} mark=${mark} faded=${() => overlay.remove(mark.id)} />`)}
    <${Numbers} overlay=${overlay} labels=${labels} />
    <${Pointer} overlay=${overlay} />
  </svg>`;
}

/** Numbers that stay until they are taken away. @param {{overlay: Overlay, labels: import("./marks.js").Label[]}} props */
function Numbers({ overlay, labels }) {
  const [, , across] = overlay.size.value.split(" ").map(Number);
  const scale = (overlay.box.value?.width ?? 0) / (across || 1);
  return html`<g class="numbers">
    ${labels.map((label) =>
      numberOf(label, scale).map(({ tag, attributes, text }) => html`<${tag} ...${attributes}>${text}<//>`),
    )}
  </g>`;
}

/** @param {{mark: Drawing, faded: () => void}} props */
function Mark({ mark, faded }) {
  const onAnimationEnd = (/** @type {AnimationEvent} */ event) => event.target === event.currentTarget && faded();
  return html`<g class=${mark.className} onAnimationEnd=${onAnimationEnd}>
    ${mark.shapes.map(({ tag, attributes, text }) => html`<${tag} ...${attributes}>${text}<//>`)}
  </g>`;
}

/** Hidden with `inherit`: "visible" would show on a hidden page. @param {{overlay: Overlay}} props */
function Pointer({ overlay }) {
  const point = overlay.point.value;
  const style = {
    display: overlay.pointing.value ? "" : "none",
    transform: point ? `translate(${point[0]}px, ${point[1]}px)` : "",
  };
  return html`<path class="pointer" d=${POINTER} visibility=${point ? "inherit" : "hidden"} style=${style} />`;
}

/**
 * Where an element's picture lies within `root`.
 *
 * @param {Element} root
 * @param {Element} picture
 * @returns {Box}
 */
export function boxWithin(root, picture) {
  const outer = root.getBoundingClientRect();
  const inner = picture.getBoundingClientRect();
  return { left: inner.left - outer.left, top: inner.top - outer.top, width: inner.width, height: inner.height };
}
