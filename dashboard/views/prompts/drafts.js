/**
 * What is written in the prompt editor, and what it is beside a version.
 *
 * @typedef {{template: string, narration: string, tools: string[]}} Draft
 * @typedef {[mark: string, text: string]} Line A line of a difference: `+`, `-`, or blank for one that is kept.
 */
import { locale, many } from "../../js/words.js";

const KEPT = "sayso-prompt-drafts";
const AROUND = 2; // lines that are shown around a change

/** @param {Draft} a @param {Draft} b */
export function same(a, b) {
  const tools = (/** @type {Draft} */ draft) => [...draft.tools].sort().join();
  return a.template === b.template && a.narration === b.narration && tools(a) === tools(b);
}

/** Of what was kept, only the neighbourhood of a change; `…` stands for the rest. @param {Line[]} lines @returns {Line[]} */
export function folded(lines) {
  const near = new Set();
  for (const [i, [mark]] of lines.entries()) {
    if (mark === " ") continue;
    for (let d = -AROUND; d <= AROUND; d += 1) near.add(i + d);
  }
  /** @type {Line[]} */
  const out = [];
  let skipped = 0;
  const skip = () => {
    if (skipped) out.push(["…", many(skipped, "equal line")]);
    skipped = 0;
  };
  for (const [i, line] of lines.entries()) {
    if (!near.has(i)) {
      skipped += 1;
      continue;
    }
    skip();
    out.push(line);
  }
  skip();
  return out;
}

/** When a version was made: the time of a day of today, else the day too. @param {number} at Unix seconds. */
export function when(at) {
  if (!at) return "";
  const date = new Date(at * 1000);
  const hour = date.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === new Date().toDateString()) return hour;
  return `${date.toLocaleDateString(locale(), { day: "numeric", month: "short" })} ${hour}`;
}

/** What a draft is compared with: what was chosen before, else the version before the newest. @param {{version: string}[]} versions @param {string} held */
export function against(versions, held) {
  if (versions.some(({ version }) => version === held)) return held;
  return versions[Math.min(1, versions.length - 1)]?.version ?? "";
}

/** Drafts outlive a visit to another version and a reload, but not the tab. */
export class Drafts {
  /** @type {Record<string, Draft>} By a prompt's name. */
  #all = {};

  constructor() {
    try {
      this.#all = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}") ?? {};
    } catch {
      // what cannot be read is not kept
    }
  }

  /** @param {string} name @returns {Draft | undefined} */
  get(name) {
    return this.#all[name];
  }

  /** @param {string} name @param {Draft | null} draft */
  put(name, draft) {
    if (draft) this.#all[name] = draft;
    else delete this.#all[name];
    sessionStorage.setItem(KEPT, JSON.stringify(this.#all));
  }
}
