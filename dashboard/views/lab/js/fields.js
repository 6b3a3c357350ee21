// Fields of the design's form: a label, a control, and what is wrong with it.
import { useState } from "preact/hooks";
import { html } from "../../../js/base.js";

/** @typedef {import("./designing.js").Designing} Designing */
/** @typedef {import("./designing.js").Fault} Fault */
/** @typedef {{designing: Designing, faults: Fault[], choices: import("./designing.js").Choices, form: import("./designing.js").Form}} Tools What every part of the form needs. */
/** @typedef {{tools: Tools, where: string, label: string, value: any, class?: string, change?: (value: any) => void, [attribute: string]: unknown}} Props */

/** What belongs to a control: its id, and whether it is faulty. @param {Tools} tools @param {string} where */
export function about({ designing, faults }, where) {
  const wrong = designing.faultsAt(where, faults).length > 0;
  return { id: `f-${where}`, "aria-describedby": `e-${where}`, "aria-invalid": String(wrong) };
}

/** A place of the form with what is wrong there. @param {{tools: Tools, where: string, class?: string, children?: any}} props */
export function Place({ tools: { designing, faults }, where, class: className = "", children }) {
  const mine = designing.faultsAt(where, faults);
  return html`<div class=${`field ${className}${mine.length ? " wrong" : ""}`} data-where=${where}>${children}
    <p class="error" id=${`e-${where}`}>${mine.map((fault) => fault.text).join(" ")}</p></div>`;
}

/** @param {{tools: Tools, where: string, label: string, class?: string, children?: any}} props */
export function Field({ tools, where, label, class: className, children }) {
  return html`<${Place} tools=${tools} where=${where} class=${className}><label for=${`f-${where}`}>${label}</label>${children}<//>`;
}

/** @param {Props} props */
export function TextField({ tools, where, label, value, class: className, ...rest }) {
  const input = (/** @type {any} */ event) => tools.designing.put(where, event.currentTarget.value);
  return html`<${Field} tools=${tools} where=${where} label=${label} class=${className}>
    <input type="text" autocomplete="off" spellcheck=${false} value=${value ?? ""} onInput=${input} ...${about(tools, where)} ...${rest} /><//>`;
}

/** A number, or none; what is typed stays as it is while it means the number. @param {Props} props */
export function NumberField({ tools, where, label, value, change, ...rest }) {
  const [typed, setTyped] = useState(`${value ?? ""}`);
  const numbered = (/** @type {string} */ text) => (text === "" ? null : Number(text));
  const put = change ?? ((/** @type {number | null} */ number) => tools.designing.put(where, number));
  const input = (/** @type {any} */ event) => {
    setTyped(event.currentTarget.value);
    put(numbered(event.currentTarget.value));
  };
  const shown = numbered(typed) === value ? typed : `${value ?? ""}`;
  return html`<${Field} tools=${tools} where=${where} label=${label}>
    <input type="number" inputmode="decimal" value=${shown} onInput=${input} ...${about(tools, where)} ...${rest} /><//>`;
}

/** @param {Props & {options: [string, string][]}} props */
export function ChoiceField({ tools, where, label, value, options, change }) {
  const put = change ?? ((/** @type {string} */ chosen) => tools.designing.put(where, chosen || null));
  return html`<${Field} tools=${tools} where=${where} label=${label}>
    <select value=${value ?? ""} onChange=${(/** @type {any} */ event) => put(event.currentTarget.value)} ...${about(tools, where)}>
      ${options.map(([key, word]) => html`<option key=${key} value=${key}>${word}</option>`)}</select><//>`;
}

/** Yes or no, with what it means. @param {{tools: Tools, where: string, label: string, value: boolean, children?: any}} props */
export function CheckField({ tools, where, label, value, children }) {
  const change = (/** @type {any} */ event) => tools.designing.put(where, event.currentTarget.checked);
  return html`<${Place} tools=${tools} where=${where}>
    <label class="check"><input type="checkbox" checked=${Boolean(value)} onChange=${change} ...${about(tools, where)} />${label}</label>
    ${children}<//>`;
}
