// Exports: made by the server, with progress, then fetched; all of them gather in one menu.
import { batch, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../../../js/base.js";
import { Menu } from "./menu.js";
import { bytes } from "./words.js";
import { t } from "../../../js/words.js";

/** @typedef {{url: string, filename: string, bytes: number, note?: string}} Made */
/**
 * @typedef {object} Job
 * @property {number} n
 * @property {string} words What is made, of what.
 * @property {string} label
 * @property {boolean} running Its end is not known.
 * @property {number} share
 * @property {string} error
 * @property {Made | null} made
 * @property {boolean} fetches Whether it comes down by itself.
 */
/** @typedef {(message: {type: string, [field: string]: unknown}) => boolean} Send */

const FORMATS = [
  ["folder", t("Folder (.zip)"), t("Everything: events, pictures, prompt. Can be imported again.")],
  ["notebook", t("Notebook (.zip)"), t("The folder with a notebook that replays and dissects it.")],
  ["gif", "GIF", t("Moving pictures with captions, for a page or a message.")],
  ["mp4", t("MP4 video"), t("The same as a video: sharper and smaller.")],
];

let numbers = 0;

/** What the menu is called that gathers the exports. @param {Pick<Job, "running" | "share" | "error">[]} jobs */
export function gathering(jobs) {
  const running = jobs.filter((job) => job.running);
  if (running.length) {
    const share = running.reduce((sum, job) => sum + job.share, 0) / running.length;
    return t("Making… {share} %", { share: Math.round(100 * share) });
  }
  const bad = jobs.filter((job) => job.error).length;
  return bad ? t("Downloads ({n} failed)", { n: bad }) : t("Downloads ({n})", { n: jobs.length });
}

/** The exports that this page knows. */
export class Exporter {
  jobs = signal(/** @type {Job[]} */ ([]));
  mp4 = signal(false);
  choosing = signal(false); // the menu of formats is open
  gathered = signal(false); // the menu of exports is open
  name = "";
  title = "";

  /** @param {Send} send */
  constructor(send) {
    this.send = send;
  }

  /** What is exported. @param {string} name @param {string} title */
  of(name, title) {
    this.name = name;
    this.title = title;
  }

  /** The server still has these of earlier: this page may have been reloaded since. @param {Made[]} files */
  kept(files) {
    const shown = new Set(this.jobs.peek().map(({ made }) => made?.url));
    const more = files
      .filter(({ url }) => !shown.has(url))
      .map((made) => {
        numbers += 1;
        return { n: numbers, words: "", label: "", running: false, share: 1, error: "", made, fetches: false };
      });
    if (more.length) this.jobs.value = [...this.jobs.peek(), ...more];
  }

  /** Those whose end is not known here. */
  get running() {
    return this.jobs
      .peek()
      .filter(({ running }) => running)
      .map(({ n }) => n);
  }

  /** @param {string} format @param {string} label */
  start(format, label) {
    numbers += 1;
    const n = numbers;
    if (!this.send({ type: "export", n, name: this.name, format, title: this.title })) return;
    const words = `${label} of “${this.title}”`;
    const job = { n, words, label, running: true, share: 0, error: "", made: null, fetches: true };
    batch(() => {
      this.choosing.value = false;
      this.jobs.value = [job, ...this.jobs.peek()];
    });
  }

  /** How one stands; its end may be told once more after a gap. @param {{n: number, share?: number, error?: string} & Made} told */
  told({ n, share, error, ...made }) {
    if (!this.running.includes(n)) return;
    if (share !== undefined) return this.#change(n, { share });
    if (error || made.note) this.gathered.value = true;
    this.#change(n, error ? { running: false, error } : { running: false, made });
  }

  /** The server has removed one. @param {string} url */
  discarded(url) {
    for (const { n, made } of this.jobs.peek()) if (made?.url === url) this.remove(n);
  }

  /** @param {number} n */
  cancel(n) {
    if (this.send({ type: "cancel", n })) this.remove(n);
  }

  /** @param {number} n */
  remove(n) {
    this.jobs.value = this.jobs.peek().filter((job) => job.n !== n);
    if (!this.jobs.peek().length) this.gathered.value = false;
  }

  /** @param {number} n @param {Partial<Job>} change */
  #change(n, change) {
    this.jobs.value = this.jobs.peek().map((job) => (job.n === n ? { ...job, ...change } : job));
  }
}

/** @param {{exporter: Exporter, hidden: boolean}} props */
export function ExportMenu({ exporter, hidden }) {
  return html`<${Menu} class="menu export" open=${exporter.choosing} label="Export" hidden=${hidden}><div class="panel">
    ${FORMATS.map(([format, label, text]) => {
      const without = format === "mp4" && !exporter.mp4.value;
      return html`<button type="button" disabled=${without} onClick=${() => exporter.start(format, label)}>
        <b>${label}</b><small>${without ? t("Needs PyAV: pip install 'sayso[video]'") : text}</small></button>`;
    })}</div><//>`;
}

/** @param {{exporter: Exporter}} props */
export function Gathered({ exporter }) {
  const jobs = exporter.jobs.value;
  const label = html`<span aria-live="polite">${gathering(jobs)}</span>`;
  return html`<${Menu} class="menu export gathered" open=${exporter.gathered} label=${label} hidden=${!jobs.length}>
    <div class="panel jobs">${jobs.map((job) => html`<${One} key=${job.n} exporter=${exporter} job=${job} />`)}</div><//>`;
}

/** @param {{exporter: Exporter, job: Job}} props */
function One({ exporter, job }) {
  const { n, words, label, share, error, made } = job;
  if (made) return html`<${Done} exporter=${exporter} made=${made} fetches=${job.fetches} />`;
  if (error)
    return html`<div class="job failed" role="alert"><span>${error}</span><button type="button" onClick=${() => exporter.remove(n)}>Dismiss</button></div>`;
  return html`<div class="job"><span>${words}</span><progress max="1" value=${share || undefined} aria-label=${t("Progress of {name}", { name: label })}></progress>
    <button type="button" onClick=${() => exporter.cancel(n)}>Cancel</button></div>`;
}

/** @param {{exporter: Exporter, made: Made, fetches: boolean}} props */
function Done({ exporter, made, fetches }) {
  const { url, filename, bytes: size, note } = made;
  const down = useRef(/** @type {HTMLAnchorElement | null} */ (null));
  const drop = useRef(/** @type {HTMLButtonElement | null} */ (null));
  useLayoutEffect(() => {
    if (fetches) down.current?.click();
  }, []);
  const discard = () => {
    const sent = exporter.send({ type: "discard", url });
    if (drop.current) drop.current.disabled = sent;
  };
  return html`<div class="job"><a ref=${down} href=${url} download=${filename}>${`${filename} (${bytes(size)})`}</a>
    <button type="button" ref=${drop} aria-label=${t("Remove {name} from the server", { name: filename })} onClick=${discard}>Remove</button>
    ${note && html`<p class="note" role="status">${note}</p>`}</div>`;
}
