import { useSignal } from "@preact/signals";
import { html } from "../../js/base.js";
import { Icon } from "./icons.js";
import { t } from "../../js/words.js";

const SHOWN_FOR = 1600; // ms

/** Puts a text on the browser's clipboard; whether it is there. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Where a page may not use the clipboard by itself: without HTTPS, or refused. @param {string} text */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

/**
 * A button that copies; it says whether that worked.
 *
 * @param {{text: () => string, what: string, children?: string}} props
 */
export function Copy({ text, what, children }) {
  const told = useSignal("");
  async function press() {
    told.value = (await copy(text())) ? t("Copied") : t("The browser did not allow copying");
    setTimeout(() => {
      told.value = "";
    }, SHOWN_FOR);
  }
  const name = told.value || t("Copy {what}", { what });
  return html`<button type="button" class=${`copy ${told.value ? "told" : ""}`} title=${name} aria-label=${name} onClick=${press}>
    <${Icon} name=${told.value === t("Copied") ? "check" : "copy"} />${children}
  </button>`;
}
