/** Light or dark on the page. What decides it is in the page's head: `dashboard/web/frame/theme.js`. */
import { signal } from "@preact/signals";
import { html } from "../../js/base.js";
import { Icon } from "./icons.js";
import { t } from "../../js/words.js";

const { documentElement: root } = document;
const dark = signal(root.dataset.theme === "dark");
new MutationObserver(() => {
  dark.value = root.dataset.theme === "dark";
}).observe(root, { attributeFilter: ["data-theme"] });

/** A button that changes the theme of every page in this browser. */
export function ThemeSwitch() {
  const toggle = () =>
    /** @type {any} */ (globalThis).saysoTheme.choose(root.dataset.theme === "dark" ? "light" : "dark");
  return html`<button type="button" class="theme" aria-label="Dark theme" aria-pressed=${dark.value}
    title=${dark.value ? t("Switch to the light theme") : t("Switch to the dark theme")} onClick=${toggle}>
    <${Icon} name=${dark.value ? "moon" : "sun"} /></button>`;
}
