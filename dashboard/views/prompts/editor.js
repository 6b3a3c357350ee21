// The prompt editor: prompts and versions on the left, the text in the middle, what it comes to on the right.
import { batch, computed, effect, signal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { component, html } from "../../js/base.js";
import { link } from "../../js/link/link.js";
import { Code } from "./code.js";
import { against, Drafts, same, when } from "./drafts.js";
import { Results } from "./results.js";
import { t } from "../../js/words.js";

/** @typedef {import("./drafts.js").Draft} Draft */
/** @typedef {"preview" | "difference" | "use"} Tab */
/** @typedef {{version: string, short: string, shipped: boolean, at: number, note: string}} Version */
/** @typedef {{value: string, label: string, says: string}} Choice */
/**
 * @typedef {object} Params
 * @property {string[]} names
 * @property {Partial<Draft> & {name?: string, version?: string, own?: boolean}} opened
 * @property {Version[]} versions
 * @property {{name: string, says: string}[]} variables
 * @property {Choice[]} narrations
 * @property {Choice[]} tools
 * @property {{n?: number, faults?: {line: number, message: string}[], preview?: string}} verdict
 * @property {{lines?: import("./drafts.js").Line[], also?: string[]}} difference
 * @property {{now?: string, next?: string}} in_use
 * @property {{path?: string, arm?: string, python?: string, adopted?: boolean}} use
 * @property {{good?: boolean, text?: string}} told
 */
/** @typedef {import("../../js/base.js").Host<Params>} Host */

const CHECK_AFTER = 200; // ms without a change
const SURE = t("Delete every version");
const NAME = "[A-Za-z0-9][A-Za-z0-9 _.\\-]*";

/** What is opened, what is written, and what was found about it. */
export class Editing {
  name = signal("");
  shown = signal(/** @type {(Draft & {version: string}) | null} */ (null)); // the version under what is written
  draft = signal(/** @type {Draft} */ ({ template: "", narration: "", tools: [] }));
  note = signal("");
  faults = signal(/** @type {{line: number, message: string}[]} */ ([]));
  preview = signal("");
  tab = signal(/** @type {Tab} */ ("preview"));
  wanted = signal(/** @type {{line: number} | null} */ (null)); // the line to go to
  edited = computed(() => this.shown.value !== null && !same(this.draft.value, this.shown.value));
  against = computed(() => against(this.host.param("versions").value, this.#held.value));
  #held = signal("");
  #drafts = new Drafts();
  #checked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
  }

  /** Follows Python; returns what ends that. */
  follow() {
    const ends = [
      effect(() => this.#open(this.host.param("opened").value)),
      effect(() => this.#judge(this.host.param("verdict").value)),
      link.onRestored(() => (this.edited.peek() || this.#comparing()) && this.check()), // what was asked in a gap is not answered
    ];
    return () => {
      clearTimeout(this.#timer);
      for (const end of ends) end();
    };
  }

  /** @param {Params["opened"]} opened */
  #open({ name, version = "", template = "", narration = "", tools = [] }) {
    if (!name || (name === this.name.peek() && version === this.shown.peek()?.version)) return;
    const draft = this.#drafts.get(name);
    batch(() => {
      this.name.value = name;
      this.shown.value = { template, narration, tools, version };
      this.note.value = "";
      this.draft.value = draft ?? { template, narration, tools };
    });
    if (draft) this.check();
  }

  /** @param {Params["verdict"]} verdict */
  #judge({ n, faults = [], preview = "" }) {
    if (n && n !== this.#checked) return;
    batch(() => {
      this.faults.value = faults;
      if (!faults.length) this.preview.value = preview;
    });
  }

  /** @param {Partial<Draft>} change */
  change(change) {
    this.draft.value = { ...this.draft.peek(), ...change };
    this.#drafts.put(this.name.peek(), this.edited.peek() ? this.draft.peek() : null);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.check(), CHECK_AFTER);
  }

  check() {
    this.#checked += 1;
    this.host.send({ type: "check", n: this.#checked, draft: this.draft.peek() });
    if (this.#comparing()) this.compare(this.against.peek());
  }

  #comparing() {
    return this.tab.peek() === "difference" && this.against.peek() !== "";
  }

  /** @param {Tab} tab */
  open(tab) {
    this.tab.value = tab;
    if (tab === "difference") this.compare(this.against.peek());
  }

  /** @param {string} version */
  compare(version) {
    this.#held.value = version;
    if (version) this.host.send({ type: "compare", version, draft: this.draft.peek() });
  }

  /** @param {string} name @param {string} [version] */
  visit(name, version) {
    if (name === this.name.peek() && !version) return;
    if (!this.host.send({ type: "open", name, version }) || !version) return;
    this.#drafts.put(name, null);
    const shown = this.shown.peek();
    if (!shown || name !== this.name.peek() || version !== shown.version) return;
    const { template, narration, tools } = shown;
    this.draft.value = { template, narration, tools };
  }

  /** @param {string} name @param {string} note */
  save(name, note) {
    return this.host.send({ type: "save", name, draft: this.draft.peek(), note });
  }
}

/** @param {{host: Host}} props */
function Prompts({ host }) {
  const editing = useMemo(() => new Editing(host), []);
  useLayoutEffect(() => editing.follow(), []);
  return html`<div class="prompts"><${Library} editing=${editing} /><div class="desk"><${Desk} editing=${editing} /></div><${Results} editing=${editing} /></div>`;
}

/** @param {{editing: Editing}} props */
function Library({ editing }) {
  const { host } = editing;
  const [creating, setCreating] = useState(false);
  const name = host.param("opened").value.name;
  const version = host.param("opened").value.version;
  const edited = editing.edited.value;
  // A new one is a copy of the opened one: there must be one.
  return html`<nav class="library" aria-label="Prompts and versions"><h2>Prompts</h2>
    <div class="names">${host
      .param("names")
      .value.map(
        (each) =>
          html`<button type="button" class="item" key=${each} data-keep="" aria-current=${each === name ? "" : undefined} onClick=${() => editing.visit(each)}>${each}</button>`,
      )}</div>
    ${creating && html`<${Create} editing=${editing} close=${() => setCreating(false)} />`}
    <button type="button" class="plain" disabled=${!name} onClick=${() => setCreating(true)}>New prompt</button>
    <h2>Versions</h2><ol class="versions">
      ${edited && html`<li key="draft"><div class="item version draft" aria-current="true">Not saved yet</div></li>`}
      ${host
        .param("versions")
        .value.map(
          (each) =>
            html`<li key=${each.version}><${VersionItem} each=${each} current=${!edited && each.version === version} visit=${() => editing.visit(name ?? "", each.version)} /></li>`,
        )}</ol></nav>`;
}

/** @param {{each: Version, current: boolean, visit: () => void}} props */
function VersionItem({ each: { short, shipped, at, note }, current, visit }) {
  return html`<button type="button" class="item version" aria-current=${current ? "" : undefined} onClick=${visit}>
    <span class="head"><code>${short}</code><small>${shipped ? t("comes with Sayso") : when(at)}</small></span>
    ${note && !shipped && html`<span class="note">${note}</span>`}</button>`;
}

/** A new prompt begins as a copy under a name of one's own. @param {{editing: Editing, close: () => void}} props */
function Create({ editing, close }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => input.current?.focus(), []);
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (editing.save(input.current?.value.trim() ?? "", t("Copied from {name}", { name: editing.name.peek() })))
      close();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    close();
    event.stopPropagation();
  };
  return html`<form class="create" data-escape="" onSubmit=${submit} onKeyDown=${onKey}>
    <input ref=${input} placeholder="Name" maxlength="40" required autocomplete="off" pattern=${NAME} aria-label="Name of the new prompt"
      title="Letters, digits, spaces, dots, dashes, underscores" /><button class="plain">Create</button></form>`;
}

/** @param {{editing: Editing}} props */
function Desk({ editing }) {
  const faults = editing.faults.value;
  return html`<section class="card edit"><h2>${editing.name.value}</h2><${InUse} host=${editing.host} />
    <${Code} text=${editing.draft.value.template} faulty=${faults.map(({ line }) => line)} wanted=${editing.wanted.value}
      changed=${(/** @type {string} */ template) => editing.change({ template })} />
    <ul class="faults" id="prompt-faults" role="status">${faults.map(({ line, message }) => {
      const jump = () => {
        editing.wanted.value = { line };
      };
      return html`<li>${line > 0 && html`<button type="button" class="jump" onClick=${jump}>${t("Line {n}", { n: line })}</button>`}<span>${message}</span></li>`;
    })}</ul>
    <p class="lead knows"><span>Variables:</span> ${editing.host.param("variables").value.map(({ name, says }) => html`<code title=${says}>${`{{ ${name} }}`}</code> `)}</p>
    <${Settings} editing=${editing} /><${Foot} editing=${editing} /></section>`;
}

/** @param {{host: Host}} props */
function InUse({ host }) {
  const { now, next } = host.param("in_use").value;
  return html`<p class="in-use">This session uses <code>${now || "…"}</code>${next && next !== now && html`, and from its next task on <code>${next}</code>`}</p>`;
}

/** @param {{editing: Editing}} props */
function Settings({ editing }) {
  const { narration, tools } = editing.draft.value;
  const narrations = editing.host.param("narrations").value;
  const all = editing.host.param("tools").value;
  const choose = (/** @type {any} */ event) => editing.change({ narration: event.currentTarget.value });
  const toggle = (/** @type {string} */ value, /** @type {boolean} */ on) =>
    editing.change({
      tools: all.map((tool) => tool.value).filter((each) => (each === value ? on : tools.includes(each))),
    });
  return html`<div class="settings"><label for="prompt-narration">Narration</label>
    <select id="prompt-narration" value=${narration} onChange=${choose}>${narrations.map(({ value, label }) => html`<option key=${value} value=${value}>${label}</option>`)}</select>
    <span class="lead">${narrations.find(({ value }) => value === narration)?.says}</span>
    <fieldset><legend>Tools</legend><div class="ticks">${all.map(
      ({ value, label, says }) =>
        html`<label class="tick" key=${value}><input type="checkbox" value=${value} checked=${tools.includes(value)}
            onChange=${(/** @type {any} */ event) => toggle(value, event.currentTarget.checked)} /><span>${label}<small>${says}</small></span></label>`,
    )}</div></fieldset></div>`;
}

/** @param {{editing: Editing}} props */
function Foot({ editing }) {
  const { host } = editing;
  const edited = editing.edited.value;
  const faulty = editing.faults.value.length > 0;
  const adopted = Boolean(host.param("use").value.adopted);
  const { good, text } = host.param("told").value;
  const note = (/** @type {any} */ event) => {
    editing.note.value = event.currentTarget.value;
  };
  const save = () => editing.save(editing.name.peek(), editing.note.peek());
  const attempt = () => host.send({ type: "try", draft: editing.draft.peek() });
  return html`<div class="foot">
    <input placeholder="What changed? (optional)" maxlength="200" autocomplete="off" aria-label="Note for this version" hidden=${!edited} value=${editing.note.value} onInput=${note} />
    <button type="button" class="main" disabled=${!edited || faulty} onClick=${save}>Save version</button>
    <button type="button" class="plain" disabled=${faulty} onClick=${attempt}>Try on this session</button>
    <button type="button" class="plain" disabled=${edited || adopted} onClick=${() => host.send({ type: "adopt" })}>${adopted && !edited ? t("Used for new sessions") : t("Use for new sessions")}</button>
    <${Remove} host=${host} />
    <p class=${text ? `told ${good ? "good" : "bad"}` : "told"} role="status">${text}</p></div>`;
}

/** Pressed twice. @param {{host: Host}} props */
function Remove({ host }) {
  const [sure, setSure] = useState(false);
  const press = () => {
    if (sure) host.send({ type: "delete" });
    setSure(!sure);
  };
  return html`<button type="button" class="plain danger" hidden=${!host.param("opened").value.own} onClick=${press} onBlur=${() => setSure(false)}>${sure ? SURE : t("Delete")}</button>`;
}

export default component("Prompts", Prompts);
