// Small parts that the replay is made of.
import { html } from "../../../js/base.js";

const PATHS = {
  play: "M7 4.5v15l12-7.500Z",
  pause: "M7 5v14M17 5v14",
  back: "M6 5v14M19 5.500v13L9 12Z",
  next: "M18 5v14M5 5.500v13L15 12Z",
  more: "M5 12h.01M12 12h.01M19 12h.01",
};

/** @param {{name: keyof typeof PATHS}} props */
export function Icon({ name }) {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

/** Says what went wrong, beside a button that tries again. @param {{text: string, again: () => void}} props */
export function Failure({ text, again }) {
  return html`<p class="error" role="alert">${text} <button type="button" onClick=${again}>Try again</button></p>`;
}
