// One trial: how it ended and why, its steps in lanes over its pictures.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../../../js/base.js";
import { Button, Card, Empty, ExperimentPicker, Fact, Mark, Pick, Quiet } from "./parts.js";
import { timeScale } from "./scales.js";
import { LETTER, money, spaced, span } from "./words.js";
import { locale, many, t } from "../../../js/words.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {{lane: string, label: string, detail: string, begin: number, end: number, ok: boolean, picture: string}} Step */
/** @typedef {{url: string, at: number}} Picture */

/** @type {Record<string, string>} */
const LANES = {
  heard: t("Heard"),
  said: t("Said"),
  model: t("Model"),
  tools: t("Tools"),
  approvals: t("Approvals"),
  control: t("Control"),
};
const ROW = 22; // px of a lane
const LEFT = 76; // px of the lanes' names
const WIDTH = 900;
const NARROWEST = 5; // px of the shortest step

const plain = (/** @type {number} */ x) => (Number.isInteger(x) ? x.toLocaleString(locale()) : x.toFixed(2));
/** @type {Record<string, (x: number) => string>} */
const UNITS = { seconds: span, dollars: money, times: (x) => `×${x.toFixed(1)}` };

/** What is measured of a trial, and all other metrics. @param {Record<string, number>} metrics @param {import("./app.js").Measure[]} measures */
export function sorted(metrics, measures) {
  const known = measures.filter(({ name, where }) => where.includes("trial") && metrics[name] !== undefined);
  const named = new Set(known.map(({ name }) => name));
  const rest = Object.entries(metrics).filter(([name]) => !named.has(name));
  return {
    known: known.map(({ name, label, unit }) => ({ word: label, value: (UNITS[unit] ?? plain)(metrics[name]) })),
    rest: rest.map(([name, value]) => ({ word: spaced(name), value: plain(value) })),
  };
}

/** The picture that shows a step: its own, else the last until its end; -1 if there is none. @param {Picture[]} pictures @param {Step} step */
export function pictureOf(pictures, step) {
  return pictures.findLastIndex(({ url, at }) => (step.picture ? url === step.picture : at <= step.end + 0.001));
}

/** A trial's name without its task. @param {string} id */
export function rivalName(id) {
  return id
    .split("--")
    .filter((_, n) => n !== 1)
    .join(" · ");
}

/** @param {{app: App}} props */
export function Trial({ app }) {
  const seen = app.now("trial");
  if (!seen.folder || !seen.trial)
    return html`<div class="trial">${app.now("reading") ? html`<${Quiet}>Reading…<//>` : html`<${Nothing} app=${app} />`}</div>`;
  if (seen.missing) {
    const back = () => app.show({ tab: "live", experiment: seen.folder });
    return html`<div class="trial"><${Head} app=${app} seen=${seen} />
      <${Empty} title="This trial has not been run" text="It is run when the experiment goes on."><${Button} onClick=${back}>Back to the grid<//><//></div>`;
  }
  return html`<div class="trial"><${Head} app=${app} seen=${seen} /><${Verdict} seen=${seen} />
    <${Story} key=${`${seen.folder} ${seen.trial} ${seen.result.attempt} ${seen.steps.length}`} seen=${seen} />
    <div class="twin"><${Metrics} result=${seen.result} measures=${app.now("measures")} /><${Beside} app=${app} seen=${seen} /></div>
    ${
      seen.prompt &&
      html`<section class="card"><details class="more" key=${seen.trial}><summary>The system prompt as the model had it</summary><pre>${seen.prompt}</pre></details></section>`
    }</div>`;
}

/** @param {{app: App}} props */
function Nothing({ app }) {
  return html`<${Empty} title="No trial to look at yet" text="Run an experiment first; then choose a trial in its grid.">
    <${Button} kind="main" onClick=${() => app.show({ tab: "list" })}>Experiments<//><//>`;
}

/** @param {{app: App, seen: any}} props */
function Head({ app, seen }) {
  const to = (/** @type {string} */ trial) => app.show({ tab: "trial", experiment: seen.folder, trial });
  const replay = () => app.send({ type: "replay", experiment: seen.folder, trial: seen.trial });
  return html`<section class="card"><div class="row"><${ExperimentPicker} app=${app} folder=${seen.folder} tab="trial" />
    <strong class="trialname">${seen.trial.replaceAll("--", " · ")}</strong><span class="push"></span>
    <${Button} disabled=${!seen.previous} onClick=${() => to(seen.previous)}>Previous<//><${Button} disabled=${!seen.next} onClick=${() => to(seen.next)}>Next<//>
    <${Button} onClick=${() => app.show({ tab: "live", experiment: seen.folder })}>Grid<//>
    ${app.now("replay") && !seen.missing && html`<${Button} kind="main" onClick=${replay}>Replay<//>`}</div></section>`;
}

/** @param {{seen: any}} props */
function Verdict({ seen: { result: r, instruction, model } }) {
  const letter = LETTER[r.status];
  return html`<section class=${`card outcome outcome-${letter}`}>
    <div class="row"><${Mark} letter=${letter} /><strong class="big">${spaced(r.status)}</strong><span class="quiet">${t("score {score}", { score: r.score.toFixed(2) })}</span>
      ${r.attempt > 0 && html`<span class="chip">${t("try {n}", { n: r.attempt + 1 })}</span>`}<span class="chip">${model || r.arm}</span></div>
    ${instruction && html`<p class="asked">“${instruction}”</p>`}
    ${r.reason && html`<p><strong>The checker says: </strong>${r.reason}</p>`}
    ${
      r.left_out?.length > 0 &&
      html`<div class="left-out"><strong>Files in the home folder that were not kept:</strong><ul>${r.left_out.map((/** @type {string} */ line) => html`<li>${line}</li>`)}</ul></div>`
    }
    ${r.error && html`<p class="bad"><strong>${`${r.error_class || t("Error")}: `}</strong>${r.error}</p>`}
    ${r.advice && html`<p><strong>What to do: </strong>${r.advice}</p>`}</section>`;
}

/** @param {{seen: any}} props */
function Story({ seen }) {
  /** @type {Picture[]} */
  const pictures = seen.pictures;
  /** @type {Step[]} */
  const steps = seen.steps;
  const last = pictures.length - 1;
  const [shown, setShown] = useState(last);
  const [time, setTime] = useState(pictures[last]?.at ?? 0);
  const [chosen, setChosen] = useState(-1);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    if (chosen >= 0) list.current?.children[chosen]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  if (!steps.length)
    return html`<${Card} title="What happened"><${Quiet}>The session never started, so there are no events.<//><//>`;

  /** @param {number} n */
  function look(n) {
    setShown(n);
    setTime(pictures[n].at);
  }

  /** @param {number} n */
  function choose(n) {
    setChosen(n);
    const picture = pictureOf(pictures, steps[n]);
    if (picture >= 0) setShown(picture);
    setTime(steps[n].begin);
  }

  const step = steps[chosen];
  return html`<section class="card story"><h3>What happened</h3>
    <div class="scroll"><${Lanes} seen=${seen} time=${time} choose=${choose} /></div>
    <div class="pair"><figure><${Pictures} pictures=${pictures} shown=${shown} look=${look} /></figure>
      <div><ol class="steps" ref=${list}>${steps.map((each, n) => html`<li key=${n}><${StepRow} step=${each} chosen=${chosen < 0 ? undefined : n === chosen} choose=${() => choose(n)} /></li>`)}</ol>
        <div class="detail" aria-live="polite">${step && html`<strong>${step.label}</strong>${step.detail && step.detail !== step.label && html`<pre>${step.detail}</pre>`}`}</div></div></div></section>`;
}

/** @param {{pictures: Picture[], shown: number, look: (n: number) => void}} props */
function Pictures({ pictures, shown, look }) {
  const picture = pictures[shown];
  if (!picture) return html`<${Quiet}>No picture was taken.<//>`;
  return html`<img alt="The desktop as the agent saw it" src=${picture.url} />
    <input type="range" min="0" max=${pictures.length - 1} value=${shown} aria-label="Pictures" onInput=${(/** @type {any} */ event) => look(Number(event.currentTarget.value))} />
    <figcaption class="quiet">${t("Picture {n} of {all}, at {seconds} s", { n: shown + 1, all: pictures.length, seconds: picture.at.toFixed(1) })}</figcaption>`;
}

/** @param {{step: Step, chosen: boolean | undefined, choose: () => void}} props */
function StepRow({ step, chosen, choose }) {
  const current = chosen === undefined ? undefined : String(chosen);
  return html`<button type="button" class=${`step lane-${step.lane} ${step.ok ? "" : "bad"}`} aria-current=${current} onClick=${choose}>
    <time>${`${step.begin.toFixed(1)} s`}</time><span class="lane">${LANES[step.lane]}</span><span class="what">${step.label}</span></button>`;
}

/** @param {{seen: any, time: number, choose: (n: number) => void}} props */
function Lanes({ seen, time, choose }) {
  const x = timeScale(seen.seconds, LEFT, WIDTH - 10);
  const foot = seen.lanes.length * ROW + 13;
  const told = t("Timeline of {span}; the list below has every step", { span: span(seen.seconds) });
  return html`<svg viewBox=${`0 0 ${WIDTH} ${seen.lanes.length * ROW + 18}`} class="chart lanes" role="img" aria-label=${told}>
    ${seen.lanes.map(
      (/** @type {string} */ lane, /** @type {number} */ n) =>
        html`<text x="0" y=${n * ROW + 15} class="label">${LANES[lane]}</text><line x1=${LEFT} x2=${WIDTH - 10} y1=${n * ROW + 11} y2=${n * ROW + 11} class="grid" />`,
    )}
    ${seen.steps.map(
      (/** @type {Step} */ step, /** @type {number} */ n) =>
        html`<rect x=${x(step.begin)} y=${seen.lanes.indexOf(step.lane) * ROW + 4} width=${Math.max(NARROWEST, x(step.end) - x(step.begin))} height="14" rx="3"
          class=${`block lane-${step.lane} ${step.ok ? "" : "bad"}`} onClick=${() => choose(n)}><title>${`${step.begin.toFixed(1)} s  ${step.label}`}</title></rect>`,
    )}
    <line class="cursor" x1=${x(time)} x2=${x(time)} y1="0" y2=${6 * ROW} />
    <text x=${LEFT} y=${foot} class="label">0 s</text><text x=${WIDTH - 10} y=${foot} class="label" text-anchor="end">${span(seen.seconds)}</text></svg>`;
}

/** @param {{result: any, measures: import("./app.js").Measure[]}} props */
function Metrics({ result, measures }) {
  const { known, rest } = sorted(result.metrics, measures);
  const rows = [...rest, ...Object.entries(result.environment).map(([word, value]) => ({ word, value }))];
  return html`<${Card} title="Metrics"><dl class="factsheet">${known.map(({ word, value }) => html`<${Fact} term=${word}>${value}<//>`)}</dl>
    <details class="more"><summary>All metrics, and where it ran</summary>
      <table class="plain"><tbody>${rows.map(({ word, value }) => html`<tr><th scope="row">${word}</th><td>${value}</td></tr>`)}</tbody></table></details><//>`;
}

/** @param {{app: App, seen: any}} props */
function Beside({ app, seen }) {
  const rivals = Object.entries(seen.rivals);
  if (!rivals.length)
    return html`<${Card} title="Beside another try"><${Quiet}>There is no other try of this task.<//><//>`;
  const here = { tab: "trial", experiment: seen.folder };
  const options = rivals.map(([id, status]) => [id, `${rivalName(id)} (${spaced(status)})`]);
  const pick = (/** @type {string} */ other) => app.show({ ...here, trial: seen.trial, other });
  const replay = () => app.send({ type: "replay", experiment: seen.folder, trial: seen.trial, other: seen.other });
  return html`<${Card} title="Beside another try">
    <div class="row"><${Pick} label="Other try" value=${seen.other} options=${options} change=${pick} />
      <${Button} onClick=${() => app.show({ ...here, trial: seen.other })}>Open it<//>
      ${app.now("replay") && html`<${Button} onClick=${replay}>Replay both<//>`}</div>
    ${seen.parts === null ? html`<p>Both did the same actions in the same order.</p>` : html`<${Parting} parts=${seen.parts} />`}<//>`;
}

/** @param {{parts: {step: number, a: string, b: string}}} props */
function Parting({ parts: { step, a, b } }) {
  const row = (/** @type {string} */ who, /** @type {string} */ did) =>
    html`<tr><th scope="row">${who}</th><td class="code">${did || t("had ended")}</td></tr>`;
  return html`<div><p>${step ? t("They share {steps}, then:", { steps: many(step, "step") }) : t("They differ from the start:")}</p>
    <table class="plain"><tbody>${row(t("This one"), a)}${row(t("The other"), b)}</tbody></table></div>`;
}
