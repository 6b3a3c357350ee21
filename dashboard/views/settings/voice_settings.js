// How the agent speaks, beside the microphone.
import { useRef, useState } from "preact/hooks";
import { component, html } from "../../js/base.js";
import { Icon } from "../js/icons.js";
import { t } from "../../js/words.js";

/** @typedef {{value: string, label: string, says: string}} Choice */
/** @typedef {"narration" | "mode"} Switch */
/** @typedef {{name: Switch, title: string, choices: Choice[]}} Shown */
/** @typedef {import("../../js/base.js").Host<{narration: string, mode: string, switches: Shown[]}>} Host */

const USUAL = "act-while-speaking";
const PANEL = "how-it-speaks";
const EDGE = 8; // px that the menu keeps from the window's edge, and from its button

/** @param {{host: Host}} props */
function VoiceSettings({ host }) {
  const button = useRef(/** @type {HTMLElement | null} */ (null));
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  const narration = host.param("narration").value;
  const relay = host.param("mode").value === "relay";
  const switches = host.param("switches").value;
  const styles = switches.find(({ name }) => name === "narration")?.choices ?? [];
  const style = styles.find((choice) => choice.value === narration)?.label ?? "";
  const title = `${t("How the agent speaks")}: ${style}${relay ? `, ${t("relay")}` : ""}`;

  /** @param {ToggleEvent} event */
  function toggled(event) {
    if (event.newState !== "open" || !button.current || !panel.current) return;
    place(panel.current, button.current.getBoundingClientRect());
    /** @type {HTMLElement | null} */ (panel.current.querySelector("input:checked"))?.focus();
    addEventListener("resize", close, { once: true });
  }

  function close() {
    if (panel.current?.matches(":popover-open")) panel.current.hidePopover();
  }

  const more = () => {
    close();
    host.send({ type: "go", view: "settings", place: "voice" });
  };
  return html`<div class="menu-root">
    <button type="button" class=${relay || narration !== USUAL ? "open other" : "open"} ref=${button} popovertarget=${PANEL} title=${title} aria-label=${title}>
      <${Icon} name="speaks" /></button>
    <div class="choices" id=${PANEL} ref=${panel} popover="auto" role="dialog" aria-label="How the agent speaks" onToggle=${toggled}>
      ${switches.map((shown) => html`<${Group} key=${shown.name} host=${host} ...${shown} />`)}
      <button type="button" class="more" onClick=${more}>All settings</button></div></div>`;
}

/** Nothing lies over the bar with Stop. @param {HTMLElement} panel @param {DOMRect} at The button. */
function place(panel, at) {
  panel.style.maxHeight = `${Math.max(120, at.top - 2 * EDGE)}px`;
  panel.style.left = `${Math.max(EDGE, Math.min(at.left, innerWidth - panel.offsetWidth - EDGE))}px`;
  panel.style.top = `${Math.max(EDGE, at.top - panel.offsetHeight - EDGE)}px`;
}

/** @param {Shown & {host: Host}} props */
function Group({ host, name, title, choices }) {
  const [, setRefused] = useState(0); // drawn again, the old choice is checked
  const current = host.param(name).value;
  const choose = (/** @type {string} */ value) => {
    if (!host.send({ type: "set", name, value })) setRefused((n) => n + 1);
  };
  return html`<fieldset><legend>${title}</legend>${choices.map(
    ({ value, label, says }) =>
      html`<label key=${value}><input type="radio" name=${name} value=${value} checked=${value === current} onChange=${() => choose(value)} />
        <span>${label}<small>${says}</small></span></label>`,
  )}</fieldset>`;
}

export default component("Voice settings", VoiceSettings);
