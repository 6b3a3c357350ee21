// The lanes, drawn on a canvas: thousands of steps cost as little as ten.
import { effect, signal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { html } from "../../../js/base.js";
import { bars, following, LEFT, RIGHT, ROW, scaleOf, spent, stepAt, stretch, wheeled } from "./axis.js";
import { LANE_WORDS } from "./words.js";
import { t } from "../../../js/words.js";

/** @typedef {import("./words.js").Step} Step */
/** @typedef {import("./words.js").Lane} Lane */
/** @typedef {import("./words.js").Timeline} Timeline */
/** @typedef {import("@preact/signals").ReadonlySignal<number>} Time */

const BAD = new Set(["failed", "denied", "cut"]);
const TIP = 290; // px of the widest tip
/** @type {Record<Lane, string>} */
const COLOURS = {
  heard: "--mui-palette-primary-main",
  said: "--mui-palette-secondary-main",
  model: "--mui-palette-text-secondary",
  actions: "--mui-palette-success-main",
  approvals: "--mui-palette-warning-main",
  cost: "--mui-palette-primary-main",
};

/** Draws one timeline onto a canvas. */
class Drawing {
  /** @param {CanvasRenderingContext2D} pen @param {CSSStyleDeclaration} style @param {Timeline} timeline @param {number} width @param {import("./axis.js").Stretch} shown */
  constructor(pen, style, timeline, width, shown) {
    this.pen = pen;
    this.timeline = timeline;
    this.width = width;
    this.shown = shown;
    this.height = timeline.lanes.length * ROW + 2;
    this.x = scaleOf(width, shown).x;
    this.family = style.fontFamily;
    this.colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim() || "#667";
  }

  /** @param {number} time */
  draw(time) {
    const { pen } = this;
    this.#frame();
    pen.beginPath();
    pen.rect(LEFT - 2, 0, this.width - LEFT - RIGHT + 4, this.height);
    pen.clip();
    this.#pauses();
    this.#bars();
    this.#money();
    pen.fillStyle = this.colour("--mui-palette-error-main");
    pen.fillRect(this.x(time) - 1, 0, 2, this.height);
  }

  #frame() {
    const { pen, colour } = this;
    pen.font = `12px ${this.family}`;
    pen.textBaseline = "middle";
    for (const [n, lane] of this.timeline.lanes.entries()) {
      pen.fillStyle = colour("--mui-palette-text-secondary");
      pen.fillText(LANE_WORDS[lane], 2, n * ROW + ROW / 2);
      pen.fillStyle = colour("--mui-palette-divider");
      pen.fillRect(LEFT, (n + 1) * ROW - 0.5, this.width - LEFT - RIGHT, 1);
    }
  }

  /** Where time was shortened. */
  #pauses() {
    const { pen, timeline } = this;
    pen.fillStyle = this.colour("--mui-palette-text-secondary");
    for (const [time] of timeline.pauses) {
      for (let y = 2; y < timeline.lanes.length * ROW; y += 7) pen.fillRect(this.x(time), y, 1, 3);
    }
  }

  #bars() {
    const { pen, timeline, colour } = this;
    const paints = new Map(timeline.lanes.map((lane) => [lane, colour(COLOURS[lane])]));
    const bad = colour("--mui-palette-error-main");
    for (const { step, left, top, width, height } of bars(timeline.steps, timeline.lanes, this.width, this.shown)) {
      pen.fillStyle = BAD.has(step.state) ? bad : (paints.get(step.lane) ?? bad);
      pen.globalAlpha = step.state === "skipped" ? 0.35 : 0.9;
      pen.fillRect(left, top, width, height);
    }
    pen.globalAlpha = 1;
  }

  #money() {
    const { pen, timeline } = this;
    const line = spent(timeline.steps);
    if (!line.length) return;
    const floor = (timeline.lanes.indexOf("cost") + 1) * ROW - 2;
    const y = (/** @type {number} */ share) => floor - (ROW - 6) * share;
    pen.beginPath();
    pen.moveTo(this.x(0), floor);
    for (const { time, before, after } of line) {
      pen.lineTo(this.x(time), y(before));
      pen.lineTo(this.x(time), y(after));
    }
    pen.lineTo(Math.max(this.width, this.x(timeline.seconds)), y(1));
    pen.strokeStyle = this.colour(COLOURS.cost);
    pen.lineWidth = 1.5;
    pen.stroke();
  }
}

/** What is shown of one timeline, and what the pointer is at. */
class View {
  tip = signal(/** @type {{label: string, left: number} | null} */ (null));
  shown = signal({ from: 0, to: 1 });
  /** @type {{current: HTMLElement | null}} */
  root = { current: null };
  #due = 0;

  /** @param {Timeline} timeline @param {Time} time */
  constructor(timeline, time) {
    this.timeline = timeline;
    this.time = time;
    this.shown.value = stretch(0, timeline.seconds, timeline.seconds);
  }

  get width() {
    return this.root.current?.clientWidth ?? 0;
  }

  whole() {
    this.shown.value = stretch(0, this.timeline.seconds, this.timeline.seconds);
  }

  /** Draws in the next frame, whenever it is asked for until then. */
  draw() {
    if (this.#due) return;
    this.#due = requestAnimationFrame(() => {
      this.#due = 0;
      this.#paint();
    });
  }

  close() {
    cancelAnimationFrame(this.#due);
  }

  #paint() {
    const root = this.root.current;
    const canvas = root?.querySelector("canvas");
    const pen = canvas?.getContext("2d");
    const { width } = this;
    if (!root || !canvas || !pen || !width) return;
    const ratio = devicePixelRatio || 1;
    const drawing = new Drawing(pen, getComputedStyle(root), this.timeline, width, this.shown.peek());
    canvas.width = width * ratio;
    canvas.height = drawing.height * ratio;
    canvas.style.height = `${drawing.height}px`;
    pen.scale(ratio, ratio);
    drawing.draw(this.time.peek());
  }

  /** @param {MouseEvent} event */
  at(event) {
    const box = /** @type {HTMLElement} */ (this.root.current).getBoundingClientRect();
    const x = event.clientX - box.left;
    const { time, near } = scaleOf(this.width, this.shown.peek());
    const lane = this.timeline.lanes[Math.floor((event.clientY - box.top) / ROW)];
    return { x, time: time(x), step: stepAt(this.timeline.steps, { time: time(x), lane }, near) };
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const wheel = { x: event.deltaX, y: event.deltaY, time: this.at(event).time };
    this.shown.value = wheeled(this.shown.peek(), wheel, this.timeline.seconds);
  }
}

/**
 * @param {{timeline: Timeline, time: Time, seek: (time: number) => void, choose: (step: Step) => void}} props
 */
export function Lanes({ timeline, time, seek, choose }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const view = useMemo(() => new View(timeline, time), [timeline]);
  view.root = root;
  useLayoutEffect(() => {
    const draw = () => view.draw();
    const size = new ResizeObserver(draw);
    if (root.current) size.observe(root.current);
    const theme = new MutationObserver(draw);
    for (const node of [document.documentElement, document.body]) theme.observe(node, { attributes: true });
    const follow = effect(() => {
      view.shown.value = following(view.shown.value, time.value, timeline.seconds);
      draw();
    });
    return () => {
      size.disconnect();
      theme.disconnect();
      follow();
      view.close();
    };
  }, [view]);

  /** @param {PointerEvent} event */
  function press(event) {
    if (event.button) return;
    const at = view.at(event);
    if (at.step) choose(at.step);
    else seek(at.time);
  }

  /** @param {PointerEvent} event */
  function hover(event) {
    const { x, time: pointed, step } = view.at(event);
    if (event.buttons & 1) seek(pointed);
    view.tip.value = step && { label: step.label, left: Math.min(x + 12, Math.max(0, view.width - TIP)) };
  }

  const { from, to } = view.shown.value;
  const tip = view.tip.value;
  const part = to - from < Math.max(timeline.seconds, 0.001);
  return html`<div class="lanes" ref=${root} title=${part ? t("Double click shows the whole session") : ""}
    style=${{ height: `${timeline.lanes.length * ROW + 4}px`, cursor: tip ? "pointer" : "default" }}
    onPointerDown=${press} onPointerMove=${hover} onWheel=${(/** @type {WheelEvent} */ event) => view.wheel(event)}
    onPointerLeave=${() => {
      view.tip.value = null;
    }}
    onDblClick=${() => view.whole()}>
    <canvas aria-hidden="true"></canvas>
    ${tip && html`<div class="tip" style=${{ left: `${tip.left}px` }}>${tip.label}</div>`}
  </div>`;
}
