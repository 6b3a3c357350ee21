// The desktop's picture. A click names a point, a drag a region; what the form names is drawn on it.
import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { html } from "../../js/base.js";
import { between, pickedBy, pixelAt } from "./fields.js";

const RADIUS = 13;
const CROSS = 22;

/** @param {{bytes: BufferSource & {byteLength: number}, size: number[], places: number[][], pick: (place: number[]) => void}} props */
export function Picture({ bytes, size, places, pick }) {
  const [where, setWhere] = useState(/** @type {number[] | null} */ (null));
  const [from, setFrom] = useState(/** @type {number[] | null} */ (null));
  const url = useMemo(() => (bytes?.byteLength ? URL.createObjectURL(new Blob([bytes])) : ""), [bytes]);
  useLayoutEffect(() => () => URL.revokeObjectURL(url), [url]);
  const [width, height] = size;

  /** @param {PointerEvent} event */
  function at(event) {
    const box = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    return pixelAt({ x: event.clientX, y: event.clientY }, box, size);
  }

  /** @param {PointerEvent} event */
  function begin(event) {
    setFrom(at(event));
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  function end(event) {
    if (!from) return;
    setFrom(null);
    pick(pickedBy(from, at(event)));
  }

  const drawn = from && where ? [between(from, where)] : places;
  return html`<figure class="picture"><div class="frame">
      ${
        url
          ? html`<img alt="The desktop now" draggable=${false} width=${width} height=${height} src=${url}
              onPointerDown=${begin} onPointerMove=${(/** @type {PointerEvent} */ event) => setWhere(at(event))}
              onPointerUp=${end} onPointerLeave=${() => setWhere(null)} />`
          : html`<p class="none">No picture of the desktop yet.</p>`
      }
      <svg aria-hidden="true" viewBox=${`0 0 ${width} ${height}`}>${drawn.map(mark)}</svg></div>
    <figcaption class="where">${where?.join(", ")}</figcaption></figure>`;
}

/** @param {number[]} place */
function mark([x, y, x1, y1]) {
  if (x1 !== undefined) return html`<rect x=${x} y=${y} width=${x1 - x} height=${y1 - y} />`;
  const cross = `M${x - CROSS} ${y}h${2 * CROSS}M${x} ${y - CROSS}v${2 * CROSS}`;
  return html`<circle cx=${x} cy=${y} r=${RADIUS} /><path d=${cross} />`;
}
