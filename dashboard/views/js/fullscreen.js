import { signal } from "@preact/signals";

/** Whether the desktop has the whole width, without the conversation. */
export const wide = signal(false);

/** Whether the page, or a part of it, fills the screen: Escape is the browser's then. */
export const full = signal(false);

/** @param {Element} element */
async function fill(element) {
  await element.requestFullscreen?.().catch(() => {}); // a phone may not
}

/**
 * The desktop alone, on the whole screen where the browser can: text box and Stop stay, and the
 * conversation comes back while something waits for the person.
 *
 * @param {Element | null} talk What holds desktop, conversation and bar.
 */
export async function toggleWide(talk) {
  wide.value = !wide.value;
  if (wide.value && talk) await fill(talk);
  else if (full.value) await document.exitFullscreen();
}

/** The whole page on the whole screen, or back. */
export async function togglePage() {
  if (full.value) await document.exitFullscreen();
  else await fill(document.documentElement);
}

/** Follows the browser, which ends it by itself too; returns what ends that. */
export function followScreen() {
  const changed = () => {
    full.value = document.fullscreenElement !== null;
    if (!full.value) wide.value = false;
  };
  document.addEventListener("fullscreenchange", changed);
  return () => document.removeEventListener("fullscreenchange", changed);
}
