import { html } from "../../js/base.js";
import { CLIP } from "./rail.js";

const PATHS = {
  copy: "M9 9h10v11H9ZM5 15V4h10",
  check: "M5 12.5l4.500 4.500L19 7.500",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13ZM15.500 15.500 20 20",
  close: "M6 6l12 12M18 6 6 18",
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
  keys: "M3 7h18v10H3ZM6.500 10.500h.010M10 10.500h.010M13.500 10.500h.010M17 10.500h.010M8 14h8",
  whole: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  wide: "M3 5h18v11H3ZM9 20h6M12 16v4",
  file: "M6 3h8l5 5v13H6ZM14 3v5h5",
  folder: "M3 6h6l2 2.500h10V19H3Z",
  clip: CLIP,
  speaks: "M4 5h16v11H9l-5 4V5ZM8 9.5h8M8 12.500h5",
  paste: "M8 5H5v16h14V5h-3M8 3.500h8v4H8Z",
  hold: "M9 5v14M15 5v14",
  go: "M7 4.500v15l12-7.500Z",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15ZM10 20.500h4",
  speaker: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4ZM15.500 9a4.300 4.300 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  silent: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4ZM16 9.500l5 5M21 9.500l-5 5",
  sun: "M12 16.500a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9ZM12 2v2.500M12 19.500V22M2 12h2.500M19.500 12H22M5 5l1.800 1.800M17.200 17.200 19 19M5 19l1.800-1.800M17.200 6.800 19 5",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  nobell: "M6 16V11a6 6 0 0 1 12 0v5l1.500 2h-15ZM10 20.500h4M4 4l16 16",
};

/** A drawing of one line on a square of 24. @param {{name: keyof typeof PATHS}} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
