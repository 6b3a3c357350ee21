/**
 * One control per kind of setting.
 *
 * @typedef {{value: any, label: string, says: string, alone?: boolean}} Choice
 * @typedef {object} Spec
 * @property {string} name
 * @property {"choice" | "switch" | "number" | "text" | "fact" | "several"} kind
 * @property {string} label
 * @property {string} says
 * @property {"now" | "later"} when
 * @property {string} unit
 * @property {string} warning Said while a switch is on.
 * @property {Choice[]} choices
 * @typedef {Record<string, unknown>} About What every control has: id, label, description, whether it is locked.
 * @typedef {{spec: Spec, value: any, type: (value: any) => void, decide: (value: any) => void, about: About}} Props
 *   `type` is told what stands there, `decide` what the person has decided.
 */
import { html } from "../../js/base.js";

/** What is said of the value below its control; null where nothing ever is. @param {Spec} spec @param {any} value */
export function meaningOf({ kind, choices, warning }, value) {
  if (kind === "choice") return choices.find((choice) => choice.value === value)?.says ?? "";
  if (kind === "switch" && warning) return value ? warning : "";
  return null;
}

/** The chosen ones with one more or less, in the order of all. @param {Choice[]} choices @param {any[]} chosen @param {any} value @param {boolean} on */
export function withOne(choices, chosen, value, on) {
  return choices.map((choice) => choice.value).filter((each) => (each === value ? on : chosen.includes(each)));
}

/** @type {Record<Spec["kind"], (props: Props) => any>} */
const CONTROLS = { choice: Pick, switch: Switch, number: Figure, text: Text, fact: Fact, several: Several };

/** @param {Props} props */
export function Control(props) {
  return html`<${CONTROLS[props.spec.kind]} ...${props} />`;
}

/** @param {Props} props */
function Pick({ spec, value, decide, about }) {
  return html`<select ...${about} value=${value} onChange=${(/** @type {any} */ event) => decide(event.currentTarget.value)}>
    ${spec.choices.map((choice) => html`<option key=${choice.value} value=${choice.value}>${choice.label}</option>`)}</select>`;
}

/** @param {Props} props */
function Switch({ value, decide, about }) {
  return html`<input ...${about} class="toggle" type="checkbox" role="switch" checked=${value} onChange=${(/** @type {any} */ event) => decide(event.currentTarget.checked)} />`;
}

/** @param {Pick<Props, "type" | "decide">} props */
function typing({ type, decide }) {
  return {
    autocomplete: "off",
    onInput: (/** @type {any} */ event) => type(event.currentTarget.value),
    onChange: (/** @type {any} */ event) => decide(event.currentTarget.value.trim()),
  };
}

/** @param {Props} props */
function Figure({ spec, value, about, ...does }) {
  return html`<input ...${about} class="number" inputmode="decimal" value=${value} ...${typing(does)} />${spec.unit && html`<span class="unit">${spec.unit}</span>`}`;
}

/** @param {Props} props */
function Text({ spec, value, about, ...does }) {
  const list = spec.choices.length ? `list-${spec.name}` : undefined;
  return html`<input ...${about} spellcheck=${false} list=${list} value=${value} ...${typing(does)} />
    ${list && html`<datalist id=${list}>${spec.choices.map((choice) => html`<option value=${choice.value}>${choice.value}</option>`)}</datalist>`}`;
}

/** @param {Props} props */
function Fact({ value, about: { disabled: _disabled, "aria-invalid": _invalid, ...about } }) {
  return html`<div ...${about} class="fact" role="group">${value}</div>`;
}

/** @param {Props} props */
function Several({ spec, value, decide, about: { disabled, "aria-invalid": _invalid, ...about } }) {
  return html`<div ...${about} class="several" role="group">${spec.choices.map(
    (choice) =>
      html`<label class="tick" key=${choice.value}><input type="checkbox" value=${choice.value} disabled=${disabled} checked=${value.includes(choice.value)}
        onChange=${(/** @type {any} */ event) => decide(withOne(spec.choices, value, choice.value, event.currentTarget.checked))} />${choice.label}</label>`,
  )}</div>`;
}
