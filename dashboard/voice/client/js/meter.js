import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../../../js/base.js";

/** @typedef {{input: number, output: number}} Levels Of the microphone and the loudspeaker, 0…1. */

const BARS = 9;
const FLOOR = -60; // dB

/** Both levels while the voice is live. @param {{levels: Levels, live: boolean}} props */
export function Level({ levels, live }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!live || !context) return undefined;
    const meter = new Meter(context, levels);
    meter.run();
    return () => meter.stop();
  }, [live]);
  return html`<canvas ref=${canvas} width="72" height="24" aria-hidden="true"></canvas>`;
}

/** Draws the levels each animation frame, outside any other state. */
class Meter {
  #frame = 0;
  #shown = 0;

  /** @param {CanvasRenderingContext2D} context @param {Levels} levels */
  constructor(context, levels) {
    this.context = context;
    this.levels = levels;
  }

  run() {
    this.#frame = requestAnimationFrame(() => this.run());
    const { input, output } = this.levels;
    this.#shown = Math.max(share(input), this.#shown * 0.9);
    this.#paint(this.#shown, share(output));
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    const { canvas } = this.context;
    this.context.clearRect(0, 0, canvas.width, canvas.height);
  }

  /** @param {number} mine @param {number} theirs */
  #paint(mine, theirs) {
    const { context } = this;
    const { canvas } = context;
    const step = canvas.width / BARS;
    const style = getComputedStyle(canvas);
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < BARS; i += 1) {
      const height = canvas.height * (0.3 + (0.7 * (i + 1)) / BARS);
      context.fillStyle = style.color;
      context.globalAlpha = mine * BARS > i + 0.5 ? 1 : 0.2;
      context.fillRect(i * step + 1, canvas.height - height, step - 3, height);
    }
    context.globalAlpha = 1;
    context.fillStyle = style.outlineColor;
    context.fillRect(0, canvas.height - 2, canvas.width * theirs, 2);
  }
}

/** Of the bar's length. @param {number} level */
function share(level) {
  const decibels = 20 * Math.log10(level + 1e-6);
  return Math.max(0, Math.min(1, 1 - decibels / FLOOR));
}
