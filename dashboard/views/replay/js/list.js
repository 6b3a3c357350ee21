// The browser's sessions: choose, rename, resume, end, compare, delete; take one in.
import { batch, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "../../../js/base.js";
import { link } from "../../../js/link/link.js";
import { wouldGo } from "../../js/format.js";
import { reason } from "./fetch.js";
import { bring } from "./importing.js";
import { Icon } from "./parts.js";
import { bytes, when } from "./words.js";
import { t } from "../../../js/words.js";

/** @typedef {{id: string, name: string, running: boolean, state: string, used: number}} Row */
/** @typedef {{bytes: number, files: number, file_bytes: number}} Size */
/** @typedef {{id: string, what: "rename" | "delete", size: Size | null}} Editing */
/** @typedef {import("./exporter.js").Send} Send */

const MOST_UPLOAD = 2e9; // bytes
/** @type {Record<string, string>} */
const WHO = {
  idle: t("ready"),
  listening: t("listening"),
  thinking: t("thinking"),
  speaking: t("speaking"),
  acting: t("acting"),
  held: t("holding"),
  waiting: t("waiting for you"),
  yours: t("you have the mouse"),
  stopped: t("stopped"),
  disconnected: t("not connected"),
};

/** Those whose name or id holds what is looked for. @param {Row[]} rows @param {string} query */
export function matching(rows, query) {
  const wanted = query.trim().toLowerCase();
  return rows.filter((row) => row.name.toLowerCase().includes(wanted) || row.id.includes(wanted));
}

/** The list, and what is being done in it. */
export class Shelf {
  rows = signal(/** @type {Row[]} */ ([]));
  here = signal(""); // id of the page's own session
  shown = signal(""); // name of what is replayed
  query = signal("");
  menu = signal(""); // id of the session whose menu is open
  editing = signal(/** @type {Editing | null} */ (null));
  taking = signal(""); // how far an import is

  /**
   * @param {{send: Send, open: (name: string) => void, compare: (name: string) => void, tell: (text: string) => void}} does
   */
  constructor(does) {
    this.does = does;
  }

  /** @param {Row[]} rows @param {string} here */
  show(rows, here) {
    this.rows.value = rows;
    this.here.value = here;
  }

  /** What would go is counted first: only who has read it can delete. @param {string} id */
  confirm(id) {
    if (this.does.send({ type: "count", id })) this.editing.value = { id, what: "delete", size: null };
  }

  /** The server has counted what would go. @param {{id: string, size: Size}} message */
  counted({ id, size }) {
    const editing = this.editing.peek();
    if (editing?.id === id) this.editing.value = { ...editing, size };
  }

  /** @param {Row} row @param {string} title */
  rename({ id, name }, title) {
    if (title.trim() === name || this.does.send({ type: "rename", id, title })) this.keep();
  }

  /** @param {string} id */
  delete(id) {
    if (this.does.send({ type: "delete", id })) this.keep();
  }

  /** Leaves the row as it is. */
  keep() {
    this.editing.value = null;
  }

  /** @param {File} file */
  async take(file) {
    const { send, open, tell } = this.does;
    if (file.size > MOST_UPLOAD)
      return tell(t("{name} is too large ({size}).", { name: file.name, size: bytes(file.size) }));
    this.taking.value = t("Importing…");
    try {
      const { id, damage } = await bring(file, (words) => {
        this.taking.value = words;
      });
      send({ type: "list" });
      open(`session/${id}`);
      if (damage) tell(t("{name} was imported, but not in full. {damage}", { name: file.name, damage }));
    } catch (error) {
      tell(t("{name} could not be imported. {reason}", { name: file.name, reason: reason(error) }));
    } finally {
      this.taking.value = "";
    }
  }
}

/** @param {{shelf: Shelf}} props */
export function SessionList({ shelf }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  const rows = matching(shelf.rows.value, shelf.query.value);
  const menu = shelf.menu.value;
  useLayoutEffect(() => {
    if (!menu) return;
    const away = (/** @type {Event} */ event) => {
      const open = root.current?.querySelector("details[open]");
      if (open && !event.composedPath().includes(open)) shelf.menu.value = "";
    };
    document.addEventListener("click", away);
    return () => document.removeEventListener("click", away);
  }, [menu]);

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key !== "Escape" || !menu) return;
    event.stopPropagation();
    /** @type {HTMLElement | null | undefined} */ (root.current?.querySelector("details[open] summary"))?.focus();
    shelf.menu.value = "";
  }

  /** @param {any} event */
  function take(event) {
    const [chosen] = event.currentTarget.files;
    event.currentTarget.value = "";
    if (chosen) void shelf.take(chosen);
  }

  return html`<aside class="shelf" aria-label="Sessions" ref=${root} onKeyDown=${onKey}>
    <div class="tools">
      <input type="search" placeholder="Find a session" aria-label="Find a session" value=${shelf.query.value}
        onInput=${(/** @type {any} */ event) => {
          shelf.query.value = event.currentTarget.value;
        }} />
      <button type="button" class="quiet" title="Import a session that was exported as a folder (.zip)" disabled=${shelf.taking.value !== ""}
        onClick=${() => file.current?.click()}>${shelf.taking.value || t("Import…")}</button>
      <input type="file" accept=".zip,application/zip" hidden ref=${file} onChange=${take} />
    </div>
    <ul class="sessions">${rows.map((row) => html`<${One} key=${row.id} shelf=${shelf} row=${row} />`)}</ul>
    ${
      rows.length === 0 &&
      html`<p class="none">${shelf.query.value.trim() ? t("No session has that name.") : t("No sessions yet. What you do in Talk is kept here.")}</p>`
    }
  </aside>`;
}

/** @param {{shelf: Shelf, row: Row}} props */
function One({ shelf, row }) {
  const editing = shelf.editing.value;
  if (editing?.id !== row.id) return html`<li data-id=${row.id}><${Choice} shelf=${shelf} row=${row} /></li>`;
  const form =
    editing.what === "rename"
      ? html`<${Rename} shelf=${shelf} row=${row} />`
      : html`<${Delete} shelf=${shelf} row=${row} size=${editing.size} />`;
  return html`<li data-id=${row.id}>${form}</li>`;
}

/** @param {{shelf: Shelf, row: Row}} props */
function Choice({ shelf, row }) {
  const name = `session/${row.id}`;
  const { id, running } = row;
  const state = running ? WHO[row.state] || row.state : when(row.used);
  const shown = shelf.shown.value;
  const { send, open, compare } = shelf.does;
  const toggled = (/** @type {any} */ event) => {
    if (event.currentTarget.open) shelf.menu.value = id;
    else if (shelf.menu.peek() === id) shelf.menu.value = "";
  };
  const item = (/** @type {string} */ label, /** @type {() => void} */ act, more = {}) =>
    html`<button type="button" ...${more} onClick=${() => batch(() => chosen(shelf, act))}>${label}</button>`;
  const rename = () => {
    shelf.editing.value = { id, what: "rename", size: null };
  };
  return html`<button type="button" class="choose" aria-current=${name === shown ? "true" : undefined} onClick=${() => open(name)}>
      <span class="name">${row.name}</span>
      <small class=${running ? "live" : ""}>${state}${id === shelf.here.value && ` · ${t("this page")}`}</small></button>
    <details class="menu" open=${shelf.menu.value === id} onToggle=${toggled}>
      <summary aria-label=${t("What to do with {name}", { name: row.name })}><${Icon} name="more" /></summary>
      <div class="panel">
        ${item(running ? t("Open in Talk") : t("Resume in Talk"), () => link.lead(`?session=${encodeURIComponent(id)}`))}
        ${item(t("Rename"), rename)}
        ${shown && name !== shown && item(t("Compare with the shown one"), () => compare(name))}
        ${running && item("End", () => send({ type: "end", id }), { title: t("Ends the work and the desktop; the session can be resumed") })}
        ${item(t("Delete…"), () => shelf.confirm(id), { class: "danger" })}
      </div></details>`;
}

/** @param {Shelf} shelf @param {() => void} act */
function chosen(shelf, act) {
  shelf.menu.value = "";
  act();
}

/** Escape leaves everything as it is. @param {Shelf} shelf */
function leaves(shelf) {
  return (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    shelf.keep();
  };
}

/** @param {{shelf: Shelf, row: Row}} props */
function Rename({ shelf, row }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useLayoutEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    shelf.rename(row, input.current?.value ?? "");
  };
  return html`<form class="edit" data-escape="" onSubmit=${submit} onKeyDown=${leaves(shelf)}>
    <input type="text" ref=${input} defaultValue=${row.name} maxlength="80" aria-label=${t("New name of {name}", { name: row.name })} />
    <button class="main">Save</button><button type="button" onClick=${() => shelf.keep()}>Cancel</button></form>`;
}

/** @param {{shelf: Shelf, row: Row, size: Size | null}} props */
function Delete({ shelf, row, size }) {
  const no = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => no.current?.focus(), []);
  const words = size ? wouldGo(size, row.running, `“${row.name}”`) : t("Counting what would be deleted…");
  return html`<div class="edit" role="alertdialog" data-escape="" aria-label=${t("Delete {name}", { name: row.name })} onKeyDown=${leaves(shelf)}>
    <p role="status">${words}</p>
    <button type="button" class="danger" disabled=${!size} onClick=${() => shelf.delete(row.id)}>Delete</button>
    <button type="button" ref=${no} onClick=${() => shelf.keep()}>Keep</button></div>`;
}
