const BARS = 9;
const FLOOR = -60; // dB

/** Draws the microphone's and the loudspeaker's level each animation frame, outside any other state. */
export class Meter {
  #frame = null;
  #shown = 0;

  constructor(canvas, levels) {
    this.canvas = canvas;
    this.levels = levels;
    this.context = canvas.getContext("2d");
  }

  run(on) {
    if (on && this.#frame === null) this.#draw();
    else if (!on) this.stop();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #draw() {
    this.#frame = requestAnimationFrame(() => this.#draw());
    const { input, output } = this.levels;
    this.#shown = Math.max(share(input), this.#shown * 0.9);
    this.#paint(this.#shown, share(output));
  }

  #paint(mine, theirs) {
    const { context, canvas } = this;
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

function share(level) {
  const decibels = 20 * Math.log10(level + 1e-6);
  return Math.max(0, Math.min(1, 1 - decibels / FLOOR));
}
