// Two arms task by task: what was fixed, what was broken, by how much, and at what price.
import { useState } from "preact/hooks";
import { html } from "../../../js/base.js";
import { CostPlot, Interval, PairDots, TimeBars } from "./charts.js";
import { Button, Card, Empty, ExperimentPicker, HeadRow, Mark, Pick, Quiet } from "./parts.js";
import { chance, money, points, range, STATUS, spaced } from "./words.js";
import { locale, many, plural, t } from "../../../js/words.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").Measure} Measure */
/** @typedef {import("./words.js").Letter} Letter */
/** @typedef {{tries: number, passed: number, letters: string, trials: string[], rate: number | null, reason: string}} Side */
/** @typedef {"fixed" | "better" | "same" | "worse" | "broken" | "missing"} Change */
/** @typedef {{task: string, change: Change, difference: number | null, a: Side, b: Side}} Task */

/** @type {Record<Change, [string, string]>} */
const CHANGES = {
  fixed: [t("Fixed"), "▲"],
  better: [t("Better"), "△"],
  same: [t("Same"), "="],
  worse: [t("Worse"), "▽"],
  broken: [t("Broken"), "▼"],
  missing: [t("No try"), "–"],
};
const ORDER = ["broken", "worse", "fixed", "better", "same", "missing"];

/** The worst first. @param {Task[]} tasks */
export function ordered(tasks) {
  return [...tasks].sort(
    (x, y) => ORDER.indexOf(x.change) - ORDER.indexOf(y.change) || (x.difference ?? 0) - (y.difference ?? 0),
  );
}

/** What changed, in words and a sign. Where one side had nothing but errors, nothing is said of the arms. @param {Pick<Task, "a" | "b" | "change">} task */
export function changeOf({ a, b, change }) {
  const errors = [a, b].some((side) => side.letters && [...side.letters].every((letter) => letter === "e"));
  const [word, sign] = errors ? [t("Errors only"), "!"] : CHANGES[change];
  return { kind: errors ? "same" : change, word, sign };
}

const NONE = {
  new: t("No trial has ended yet."),
  errors: t("Nothing was measured: no trial says anything about an arm."),
};

/** @param {{app: App}} props */
export function Compare({ app }) {
  const c = app.now("compare");
  if (!c.folder)
    return html`<div class="compare">${app.now("reading") ? html`<${Quiet}>Reading…<//>` : html`<${Nothing} app=${app} />`}</div>`;
  const p = c.pairing;
  const none =
    c.arms.length < 2 ? t("This experiment has one arm only: nothing is compared.") : NONE[c.errors ? "errors" : "new"];
  const paid = c.points.some((/** @type {any} */ point) => point.dollars.value > 0);
  return html`<div class="compare"><${Head} app=${app} c=${c} />
    ${p ? html`<${Answer} p=${p} measures=${app.now("measures")} /><${Tasks} app=${app} folder=${c.folder} p=${p} />` : html`<p class="card">${none}</p>`}
    <div class="twin"><${Card} title=${paid ? t("Success and cost") : t("Success and time")}><${CostPlot} points=${c.points} /><//>
      <${Card} title="What a trial's time went to"><${TimeBars} points=${c.points} /><//></div>
    ${c.arms.length > 1 && html`<${Gates} key=${c.folder} app=${app} c=${c} />`}<${Arms} c=${c} />${c.amendments.length > 0 && html`<${Amendments} c=${c} />`}</div>`;
}

const OUTCOMES = /** @type {Record<string, Letter>} */ ({ passed: "p", failed: "f", undecided: "." });

/** Every arm held against a limit, as for CI. @param {{app: App, c: any}} props */
function Gates({ app, c }) {
  const [least, setLeast] = useState("-5");
  const found = app.now("gate");
  const arms = found.folder === c.folder ? (found.arms ?? []) : [];
  const typed = (/** @type {any} */ event) => setLeast(event.currentTarget.value);
  const points = least.trim() === "" ? null : Number(least);
  const hold = () => app.send({ type: "gate", experiment: c.folder, points });
  return html`<section class="card gate"><h3>Tested against a limit</h3>
    <div class="row"><label class="pick"><span>Smallest difference in success, points</span>
        <input type="number" step="any" min="-100" max="100" value=${least} onInput=${typed} /></label>
      <${Button} onClick=${hold}>Test<//><span class="push"></span>
      ${arms.length > 0 && html`<a class="button" href=${`lab/${c.folder}/gate.xml?points=${found.points}`} download="">For CI (JUnit)</a>`}</div>
    <ul class="gates" role="status">${arms.map(
      ({ outcome, words }) =>
        html`<li><${Mark} letter=${OUTCOMES[outcome]} /><strong>${outcome}</strong>: ${words}</li>`,
    )}</ul>
    <p class="quiet small">An arm passes if the lower end of its interval is no worse than this: -5 allows five points below the baseline, 0 none.</p></section>`;
}

/** @param {{c: any}} props */
function Amendments({ c }) {
  const day = (/** @type {number} */ at) => new Date(1000 * at).toLocaleString(locale());
  return html`<section class="card scroll"><h3>How the design was changed</h3>
    <table class="plain"><${HeadRow} words=${[t("When"), t("Trials done by then"), t("What changed")]} />
    <tbody>${c.amendments.map(
      (/** @type {any} */ one) =>
        html`<tr key=${one.at}><td>${day(one.at)}</td><td>${one.trials}</td><td>${one.changes.join("; ")}</td></tr>`,
    )}</tbody></table></section>`;
}

/** @param {{app: App}} props */
function Nothing({ app }) {
  return html`<${Empty} title="Nothing to compare yet" text="Run an experiment first.">
    <${Button} kind="main" onClick=${() => app.show({ tab: "design" })}>Design an experiment<//><//>`;
}

/** @param {{app: App, c: any}} props */
function Head({ app, c }) {
  const p = c.pairing;
  const show = (/** @type {{a?: string, b?: string}} */ change) =>
    app.show({ tab: "compare", experiment: c.folder, a: p?.a, b: p?.b, ...change });
  /** @type {[string, string][]} */
  const names = c.arms.map((/** @type {string} */ arm) => [arm, arm]);
  const others = names.filter(([arm]) => arm !== p?.a);
  const report = (/** @type {string} */ kind, /** @type {string} */ words) =>
    html`<a class="button" href=${`lab/${c.folder}/report.${kind}`} download="">${words}</a>`;
  const early = t("{done} of {all} trials are done. Looking early makes p too small; this look is recorded", {
    done: c.tried,
    all: c.planned,
  });
  return html`<section class="card"><div class="row"><${ExperimentPicker} app=${app} folder=${c.folder} tab="compare" />
      ${
        p &&
        c.arms.length > 2 &&
        html`<${Pick} label="Arm" value=${p.b} options=${others} change=${(/** @type {string} */ b) => show({ b })} />
          <${Pick} label="against" value=${p.a} options=${names} change=${(/** @type {string} */ a) => show({ a, b: a === p.b ? p.a : p.b })} />`
      }
      <span class="push"></span>${report("html", t("Report (HTML)"))}${report("md", t("Report (Markdown)"))}</div>
    ${c.hypothesis && html`<p class="hypothesis">${c.hypothesis}</p>`}
    ${c.tried < c.planned - c.errors && html`<p class="known">${early}${c.looks > 1 ? ` (number ${c.looks}).` : "."}</p>`}
    ${
      c.outdated > 0 &&
      html`<p class="known">${plural(c.outdated, "{n} verdict is of a check that has been corrected since.", "{n} verdicts are of checks that have been corrected since.")}
        <${Button} onClick=${() => app.send({ type: "rescore", experiment: c.folder })}>Judge again<//></p>`
    }</section>`;
}

/** @param {{p: any, measures: Measure[]}} props */
function Answer({ p, measures }) {
  const e = p.success;
  const words = `${points(e.value)}${e.low === null ? "" : `, from ${points(e.low)} to ${points(e.high)}`}`;
  const within = e.low === null ? t("no interval") : `95 %: ${points(e.low)} to ${points(e.high)}`;
  const holm = e.p_holm !== null && e.p_holm !== e.p ? `, corrected ${e.p_holm.toFixed(3)}` : "";
  const ratios = measures.map((measure) => ({ measure, r: p.ratios[measure.name] }));
  return html`<section class="card answer"><p class="verdict">${p.verdict}</p>
    <div class="measure"><div><strong>${t("Success, {b} minus {a}", { a: p.a, b: p.b })}</strong><span class="big">${points(e.value)}</span>
        <small>${`${within}; ${e.method}, ${many(e.tasks, "task")}`}</small><small>${`${chance(e.p)}${holm} (${e.test})`}</small>
        ${e.note && html`<small>${e.note}</small>`}</div>
      <${Interval} found=${e} words=${words} title="Difference in success" /></div>
    ${ratios.map(({ measure, r }) => r && r.value !== null && html`<${Ratio} key=${measure.name} measure=${measure} r=${r} p=${p} />`)}
    ${p.notes.length > 0 && html`<ul class="notes">${p.notes.map((/** @type {string} */ note) => html`<li>${note}</li>`)}</ul>`}</section>`;
}

/** @param {{measure: Measure, r: any, p: any}} props */
function Ratio({ measure: { label, better }, r, p }) {
  const title = `${label}, ${p.b} ÷ ${p.a}`;
  const value = `×${r.value.toFixed(2)}`;
  const within = r.low === null ? t("no interval") : `95 %: ×${r.low.toFixed(2)} to ×${r.high.toFixed(2)}`;
  return html`<div class="measure"><div><strong>${title}</strong><span class="big">${value}</span><small>${`${within}; ${chance(r.p)}`}</small></div>
    <${Interval} found=${r} ratio=${true} better=${better} words=${value} title=${label} /></div>`;
}

/** @param {{app: App, folder: string, p: any}} props */
function Tasks({ app, folder, p }) {
  const list = (/** @type {string} */ name, /** @type {string[]} */ ids) =>
    html`<p><strong>${name}: </strong>${ids.length ? ids.join(", ") : "none"}</p>`;
  const open = (/** @type {string} */ trial) => app.show({ tab: "trial", experiment: folder, trial });
  const head = (/** @type {any} */ words) => html`<th scope="col">${words}</th>`;
  const both = html`<span class="dots"><i class="key key-a"></i>${p.a}<i class="key key-b"></i>${p.b}</span>`;
  return html`<section class="card scroll"><h3>Task by task</h3>${list(t("Fixed by {arm}", { arm: p.b }), p.fixed)}${list(t("Broken by {arm}", { arm: p.b }), p.broken)}
    <table class="plain pairs"><thead><tr>${[t("Task"), t("Change"), both, p.a, p.b, t("Evidence against it")].map(head)}</tr></thead>
      <tbody>${ordered(p.tasks).map((task) => html`<${TaskRow} key=${task.task} task=${task} p=${p} open=${open} />`)}</tbody></table></section>`;
}

/** @param {{task: Task, p: any, open: (trial: string) => void}} props */
function TaskRow({ task, p, open }) {
  const { a, b } = task;
  const { kind, word, sign } = changeOf(task);
  const reason = b.reason ? `${p.b}: ${b.reason}` : a.reason ? `${p.a}: ${a.reason}` : "";
  return html`<tr><th scope="row">${task.task}</th>
    <td><span class=${`change ${kind}`}><i aria-hidden="true">${sign}</i>${word}</span></td>
    <td><${PairDots} a=${a.rate} b=${b.rate} change=${task.change} /></td>
    <${Tries} side=${a} arm=${p.a} open=${open} /><${Tries} side=${b} arm=${p.b} open=${open} /><td class="reason">${reason}</td></tr>`;
}

/** @param {{side: Side, arm: string, open: (trial: string) => void}} props */
function Tries({ side, arm, open }) {
  const letters = /** @type {Letter[]} */ ([...side.letters]);
  return html`<td class="tries">${side.tries ? html`<span class="rate">${`${side.passed}/${side.tries}`}</span>` : "–"}
    ${letters.map(
      (letter, n) =>
        html`<button type="button" class="try" aria-label=${`${arm}, try ${n + 1}: ${STATUS[letter]}`}
          onClick=${() => open(side.trials[n])}><${Mark} letter=${letter} /></button>`,
    )}</td>`;
}

/** @param {{c: any}} props */
function Arms({ c }) {
  const words = [
    t("Arm"),
    t("Success (errors left out)"),
    t("US$ a trial"),
    t("US$ a success"),
    t("How its trials ended"),
  ];
  const ended = (/** @type {string} */ arm) =>
    Object.entries(c.statuses[arm] ?? {}).map(([status, n]) => `${n} ${spaced(status)}`);
  return html`<section class="card scroll"><h3>Every arm</h3><table class="plain"><${HeadRow} words=${words} />
    <tbody>${c.points.map(
      (/** @type {any} */ p) =>
        html`<tr key=${p.arm}><th scope="row">${p.arm}</th><td>${range(p.success)}</td><td>${money(p.dollars.value)}</td>
          <td>${money(p.dollars_per_success)}</td><td>${ended(p.arm).join(", ") || "–"}</td></tr>`,
    )}</tbody></table>
    <p class="quiet small">Errors are ours (desktop, service, checker) and say nothing about the arm; they are tried again when the experiment continues.</p></section>`;
}
