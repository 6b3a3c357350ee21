// What opens below its own label, and closes by Escape.
import { useRef } from "preact/hooks";
import { html } from "../../../js/base.js";

/**
 * @param {{
 *   class: string, open: import("@preact/signals").Signal<boolean>, label: any, children?: any, hidden?: boolean,
 * }} props `open` says whether it is, and closes it; it also closes when the keyboard leaves it.
 */
export function Menu({ class: className, open, label, children, hidden }) {
  const menu = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key !== "Escape" || !open.peek()) return;
    event.stopPropagation();
    open.value = false;
    menu.current?.querySelector("summary")?.focus();
  }
  /** @param {FocusEvent} event */
  function onLeave(event) {
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (to && !menu.current?.contains(to)) open.value = false;
  }
  return html`<details class=${className} ref=${menu} hidden=${hidden} open=${open.value} onKeyDown=${onKey} onFocusOut=${onLeave}
    onToggle=${(/** @type {any} */ event) => {
      open.value = event.currentTarget.open;
    }}><summary>${label}</summary>${children}</details>`;
}
