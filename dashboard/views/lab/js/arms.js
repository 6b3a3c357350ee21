// One arm of a design: what is asked of which model with which prompt.
import { html } from "../../../js/base.js";
import { reworded, textState } from "./designing.js";
import { about, ChoiceField, Field, NumberField, Place, TextField } from "./fields.js";
import { Button } from "./parts.js";
import { t } from "../../../js/words.js";

/** @typedef {import("./designing.js").Arm} Arm */
/** @typedef {import("./fields.js").Tools} Tools */
/** @typedef {{tools: Tools, arm: Arm, n: number}} Props */

const OWN = "own"; // a prompt whose text is no version's
const APPROVALS = [
  ["allow", t("always allow")],
  ["deny", t("always deny")],
  ["script", t("the task's script")],
];
const EFFORTS = [
  ["", t("default")],
  ["low", t("low")],
  ["medium", t("medium")],
  ["high", t("high")],
  ["xhigh", t("extra high")],
  ["max", t("maximum")],
];
const NARRATION = [
  ["", t("as its prompt says, unheard")],
  ["announce-then-act", t("announce, then act")],
  ["act-while-speaking", t("act while speaking")],
  ["report-after", t("report afterwards")],
];

/** @param {Props} props */
export function ArmCard({ tools, arm, n }) {
  const { choices, form, designing } = tools;
  /** @param {keyof Arm} name @param {string} label */
  const field = (name, label, more = {}) => ({ tools, where: `arms.${n}.${name}`, label, value: arm[name], ...more });
  const remove = () => designing.change({ ...form, arms: form.arms.filter((_, at) => at !== n) });
  return html`<fieldset class="arm"><legend>${arm.name || "unnamed"}</legend>
    <div class="fields">
      <${TextField} ...${field("name", t("Name"))} maxlength="60" />
      <${TextField} ...${field("model", t("Model"))} class="model" list=${`models-${n}`} />
      <datalist id=${`models-${n}`}>${choices.models.map((model) => html`<option value=${model}></option>`)}</datalist>
      <${PromptField} tools=${tools} arm=${arm} n=${n} />
      <${ChoiceField} ...${field("phrasing", t("Task's wording"))} options=${choices.phrasings.map((each) => [each, each])} />
    </div>
    <${PromptText} tools=${tools} arm=${arm} n=${n} />
    <details class="more"><summary>Effort, narration, tools, approvals, screen, limit</summary><div class="fields">
      <${ChoiceField} ...${field("effort", t("Effort"))} options=${EFFORTS} />
      <${ChoiceField} ...${field("narration", t("Narration"))} options=${NARRATION} />
      <${ChoiceField} ...${field("approvals", t("Approvals"))} options=${APPROVALS} />
      <${NumberField} ...${field("max_dollars", t("Limit of one trial, US$"))} min="0.01" step="0.1" />
      <${NumberField} ...${field("width", t("Screen's width"))} min="640" max="1920" step="1" />
      <${NumberField} ...${field("height", t("Screen's height"))} min="480" max="1200" step="1" />
      <${TextField} ...${field("instruction", t("Template around the wording"))} />
      <${ToolBoxes} tools=${tools} arm=${arm} n=${n} />
    </div></details>
    ${form.arms.length > 1 && html`<${Button} aria-label=${t("Remove arm {name}", { name: arm.name })} onClick=${remove}>Remove<//>`}
  </fieldset>`;
}

/** @param {Tools} tools @param {number} n @param {Arm} arm @param {string} where */
function replace({ designing, form }, n, arm, where) {
  designing.change({ ...form, arms: form.arms.map((each, at) => (at === n ? arm : each)) }, where);
}

/** @param {Props} props */
function PromptField({ tools, arm, n }) {
  const { prompts } = tools.choices;
  const where = `arms.${n}.prompt`;
  const known = prompts.find((prompt) => prompt.text === arm.prompt_text);
  const options = prompts.map(({ name, hash, uses }) => [
    hash,
    `${name} · ${hash.slice(0, 8)}${uses ? ` · used ${uses}×` : ""}`,
  ]);
  if (!known) options.push([OWN, t("{name} (changed here)", { name: arm.prompt })]);
  const change = (/** @type {string} */ hash) => {
    const chosen = prompts.find((prompt) => prompt.hash === hash);
    if (chosen) replace(tools, n, { ...arm, prompt: chosen.name, prompt_text: chosen.text }, where);
  };
  return html`<${ChoiceField} tools=${tools} where=${where} label="Prompt" value=${known?.hash ?? OWN} options=${options} change=${change} />`;
}

/** @param {Props} props */
function PromptText({ tools, arm, n }) {
  const { choices, form } = tools;
  const where = `arms.${n}.prompt_text`;
  const state = textState(form, n, choices.prompts);
  const input = (/** @type {any} */ event) =>
    replace(tools, n, reworded(arm, choices.prompts, event.currentTarget.value), where);
  return html`<details class="more prompt-text"><summary>${t("Prompt's text")}${state && html`<span class="quiet"> (${state})</span>`}</summary>
    <${Field} tools=${tools} where=${where} label="Text; its hash names the version">
      <textarea rows="10" spellcheck=${true} value=${arm.prompt_text} onInput=${input} ...${about(tools, where)}></textarea><//></details>`;
}

/** @param {Props} props */
function ToolBoxes({ tools, arm, n }) {
  const known = tools.choices.tools;
  const where = `arms.${n}.tools`;
  const toggle = (/** @type {string} */ tool, /** @type {boolean} */ on) => {
    const chosen = known.map(({ value }) => value).filter((t) => (t === tool ? on : arm.tools.includes(t)));
    tools.designing.put(where, chosen);
  };
  return html`<${Place} tools=${tools} where=${where}><span class="label">Tools</span>
    <div class="row">${known.map(
      ({ value, label }) =>
        html`<label class="check"><input type="checkbox" checked=${arm.tools.includes(value)}
          onChange=${(/** @type {any} */ event) => toggle(value, event.currentTarget.checked)} />${label}</label>`,
    )}</div><//>`;
}
