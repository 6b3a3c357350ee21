// One experiment's trials: a grid that fills up, small pictures of what runs, and Stop.
import { useMemo, useRef, useState } from "preact/hooks";
import { html } from "../../../js/base.js";
import { Button, Counted, Empty, ExperimentPicker, Mark, Quiet } from "./parts.js";
import { firstToSee, goOn, inWords, money, STATUS, span, tally, worst } from "./words.js";
import { locale, many, t } from "../../../js/words.js";

/** @typedef {import("./app.js").App} App */

/** @type {Record<string, string>} */
const PHASES = {
  preparing: t("Starting desktops…"),
  running: t("Running"),
  stopping: t("Stopping…"),
  failed: t("Could not run"),
  elsewhere: t("Run by another process"),
};
const ACTIVE = ["preparing", "running", "stopping"];
const MOST_MARKS = 6; // tries of a cell that are shown one by one

/** What is said of the whole, and which ways on there are. @param {any} live */
export function standing(live) {
  const active = ACTIVE.includes(live.phase);
  const whole = live.to_do <= live.errors;
  const phase = PHASES[live.phase] ?? (whole ? t("Finished") : t("Not finished"));
  return { active, whole, phase, resumes: !active && live.to_do > 0 && live.phase !== "elsewhere" };
}

/** What there is to know besides, the error first. @param {any} live @param {boolean} active @returns {string[]} */
export function notesOf(live, active) {
  const half = live.half_written && !active;
  return [
    ...(live.error ? [live.error] : []),
    ...live.notes,
    ...(half ? [t("{trials} incomplete: Go on runs them again.", { trials: many(live.half_written, "trial") })] : []),
  ];
}

/** @param {{app: App}} props */
export function Live({ app }) {
  const live = app.now("live");
  if (live.folder) return html`<div class="live"><${Board} key=${live.folder} app=${app} live=${live} /></div>`;
  if (app.now("reading")) return html`<div class="live"><${Quiet}>Reading…<//></div>`;
  return html`<div class="live"><${Empty} title="Nothing to watch yet" text="Design an experiment; here you will see every trial as it runs.">
    <${Button} kind="main" onClick=${() => app.show({ tab: "design" })}>Design an experiment<//><//></div>`;
}

/** @param {{app: App, live: any}} props */
function Board({ app, live }) {
  const letters = live.rows.map((/** @type {any} */ row) => row.cells.join("")).join("");
  const ended = [...letters].filter((letter) => "pfle".includes(letter)).length;
  const { active } = standing(live);
  const { spent, budget } = live;
  return html`<div aria-label=${live.name}>
    <section class="card"><${Controls} app=${app} live=${live} ended=${ended} />
      <div class="meters">
        <${Meter} label="Trials" share=${ended / live.planned} text=${t("{n} of {all}", { n: ended.toLocaleString(locale()), all: live.planned.toLocaleString(locale()) })} />
        <${Meter} label="Spent" share=${budget ? spent / budget : 0} text=${budget ? t("{n} of {all}", { n: money(spent), all: money(budget) }) : t("{spent}, no budget needed", { spent: money(spent) })} /></div>
      <p class="counts">${tally(letters).map(([letter, n]) => html`<${Counted} letter=${letter}>${`${n} ${STATUS[letter]}`}<//>`)}</p>
      <ul class="notes">${notesOf(live, active).map((text, n) => html`<li class=${live.error && !n ? "bad" : ""}>${text}</li>`)}</ul></section>
    <${Running} app=${app} live=${live} /><${Grid} app=${app} live=${live} /></div>`;
}

/** @param {{app: App, live: any, ended: number}} props */
function Controls({ app, live, ended }) {
  const { folder } = live;
  const { active, whole, phase, resumes } = standing(live);
  const current = app.now("current");
  const other = Boolean(current.name && current.folder !== folder);
  const send = (/** @type {string} */ type) => app.send({ type, experiment: folder });
  return html`<div class="row"><${ExperimentPicker} app=${app} folder=${folder} tab="live" />
    <strong class=${`phase phase-${live.phase}`} role="status">${phase}</strong>
    <span class="quiet">${active && span(live.seconds)}</span><span class="push"></span>
    ${active && html`<${Button} kind="danger" disabled=${live.phase === "stopping"} onClick=${() => send("cancel")}>Stop<//>`}
    ${
      resumes &&
      html`<${Button} kind=${whole ? "" : "main"} disabled=${other} title=${other ? t("Wait for {name}", { name: current.name }) : ""}
        onClick=${() => app.resume(folder)}>${goOn(live)}<//>`
    }
    ${live.phase === "elsewhere" && html`<${Button} onClick=${() => app.send({ type: "refresh" })}>Refresh<//>`}
    <${Button} disabled=${!ended} onClick=${() => app.show({ tab: "compare", experiment: folder })}>Compare<//>
    <${Button} onClick=${() => send("copy")}>Copy design<//></div>`;
}

/** @param {{label: string, share: number, text: string}} props */
function Meter({ label, share, text }) {
  return html`<div class="meter"><span>${label}</span>
    <div class="track" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.round(100 * share)} aria-valuetext=${text}>
      <span class="fill" style=${{ width: `${Math.min(100, 100 * share)}%` }}></span></div>
    <span class="quiet">${text}</span></div>`;
}

/** @param {{app: App, live: any}} props */
function Running({ app, live }) {
  const pictures = app.now("pictures");
  return html`<div class="running" aria-label="Running now" hidden=${!live.running.length}>${live.running.map(
    (/** @type {any} */ trial) =>
      html`<${Thumb} key=${trial.id} trial=${trial} picture=${pictures[trial.id]}
        stop=${() => app.send({ type: "stop_trial", experiment: live.folder, trial: trial.id })} />`,
  )}</div>`;
}

/** @param {{trial: any, picture: string | undefined, stop: () => void}} props */
function Thumb({ trial, picture, stop }) {
  const [last, setLast] = useState(picture); // one that is not told again stays
  if (picture && picture !== last) setLast(picture);
  const shown = picture || last;
  const detail = [trial.detail, span(trial.seconds), trial.dollars ? money(trial.dollars) : ""];
  return html`<figure class="thumb"><div class="screen">
      ${shown && html`<img alt="" width="320" height="200" src=${`data:image/jpeg;base64,${shown}`} />`}</div>
    <figcaption><strong>${trial.task}</strong><span class="chip">${trial.arm}</span><span class="state">${trial.state}</span>
      <span class="quiet">${detail.filter(Boolean).join(" · ")}</span>
      <${Button} aria-label=${t("Stop {task}, {arm}", { task: trial.task, arm: trial.arm })} onClick=${stop}>Stop trial<//></figcaption></figure>`;
}

/** Tasks by arms. Arrow keys move about; Enter opens the trial. @param {{app: App, live: any}} props */
function Grid({ app, live }) {
  const table = useRef(/** @type {HTMLElement | null} */ (null));
  const [at, setAt] = useState(0);
  /** @type {string[]} */
  const arms = live.arms;

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: arms.length, ArrowUp: -arms.length }[event.key];
    const cells = [...(table.current?.querySelectorAll("button") ?? [])];
    const here = cells.indexOf(/** @type {HTMLButtonElement} */ (event.target));
    const next = cells[here + (step ?? 0)];
    if (here < 0 || !step || !next) return;
    setAt(here + step);
    next.focus();
    event.preventDefault();
  }

  /** @param {number} r @param {number} c */
  function open(r, c) {
    const { task, cells } = app.now("live").rows[r];
    const trial = `${arms[c]}--${task}--${String(firstToSee(cells[c])).padStart(3, "0")}`;
    app.show({ tab: "trial", experiment: live.folder, trial });
  }

  return html`<section class="card scroll"><table class="grid" ref=${table} onKeyDown=${onKey}>
    <thead><tr><th scope="col">Task</th>${arms.map((arm) => html`<th scope="col">${arm}</th>`)}<th scope="col" class="words">What is asked</th></tr></thead>
    <tbody>${live.rows.map(
      (/** @type {any} */ row, /** @type {number} */ r) =>
        html`<tr key=${row.task}><th scope="row">${row.task}</th>${arms.map(
          (arm, c) =>
            html`<${Cell} key=${arm} task=${row.task} arm=${arm} letters=${row.cells[c]} at=${r * arms.length + c === at} open=${() => open(r, c)} />`,
        )}<td class="words">${row.words}</td></tr>`,
    )}</tbody></table></section>`;
}

/** Drawn again only when its trials stand otherwise: there may be thousands. @param {{task: string, arm: string, letters: string, at: boolean, open: () => void}} props */
function Cell({ task, arm, letters, at, open }) {
  return useMemo(() => {
    const words = inWords(letters);
    const shown =
      letters.length > MOST_MARKS
        ? html`<${Mark} letter=${worst(letters)} />${`${letters.split("p").length - 1}/${letters.length}`}`
        : [...letters].map((letter) => html`<${Mark} letter=${letter} />`);
    return html`<td><button type="button" class="cell" tabindex=${at ? 0 : -1} title=${words} aria-label=${`${task}, ${arm}: ${words}`}
      disabled=${![...letters].some((letter) => !"rq.".includes(letter))} onClick=${open}>${shown}</button></td>`;
  }, [task, arm, letters, at]);
}
