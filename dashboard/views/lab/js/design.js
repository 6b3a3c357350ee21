// A new experiment: arms, tasks, repeats on one side; what it costs and can find on the other.
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../../../js/base.js";
import { ArmCard } from "./arms.js";
import { copyArm } from "./designing.js";
import { CheckField, ChoiceField, NumberField, Place, TextField } from "./fields.js";
import { Button, Card, Quiet } from "./parts.js";
import { TaskPicker } from "./tasks.js";
import { Weighed } from "./weighed.js";
import { t } from "../../../js/words.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./designing.js").Form} Form */
/** @typedef {import("./fields.js").Tools} Tools */

const MOST_ARMS = 8;
const PRIMARY = [
  ["success", t("Success")],
  ["score", t("Score")],
];

/** @param {{app: App}} props */
export function Design({ app }) {
  const { designing } = app;
  const choices = app.now("choices");
  const given = app.now("form");
  const ready = Boolean(choices.tasks);
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const tried = designing.tried.value;
  const started = useRef(tried);
  useLayoutEffect(() => {
    if (ready) designing.take(choices, given);
  }, [choices, given]);
  const proof = app.now("current").proof;
  const proved = useRef(proof);
  useLayoutEffect(() => {
    if (proved.current && !proof) designing.check();
    proved.current = proof;
  }, [proof]);
  useLayoutEffect(() => {
    if (tried > started.current) start();
    started.current = tried;
  }, [tried]);

  /** Goes to the first fault that is shown now; else it begins. */
  function start() {
    const first = root.current?.querySelector(".wrong");
    if (!first) return designing.begin(designing.unproved.peek());
    first.scrollIntoView({ block: "center" });
    /** @type {HTMLElement | null} */ (first.querySelector("input, select, textarea, button"))?.focus();
  }

  const form = designing.form.value;
  if (!ready || !form) return html`<div class="design"><${Quiet}>Reading prompts and tasks…<//></div>`;
  const begin = () => {
    designing.tried.value += 1;
  };
  const tools = { designing, choices, form, faults: app.now("weighed").faults ?? [] };
  return html`<div class="design"><div class="form" ref=${root}><${Question} tools=${tools} measures=${app.now("measures")} /><${Arms} tools=${tools} />
      <${Card} title="Tasks"><${Place} tools=${tools} where="tasks" /><${TaskPicker} tools=${tools} /><//>
      <${Extent} tools=${tools} /></div>
    <aside class="side" aria-label="Cost and power">
      <${Weighed} app=${app} form=${form} begin=${begin} clear=${() => designing.clear(choices)} /></aside></div>`;
}

/** @param {{tools: Tools, measures: import("./app.js").Measure[]}} props */
function Question({ tools, measures }) {
  const { form } = tools;
  const [first, ...others] = form.arms.map((arm) => arm.name);
  const baselines = [["", `${first || t("the first arm")} (first)`], ...others.map((name) => [name, name])];
  const compared = measures.filter((measure) => measure.compared).map(({ name, label }) => [name, label]);
  return html`<${Card} title="Question"><div class="fields">
      <${TextField} tools=${tools} where="name" label="Name" value=${form.name} placeholder="careful-clicks" maxlength="60" />
      <${ChoiceField} tools=${tools} where="primary" label="What counts" value=${form.primary} options=${[...PRIMARY, ...compared]} />
      <${ChoiceField} tools=${tools} where="baseline" label="Compared with" value=${form.baseline} options=${baselines} /></div>
    <${TextField} tools=${tools} where="hypothesis" label="What you expect, written down before you look" value=${form.hypothesis}
      placeholder="Asking for a look before each click lowers misclicks." /><//>`;
}

/** @param {{tools: Tools}} props */
function Arms({ tools }) {
  const { form, designing } = tools;
  const add = () => designing.change({ ...form, arms: [...form.arms, copyArm(form.arms)] });
  return html`<section class="card"><div class="row"><h3>Arms</h3><span class="quiet push">The new arm is a copy: change one thing.</span></div>
    <${Place} tools=${tools} where="arms" />
    <div class="arms">${form.arms.map((arm, n) => html`<${ArmCard} key=${n} tools=${tools} arm=${arm} n=${n} />`)}</div>
    <${Button} disabled=${form.arms.length >= MOST_ARMS} onClick=${add}>Add an arm<//></section>`;
}

/** @param {{tools: Tools}} props */
function Extent({ tools }) {
  const { form, designing, choices } = tools;
  return html`<${Card} title="Repeats and budget"><div class="fields">
    <${NumberField} tools=${tools} where="repeats" label="Repeats of every task" value=${form.repeats} min="1" max="1000" step="1" />
    <${NumberField} tools=${tools} where="budget" label="Budget for everything, US$" value=${form.budget} min="0" step="0.5" />
    <${NumberField} tools=${tools} where="slots" label="Desktops at once" value=${designing.slots.value || null} min="1" max=${choices.cores} step="1"
      change=${(/** @type {number | null} */ slots) => designing.allow(slots)} /></div>
    <${CheckField} tools=${tools} where="sequential" label="Look, and stop, whenever I like (sequential)" value=${form.sequential}>
      <p class="quiet">Declared in advance: tasks run one after another with all their repeats, and the test stays valid however often you look. It detects less with the same number of trials.</p><//><//>`;
}
