/** The desktop's bundle: the page's view of it, and the same in a notebook. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { component, html } from "../../js/base.js";
import { PasteBox } from "./clipboard.js";
import { Desk } from "./desk.js";
import CSS from "./desktop.css";
import { Marks } from "./overlay.js";

/** The desktop in the page: picture, marks, caption; mouse and keyboard when `control` is set. @param {{host: import("./desk.js").DeskHost}} props */
function Desktop({ host }) {
  const [desk] = useState(() => new Desk(host));
  const mode = desk.mode.value;
  useLayoutEffect(() => desk.begin(), []);
  useLayoutEffect(() => desk.place(), [mode]);
  const control = host.param("control").value ? "sayso-desktop control" : "sayso-desktop";
  return html`<div ref=${desk.root} class=${control} role="region" aria-label="Desktop" tabindex="0" data-state=${mode}
    onKeyDownCapture=${desk.onKey} onPaste=${desk.onPaste}>
    <img ref=${desk.still} class="still" alt="The desktop, as a still picture" src=${desk.frame.value || undefined}
      hidden=${mode !== "frames"} onLoad=${() => desk.place()} />
    ${desk.last.value && html`<${Last} picture=${desk.last.value} />`}
    <div ref=${desk.target} class="screen"></div>
    <${Marks} overlay=${desk.overlay} labels=${host.param("labels").value} />
    <div class="state" role="status">${desk.words}</div>
    <div class="caption" aria-hidden="true">${host.param("caption")}</div>
    <div ref=${desk.hinted} class="hint" role="status">${desk.hint}</div>
    <textarea ref=${desk.catcher} class="catcher" aria-hidden="true" tabindex="-1"></textarea>
    <${PasteBox} place=${desk.box} give=${desk.give} />
  </div>`;
}

/** The last live picture, until the next one. @param {{picture: HTMLCanvasElement}} props */
function Last({ picture }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useLayoutEffect(() => canvas.current?.getContext("2d")?.drawImage(picture, 0, 0), [picture]);
  return html`<canvas ref=${canvas} class="last" width=${picture.width} height=${picture.height} aria-hidden="true"></canvas>`;
}

export default component("Desktop", Desktop, { css: CSS, single: true });
