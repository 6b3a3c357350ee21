// Beside the form: what differs, which effect would show, what it costs, and Start.
import { html } from "../../../js/base.js";
import { PowerPlot } from "./charts.js";
import { placed } from "./designing.js";
import { Button, Diff, Fact, Quiet } from "./parts.js";
import { money, spaced, span } from "./words.js";
import { locale, many, plural, t } from "../../../js/words.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./designing.js").Fault} Fault */

/** @param {{app: App, form: import("./designing.js").Form, begin: () => void, clear: () => void}} props */
export function Weighed({ app, form, begin, clear }) {
  const { summary, faults, known, proofs } = app.now("weighed");
  if (!faults) return html`<div class="card"><${Quiet}>Working out what this costs and can find…<//></div>`;
  const { name, proof } = app.now("current");
  const asks = summary && proofs.unproved.length > 0 && proofs.paid.length > 0;
  const waits = Boolean(name) || (asks && !app.designing.unproved.value);
  return html`<div class="card">
      ${summary ? html`<${Forecast} summary=${summary} />` : html`<${Faults} faults=${faults} form=${form} />`}
      ${summary && html`<ul class="notes warnings">${summary.warnings.map((/** @type {string} */ text) => html`<li>${text}</li>`)}</ul>`}
      ${summary && known.tried > 0 && html`<p class="known">${begun(known.done, summary.trials)}</p>`}
      ${summary && proofs.unproved.length > 0 && html`<${Proofs} app=${app} proofs=${proofs} />`}
      <div class="row"><${Button} kind="main" onClick=${begin} disabled=${waits} title=${name ? t("Wait for {name}", { name }) : ""}>Start<//>
        <${Button} onClick=${clear}>Clear the form<//></div>
      ${name && !proof && html`<${Quiet}>${t("{name} is running; only one experiment runs at a time.", { name })}<//>`}</div>
    ${summary && html`<${Differences} summary=${summary} />`}
    ${
      summary &&
      Object.entries(summary.prompt_changes).map(
        ([arm, pieces]) =>
          html`<section class="card" key=${arm}><h3>${t("Prompt of {arm}, against {baseline}", { arm, baseline: summary.baseline })}</h3><${Diff} pieces=${pieces} /></section>`,
      )
    }`;
}

/** Tasks whose checks are not known to tell success from failure; where trials are paid for, it asks. @param {{app: App, proofs: any}} props */
function Proofs({ app, proofs: { unproved, paid } }) {
  const { name, proof, done, planned } = app.now("current");
  const { designing } = app;
  const agree = (/** @type {any} */ event) => {
    designing.unproved.value = event.currentTarget.checked;
  };
  return html`<details class="more proofs" open=${paid.length > 0}><summary>${t("{tasks} not proved", { tasks: many(unproved.length, "task") })}</summary>
    <p class="quiet small">A proof plays each task three ways, at no cost: doing nothing and its near miss must fail, its oracle must pass.</p>
    <ul class="notes">${unproved.map((/** @type {any} */ { task, why }) => html`<li><strong>${task}</strong>: ${why}</li>`)}</ul>
    <div class="row">${
      proof
        ? html`<span role="status">${t("Proving: {done} of {all}", { done, all: planned })}</span>
          <${Button} kind="danger" onClick=${() => app.send({ type: "cancel", experiment: proof })}>Stop<//>`
        : html`<${Button} disabled=${Boolean(name)} onClick=${() => designing.prove()}>Prove the tasks<//>`
    }</div>
    ${
      paid.length > 0 &&
      html`<label class="check"><input type="checkbox" checked=${designing.unproved.value} onChange=${agree} />${t("Pay for {models} on them all the same", { models: paid.join(", ") })}</label>`
    }</details>`;
}

/** @param {number} done @param {number} trials */
function begun(done, trials) {
  return done >= trials
    ? t("All of this has already been run; there is nothing left to start.")
    : t("This continues a study: {done} of {all} trials are done, Start runs the rest.", { done, all: trials });
}

/** @param {{faults: Fault[], form: import("./designing.js").Form}} props */
function Faults({ faults, form }) {
  return html`<p>${plural(faults.length, "{n} thing to fix before it can start:", "{n} things to fix before it can start:")}</p>
    <ul class="notes">${faults.map(({ where, text }) => html`<li>${placed(where, form)}${text}</li>`)}</ul>`;
}

/** @param {{summary: any}} props */
function Forecast({ summary }) {
  const { forecast, trials, tasks, repeats, arms, budget } = summary;
  const { detectable, worst_dollars: worst } = forecast;
  const effect =
    detectable === null
      ? t("Even a difference of 35 points in success is likely to go unseen.")
      : t("Detects a difference of {n} points or more (power 80 %) if all tasks respond alike.", {
          n: Math.round(100 * detectable),
        });
  return html`<div><dl class="factsheet">
      <${Fact} term="Trials">${trials.toLocaleString(locale())}<small>${`${arms.length} × ${tasks} × ${repeats}`}</small><//>
      <${Fact} term="Takes about">${span(forecast.seconds)}<//>
      <${Fact} term="Costs about">${money(forecast.dollars)}<small>${worst ? t("at worst {price}", { price: money(worst) }) : t("free")}</small><//>
      <${Fact} term="Hard budget">${money(budget)}<//></dl>
    <p class="effect">${effect}</p><${PowerPlot} power=${forecast.power} />
    ${forecast.sparse.length > 0 && html`<p class="quiet small">${t("If a quarter of the tasks holds the whole effect: {chances}.", { chances: sparse(forecast.sparse) })}</p>`}<p class="quiet small">${t("Basis: {basis}.", { basis: forecast.basis })}</p></div>`;
}

/** @param {[number, number][]} chances */
const sparse = (chances) =>
  chances
    .map(([effect, chance]) =>
      t("{points} points with {chance} %", { points: Math.round(100 * effect), chance: Math.round(100 * chance) }),
    )
    .join(", ");

/** @param {{summary: any}} props */
function Differences({ summary: { differing, arms, baseline } }) {
  const fields = Object.entries(differing);
  if (!fields.length)
    return html`<section class="card"><h3>What differs</h3><p class="bad">Nothing: the arms are the same.</p></section>`;
  return html`<section class="card scroll"><h3>What differs</h3><table class="plain">
    <thead><tr><th></th>${arms.map((/** @type {string} */ arm) => html`<th scope="col">${arm}${arm === baseline && html`<small> baseline</small>`}</th>`)}</tr></thead>
    <tbody>${fields.map(
      ([name, values]) =>
        html`<tr><th scope="row">${spaced(name)}</th>${arms.map(
          (/** @type {string} */ arm) =>
            html`<td class=${values[arm] !== values[baseline] ? "other" : ""}>${values[arm]}</td>`,
        )}</tr>`,
    )}</tbody></table></section>`;
}
