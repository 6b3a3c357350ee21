import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../../../js/base.js";

const ROOMY = 560; // px from which the bar itself has room for advice
const AWAY = 10; // px above the bar
const EDGE = 8; // px from the window's

/** Whether the bar is too narrow to say what went wrong. @param {Element} bar */
export function isNarrow(bar) {
  return bar.clientWidth < ROOMY;
}

/**
 * What went wrong and what to do, above a bar that is too narrow to say it: once for each new text.
 * A click puts it away.
 *
 * @param {{bar: {current: HTMLElement | null}, text: string}} props
 */
export function Bubble({ bar, text }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  useSize(bar, () => place(root.current, bar.current, text, false));
  useLayoutEffect(() => place(root.current, bar.current, text, true), [text]);
  return html`<div ref=${root} class="bubble" popover="manual" role="alert" onClick=${() => root.current?.hidePopover()}>
    ${text}
  </div>`;
}

/**
 * @param {HTMLElement | null} root
 * @param {HTMLElement | null} bar
 * @param {string} text
 * @param {boolean} fresh The text has not been seen yet.
 */
function place(root, bar, text, fresh) {
  if (!root?.isConnected || !bar) return;
  const open = root.matches(":popover-open");
  const wanted = isNarrow(bar) && text !== "" && (fresh || open);
  if (wanted !== open) root.togglePopover(wanted);
  if (!wanted) return;
  const box = bar.getBoundingClientRect();
  root.style.left = `${box.left}px`;
  root.style.top = `${Math.max(EDGE, box.top - root.offsetHeight - AWAY)}px`;
}

/**
 * Runs whenever an element has another size, and when it has its first.
 *
 * @param {{current: Element | null}} ref
 * @param {() => void} run
 */
export function useSize(ref, run) {
  const latest = useRef(run);
  latest.current = run;
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => latest.current());
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
}
