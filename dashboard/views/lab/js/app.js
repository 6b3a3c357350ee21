/**
 * What the Lab's tabs share: what Python tells, and where the person is.
 *
 * @typedef {{tab: string, experiment?: string, trial?: string, a?: string, b?: string, other?: string}} Place
 * @typedef {{folder: string, name: string}} Experiment
 * @typedef {{folder?: string, proof?: string, name?: string, done?: number, planned?: number}} Current What runs: an experiment, or the proof of its tasks.
 * @typedef {"more" | "less" | "neither"} Better Which of two values is the better one.
 * @typedef {{name: string, label: string, unit: string, better: Better, compared: boolean, where: string[]}} Measure
 * @typedef {object} Params
 * @property {Place} at
 * @property {Experiment[]} experiments
 * @property {Current} current
 * @property {string} reading
 * @property {string} fault
 * @property {any[] | null} listing
 * @property {any} choices
 * @property {any} form
 * @property {any} weighed
 * @property {any} live
 * @property {Record<string, string>} pictures
 * @property {any} compare
 * @property {{folder?: string, points?: number, arms?: {arm: string, outcome: string, words: string}[]}} gate
 * @property {any} trial
 * @property {Measure[]} measures
 * @property {any[] | null} prompts
 * @property {boolean} replay
 */
import { Designing } from "./designing.js";

export const PLACE = /** @type {const} */ (["experiment", "trial", "a", "b", "other"]);

/** @param {string} name */
export const key = (name) => `lab-${name}`;

/** The address of a place; none where another view is shown. @param {Place} at @param {URL} url Is changed. */
export function address(at, url) {
  if (url.searchParams.get("view") !== "lab") return null;
  url.searchParams.set("lab", at.tab);
  for (const name of PLACE) {
    const value = at[name];
    if (value) url.searchParams.set(key(name), value);
    else url.searchParams.delete(key(name));
  }
  return url;
}

/** The place that an address names. @param {string} search @returns {Place} */
export function placeOf(search) {
  const given = new URLSearchParams(search);
  /** @type {Place} */
  const at = { tab: given.get("lab") || "list" };
  for (const name of PLACE) {
    const value = given.get(key(name));
    if (value) at[name] = value;
  }
  return at;
}

/** The Lab of one page. */
export class App {
  /** @param {import("../../../js/base.js").Host<Params>} host */
  constructor(host) {
    this.host = host;
    this.designing = new Designing((message) => this.send(message));
  }

  /** @template {keyof Params & string} K @param {K} name @returns {Params[K]} */
  now(name) {
    return this.host.param(name).value;
  }

  /** @param {{type: string, [field: string]: unknown}} message */
  send(message) {
    return this.host.send(message);
  }

  /** @param {Place} at */
  show(at) {
    return this.send({ type: "show", at });
  }

  /** Goes on with an experiment, with as many desktops as the design says. @param {string} experiment */
  resume(experiment) {
    this.send({ type: "resume", experiment, slots: this.designing.slots.peek() || null });
  }

  /** The experiment stays chosen from tab to tab. */
  kept() {
    const shown = ["live", "compare", "trial"].map((name) => this.now(/** @type {"live"} */ (name)).folder);
    const experiment = this.now("at").experiment || shown.find(Boolean);
    return experiment ? { experiment } : {};
  }
}
