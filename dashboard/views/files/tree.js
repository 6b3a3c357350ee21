/** The files as a tree that the keyboard walks: arrows, Home, End, Space chooses, Enter opens. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "../../js/base.js";
import { Icon } from "../js/icons.js";
import { bytes, moment } from "./format.js";
import { many, t } from "../../js/words.js";

/** @typedef {import("./client.js").Row} Row */
/**
 * @typedef {object} Tree
 * @property {Row[]} rows
 * @property {import("@preact/signals").Signal<Set<string>>} open
 * @property {import("@preact/signals").Signal<Set<string>>} listed Folders whose contents have come.
 * @property {import("@preact/signals").Signal<Set<string>>} chosen
 * @property {import("@preact/signals").Signal<string>} at The row that the keyboard is at.
 * @property {(key: string) => void} save
 */

const PATIENCE = 2000; // ms for which keys wait for a folder's contents
const KEYS = ["ArrowDown", "ArrowUp", "Home", "End", "ArrowRight", "ArrowLeft", " ", "Enter"];

/** Rows in the order in which they are shown, each with its depth. @param {Row[]} rows @param {Set<string>} open */
export function ordered(rows, open) {
  /** @type {Map<string, Row[]>} */
  const inside = new Map();
  for (const row of rows) {
    const siblings = inside.get(row.in);
    if (siblings) siblings.push(row);
    else inside.set(row.in, [row]);
  }
  /** @type {{row: Row, depth: number}[]} */
  const shown = [];
  /** @param {string} folder @param {number} depth */
  function add(folder, depth) {
    for (const row of inside.get(folder) ?? []) {
      shown.push({ row, depth });
      if (row.kind === "folder" && open.has(row.key)) add(row.key, depth + 1);
    }
  }
  add("", 1);
  return shown;
}

/** @param {Set<string>} set @param {string} key @param {boolean} [on] */
function toggled(set, key, on = !set.has(key)) {
  const made = new Set(set);
  if (on) made.add(key);
  else made.delete(key);
  return made;
}

/** @param {Tree} props */
export function FileTree({ rows, open, listed, chosen, at, save }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = ordered(rows, open.value);
  const current = shown.find(({ row }) => row.key === at.value)?.row ?? shown[0]?.row;

  /** @param {number} index */
  function focus(index) {
    const target = shown[Math.min(shown.length - 1, Math.max(0, index))];
    if (!target) return;
    at.value = target.row.key;
    const items = root.current?.querySelectorAll('[role="treeitem"]');
    /** @type {HTMLElement | undefined} */ (items?.[shown.indexOf(target)])?.focus();
  }

  /** @param {string} key */
  function act(key) {
    const index = shown.findIndex(({ row }) => row === current);
    const row = current;
    if (!row) return;
    const folder = row.kind === "folder";
    /** @type {Record<string, () => void>} */
    const does = {
      ArrowDown: () => focus(index + 1),
      ArrowUp: () => focus(index - 1),
      Home: () => focus(0),
      End: () => focus(shown.length - 1),
      ArrowRight: () => (folder && !open.value.has(row.key) ? fold(row, true) : folder && focus(index + 1)),
      ArrowLeft: () => (folder && open.value.has(row.key) ? fold(row, false) : focus(parent(index))),
      " ": () => choose(row),
      Enter: () => (folder ? fold(row) : row.kind === "file" && save(row.key)),
    };
    does[key]?.();
  }

  /** Keys pressed while a folder unfolds are for the rows that are still to come. @type {{current: string[]}} */
  const early = useRef([]);
  /** Folders whose contents keep nobody waiting any longer. @type {{current: Set<string>}} */
  const late = useRef(new Set());
  const drawing = useRef(false);
  const timer = useRef(0);
  const press = useRef(act);
  press.current = act;

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (!KEYS.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    early.current.push(event.key);
    goOn();
  }

  function unfolding() {
    return [...open.peek()].filter((key) => !listed.peek().has(key) && !late.current.has(key));
  }

  /** One key after the other, each on the tree as the one before has left it. */
  function goOn() {
    if (drawing.current || early.current.length === 0) return;
    if (unfolding().length > 0) {
      timer.current ||= setTimeout(giveUp, PATIENCE);
      return;
    }
    const key = early.current.shift() ?? "";
    rest();
    drawing.current = true;
    press.current(key);
    setTimeout(() => {
      drawing.current = false;
      goOn();
    });
  }

  /** What was meant for rows that do not come must not be done to others. */
  function giveUp() {
    for (const key of unfolding()) late.current.add(key);
    forget();
  }

  function forget() {
    early.current = [];
    rest();
  }

  function rest() {
    clearTimeout(timer.current);
    timer.current = 0;
  }

  useEffect(() => {
    for (const key of listed.value) late.current.delete(key);
    goOn();
  }, [listed.value]);
  useEffect(() => forget, []);

  /** The keyboard has gone elsewhere. @param {FocusEvent} event */
  function onLeave(event) {
    if (!root.current?.contains(/** @type {Node | null} */ (event.relatedTarget))) forget();
  }

  /** @param {number} index */
  function parent(index) {
    const above = shown.findIndex(({ row }) => row.key === shown[index].row.in);
    return above < 0 ? index : above;
  }

  /** @param {Row} row @param {boolean} [on] */
  function fold(row, on) {
    open.value = toggled(open.value, row.key, on);
  }

  /** @param {Row} row */
  function choose(row) {
    if (row.kind === "file" || row.kind === "folder") chosen.value = toggled(chosen.value, row.key);
  }

  return html`<div class="tree" role="tree" aria-label="Files" aria-multiselectable="true" ref=${root} onKeyDown=${onKey}
    onFocusOut=${onLeave} onPointerDown=${forget}>
    ${shown.map(
      ({ row, depth }) => html`<${Item} key=${row.key} row=${row} depth=${depth} open=${open.value.has(row.key)}
        chosen=${chosen.value.has(row.key)} current=${row === current} fold=${fold} choose=${choose} save=${save}
        reach=${() => {
          at.value = row.key;
        }} />`,
    )}
  </div>`;
}

/** @param {{row: Row, depth: number, open: boolean, chosen: boolean, current: boolean, fold: (row: Row) => void, choose: (row: Row) => void, save: (key: string) => void, reach: () => void}} props */
function Item({ row, depth, open, chosen, current, fold, choose, save, reach }) {
  const folder = row.kind === "folder";
  const able = folder || row.kind === "file";
  return html`<div role="treeitem" class=${`row ${row.kind}`} aria-level=${depth}
    aria-expanded=${folder ? open : undefined} aria-selected=${able ? chosen : undefined} tabindex=${current ? 0 : -1}
    style=${{ "--depth": depth - 1 }} onFocus=${reach} onClick=${() => choose(row)}
    onDblClick=${() => (folder ? fold(row) : row.kind === "file" && save(row.key))}>
    <span class="twist" onClick=${(/** @type {Event} */ event) => {
      if (!folder) return;
      event.stopPropagation();
      fold(row);
    }}>${folder && html`<${Icon} name="down" />`}</span>
    <span class="box" aria-hidden="true">${chosen && html`<${Icon} name="check" />`}</span>
    <span class="name" title=${named(row)}>${named(row)}</span>
    ${Boolean(row.new) && html`<span class="aside">, </span><span class="new">${folder && row.new !== 1 ? `${row.new} new` : "new"}</span>`}
    ${
      able &&
      html`<span class="aside">, ${folder && `${t("folder with {files}", { files: many(row.files ?? 0, "file") })}, `}</span>
      <span class="size">${folder && !row.files ? t("empty") : bytes(row.size)}</span>
      <span class="aside">, ${t("changed")} </span><span class="time">${moment(row.time)}</span>`
    }
  </div>`;
}

/** @param {Row} row */
function named(row) {
  if (row.kind === "more") return t("{n} more are not shown; download the folder to have them all", { n: row.files });
  return row.kind === "link" ? t("{name} (a link)", { name: row.name }) : row.name;
}
