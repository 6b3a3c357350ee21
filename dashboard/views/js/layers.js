/** What lies over the page and is closed by Escape: menus, popovers that one opened, dialogs. */
const LAYERS = [
  "details:is(.menu, .kinds)[open]",
  "dialog[open]",
  ":popover-open:is([popover=auto], [popover=''], [role=dialog], [role=menu])",
  ".MuiModal-root:not(.MuiModal-hidden)",
].join(", ");

/**
 * The first open layer of the page, shadow roots included.
 *
 * @param {Document | ShadowRoot} root
 * @returns {Element | null}
 */
export function openLayer(root = document) {
  const here = root.querySelector(LAYERS);
  if (here) return here;
  for (const element of root.querySelectorAll("*")) {
    const found = element.shadowRoot && openLayer(element.shadowRoot);
    if (found) return found;
  }
  return null;
}

/**
 * Whether Escape is already somebody's: an open layer's, which it closes wherever the focus is, or
 * that of the part with the focus that closes by it and says so with `data-escape`.
 *
 * @param {KeyboardEvent} event
 */
export function escapeIsTaken(event) {
  if (event.composedPath().some((node) => node instanceof Element && node.hasAttribute("data-escape"))) return true;
  const layer = openLayer();
  if (layer instanceof HTMLDetailsElement && !event.composedPath().includes(layer)) layer.open = false;
  return layer !== null;
}

/** Whether keys pressed here are text, or the desktop's. @param {KeyboardEvent} event */
export function isTyping(event) {
  const typing = "input, textarea, select, canvas, [contenteditable], [role=textbox]";
  return event.composedPath().some((node) => node instanceof Element && node.matches(typing));
}
