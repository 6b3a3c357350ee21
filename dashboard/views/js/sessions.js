/**
 * A person's sessions as a list, in the status bar and on pages without a session: what each is,
 * takes and needs, and what can be done with it. `dashboard/views/sessions/commands.py` answers.
 */
import { computed, signal } from "@preact/signals";
import { useRef, useState } from "preact/hooks";
import { html } from "../../js/base.js";
import { live } from "../../js/link/hooks.js";
import { link } from "../../js/link/link.js";
import { inBytes, inFiles, wouldGo } from "./format.js";
import { locale, t } from "../../js/words.js";

/** @typedef {{bytes: number, files: number, file_bytes: number}} Size */
/**
 * @typedef {object} Row A session: running here, or kept on disk.
 * @property {string} id
 * @property {string} name
 * @property {string} state Who has the mouse in it, if it runs.
 * @property {boolean} running
 * @property {number} used When something last happened in it, in Unix seconds.
 * @property {string} ended Why it was ended, if it was.
 * @property {string} person The name whose it is; empty without a login.
 * @property {Size | null} size
 */
/** @typedef {import("../../js/base.js").Host<any>} Host */
/** @typedef {{id: string, format: string, url?: string, filename?: string, bytes?: number, note?: string, error?: string}} Export */

export const MANY = 8; // rows from which on there is a search
/** @type {Record<string, string>} */
const STATES = {
  idle: t("Running"),
  listening: t("Running"),
  speaking: t("Acting"),
  thinking: t("Acting"),
  acting: t("Acting"),
  held: t("Holding"),
  waiting: t("Waiting for you"),
  yours: t("You have the mouse"),
  stopped: t("Stopped"),
  disconnected: t("Running without a desktop"),
};
/** @type {Record<string, string>} What answers a question: lost in a gap, it is asked again. */
const ANSWERS = { list: "sessions", count: "counted", export: "export" };
const FORMATS = { folder: t("Folder (zip)"), notebook: t("Notebook"), gif: "GIF", mp4: "MP4" };

/** @param {Row} row */
export function stateOf(row) {
  if (row.running) return STATES[row.state] ?? t("Running");
  return row.ended ? t("Ended") : t("Not running");
}

/** @param {number} seconds Unix time. */
export function when(seconds) {
  if (!seconds) return "";
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date().toDateString();
  if (today)
    return t("Today {time}", { time: date.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" }) });
  return date.toLocaleString(locale(), { dateStyle: "medium", timeStyle: "short" });
}

/** What the server told of a person's sessions. */
export class Sessions {
  /** @type {import("@preact/signals").Signal<Row[]>} */
  rows = signal([]);
  told = signal("");
  known = signal(false);
  mp4 = signal(false);
  query = signal("");
  sort = signal("used");
  /** @type {import("@preact/signals").Signal<Record<string, Size>>} What would go if it were deleted. */
  counted = signal({});
  /** @type {import("@preact/signals").Signal<Record<string, Export>>} */
  exports = signal({});
  shown = computed(() => this.#arranged());
  /** What was asked and is not answered yet. @type {Map<string, {type: string, id: string}>} */
  #open = new Map();

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    host.listen((message) => this.#hear(message));
    link.onRestored(() => this.#again());
  }

  /** A gap may have swallowed what was asked, and what has changed meanwhile. */
  #again() {
    for (const message of this.#open.values()) this.host.ask(message);
    if (this.known.peek()) this.host.ask({ type: "list", id: "" });
  }

  /**
   * False if it was refused for lack of a connection. The list itself waits for one.
   *
   * @param {string} type @param {string} [id] @param {Record<string, unknown>} [more]
   */
  ask(type, id = "", more = {}) {
    this.told.value = "";
    const message = { type, id, ...more };
    if (!ANSWERS[type] || !(link.live || type === "list")) return this.host.send(message);
    this.#open.set(`${ANSWERS[type]} ${id}`, message);
    this.host.ask(message);
    return true;
  }

  /** @param {any} message */
  #hear(message) {
    this.#open.delete(`${message.type} ${message.id ?? ""}`);
    if (message.type === "sessions") {
      this.rows.value = message.rows;
      this.mp4.value = message.mp4;
      this.known.value = true;
    } else if (message.type === "size") {
      this.rows.value = this.rows.value.map((row) => (row.id === message.id ? { ...row, size: message.size } : row));
    } else if (message.type === "counted") {
      this.counted.value = { ...this.counted.value, [message.id]: message.size };
    } else if (message.type === "told") {
      this.told.value = message.text;
    } else if (message.type === "export") {
      this.exports.value = { ...this.exports.value, [message.id]: message };
    } else if (message.type === "awake") {
      location.assign(`?session=${encodeURIComponent(message.id)}`);
    }
  }

  #arranged() {
    const wanted = this.query.value.trim().toLowerCase();
    const rows = this.rows.value.filter((row) => row.name.toLowerCase().includes(wanted));
    const order = {
      used: (/** @type {Row} */ a, /** @type {Row} */ b) => Number(b.running) - Number(a.running) || b.used - a.used,
      name: (/** @type {Row} */ a, /** @type {Row} */ b) => a.name.localeCompare(b.name),
      size: (/** @type {Row} */ a, /** @type {Row} */ b) => (b.size?.bytes ?? 0) - (a.size?.bytes ?? 0),
    }[this.sort.value];
    return order ? rows.toSorted(order) : rows;
  }
}

/** @param {{size: Size | null}} props */
function Takes({ size }) {
  if (!size) return html`<span class="takes">…</span>`;
  return html`<span class="takes">${inBytes(size.bytes)}, ${inFiles(size.files)}</span>`;
}

/** @param {{label: string, children?: any, onKeyDown?: any}} props */
function Below({ label, children }) {
  return html`<div class="below" role="group" aria-label=${label}>${children}</div>`;
}

/** @param {Element | null} node */
function focused(node) {
  if (node instanceof HTMLElement) queueMicrotask(() => node.focus());
}

/** @param {{row: {id: string, name: string}, sessions: Sessions, done: () => void}} props */
function Rename({ row, sessions, done }) {
  const box = useRef(/** @type {HTMLInputElement | null} */ (null));
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (sessions.ask("rename", row.id, { title: box.current?.value ?? "" })) done();
  };
  return html`<${Below} label=${t("Rename {name}", { name: row.name })}>
    <form onSubmit=${save}>
      <input ref=${(/** @type {HTMLInputElement | null} */ node) => {
        if (node && !box.current) focused(node);
        box.current = node;
      }} aria-label="New name" maxlength="80" defaultValue=${row.name} />
      <button>Save</button>
      <button type="button" onClick=${done}>Cancel</button>
    </form>
  <//>`;
}

/** @param {{row: {id: string, name: string, running: boolean}, sessions: Sessions, done: () => void}} props */
export function Delete({ row, sessions, done }) {
  const size = sessions.counted.value[row.id];
  const remove = () => {
    if (sessions.ask("delete", row.id)) done();
  };
  return html`<${Below} label=${t("Delete {name}", { name: row.name })}>
    <p role="status">${size ? wouldGo(size, row.running) : t("Counting what would be deleted…")}</p>
    <button type="button" ref=${focused} onClick=${done}>Keep</button>
    <button type="button" class="danger" disabled=${!size} onClick=${remove}>Delete</button>
  <//>`;
}

/** @param {{row: {id: string, name: string}, sessions: Sessions, label?: string}} props */
export function Exports({ row, sessions, label = t("Export") }) {
  const [busy, setBusy] = useState("");
  const made = sessions.exports.value[row.id];
  const formats = Object.entries(FORMATS).filter(([format]) => format !== "mp4" || sessions.mp4.value);
  const begin = (/** @type {string} */ format) => {
    if (!sessions.ask("export", row.id, { format, title: row.name })) return;
    const { [row.id]: _, ...others } = sessions.exports.value;
    sessions.exports.value = others;
    setBusy(format);
  };
  const waiting = busy && !made;
  return html`<${Below} label=${`${label} ${row.name}`}>
    ${formats.map(([format, name]) => html`<button type="button" disabled=${Boolean(waiting)} onClick=${() => begin(format)}>${name}</button>`)}
    <p role="status">
      ${waiting && t("Writing the export…")}
      ${made?.error}
      ${
        made?.url &&
        html`<a class="made" href=${made.url} download=${made.filename}>${t("Save {name} ({size})", { name: made.filename, size: inBytes(made.bytes ?? 0) })}</a>`
      }
      ${made?.note && html`<span class="note"> ${made.note}</span>`}
    </p>
  <//>`;
}

/** @param {{row: Row, sessions: Sessions, here: string, replay?: (id: string) => void}} props */
function SessionRow({ row, sessions, here, replay }) {
  const [open, setOpen] = useState("");
  const more = useRef(/** @type {HTMLButtonElement | null} */ (null));
  const close = () => {
    setOpen("");
    more.current?.focus();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !open) return;
    event.stopPropagation();
    close();
  };
  const ask = () => {
    if (sessions.ask("count", row.id)) setOpen("delete");
  };
  const state = stateOf(row);
  return html`<li class="row" data-escape=${open ? "" : undefined} onKeyDown=${onKey}>
    <a href=${`?session=${encodeURIComponent(row.id)}`} class=${row.id === here ? "here" : ""}
      aria-current=${row.id === here ? "page" : undefined}>
      <span class="title">${row.name}</span>
      <small><span class=${`state ${row.running ? "on" : ""} ${row.state === "waiting" ? "asks" : ""}`}>${state}</span>
        <time datetime=${new Date(row.used * 1000).toISOString()}>${when(row.used)}</time>
        <${Takes} size=${row.size} />
        ${row.person && html`<span class="owner" title="Whose session it is">${row.person}</span>`}</small>
    </a>
    ${
      row.running
        ? html`<button type="button" aria-label=${t("End session {name}", { name: row.name })}
          title="Ends the work and the desktop; your files are kept, and it can be resumed"
          onClick=${() => sessions.ask("end", row.id)}>End</button>`
        : html`<button type="button" aria-label=${t("Resume session {name}", { name: row.name })}
          onClick=${() => sessions.ask("resume", row.id)}>Resume</button>`
    }
    <button type="button" class="more" ref=${more} aria-label=${t("More for {name}", { name: row.name })} aria-expanded=${Boolean(open)}
      onClick=${() => setOpen(open ? "" : "actions")}>⋯</button>
    ${
      open === "actions" &&
      html`<${Below} label=${t("What to do with {name}", { name: row.name })}>
        ${replay && html`<button type="button" onClick=${() => replay(row.id)}>Replay and export</button>`}
        ${!replay && html`<button type="button" onClick=${() => setOpen("export")}>Export…</button>`}
        <button type="button" onClick=${() => setOpen("rename")}>Rename</button>
        <button type="button" class="danger" onClick=${ask}>Delete…</button>
      <//>`
    }
    ${open === "rename" && html`<${Rename} row=${row} sessions=${sessions} done=${close} />`}
    ${open === "export" && html`<${Exports} row=${row} sessions=${sessions} />`}
    ${open === "delete" && html`<${Delete} row=${row} sessions=${sessions} done=${close} />`}
  </li>`;
}

/**
 * @param {{sessions: Sessions, here?: string, most?: number, only?: (row: Row) => boolean, tools?: boolean,
 *   replay?: (id: string) => void}} props `tools`: with a search and an order where there are many.
 */
export function SessionList({ sessions, here = "", most = 500, only, tools = false, replay }) {
  const all = only ? sessions.shown.value.filter(only) : sessions.shown.value;
  const rows = all.slice(0, most);
  const many = tools && sessions.rows.value.length > MANY;
  return html`<div class="session-list">
    <p class="told" role="alert" hidden=${!sessions.told.value}>${sessions.told.value}</p>
    ${
      many &&
      html`<div class="tools" role="search">
        <input type="search" aria-label="Search the sessions" placeholder="Search" value=${sessions.query.value}
          onInput=${(/** @type {any} */ event) => {
            sessions.query.value = event.target.value;
          }} />
        <label>Sort by <select value=${sessions.sort.value} onChange=${(/** @type {any} */ event) => {
          sessions.sort.value = event.target.value;
        }}>
          <option value="used">last used</option><option value="name">name</option><option value="size">size</option>
        </select></label>
        <span role="status">${sessions.query.value ? t("{n} found", { n: all.length }) : ""}</span>
      </div>`
    }
    <ul class="rows" aria-label="Sessions">
      ${rows.map((row) => html`<${SessionRow} key=${row.id} row=${row} sessions=${sessions} here=${here} replay=${replay} />`)}
    </ul>
    ${!sessions.known.value && !live.value && html`<p class="none" role="status">No connection: the list is shown when it is back.</p>`}
    ${sessions.known.value && !rows.length && html`<p class="none">${sessions.query.value ? t("None has that name.") : t("There are no sessions yet.")}</p>`}
  </div>`;
}
