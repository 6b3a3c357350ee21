// A virtual list: only the rows in sight exist, and only they are asked of the server.
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { component, html, useMessages } from "../../js/base.js";
import { link } from "../../js/link/link.js";
import { broughtIntoSight, existing, rowAfter } from "../js/rows.js";
import { kindsInWords, pictureIn, Records } from "./ledger.js";
import { locale, t } from "../../js/words.js";

/** @typedef {import("../../js/base.js").Host<{group_label: string, empty: string, images: string}>} Host */

const ROW = 30; // px, as in the stylesheet
const AHEAD = 20; // rows beyond what is in sight, above and below
const TYPED = 150; // ms after which what was typed is looked for

/** @param {number} at Unix seconds. */
function clock(at) {
  const date = new Date(at * 1000);
  return `${date.toLocaleTimeString(locale(), { hour12: false })}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

const spaced = (/** @type {string} */ name) => name.replaceAll("_", " ");

/** @param {{host: Host}} props */
function Inspected({ host }) {
  const records = useMemo(() => new Records(host), []);
  useMessages(host, (message) => records.hear(message));
  useLayoutEffect(() => {
    host.ask({ type: "ready" });
    return link.onRestored(() => records.again());
  }, []);
  return html`<div class="records"><${Filters} host=${host} records=${records} /><${Rows} host=${host} records=${records} />
    <${Detail} host=${host} records=${records} /></div>`;
}

/** @param {{host: Host, records: Records}} props */
function Filters({ host, records }) {
  const timer = useRef(0);
  useLayoutEffect(() => () => clearTimeout(timer.current), []);
  const typed = (/** @type {any} */ event) => {
    records.text.value = event.currentTarget.value;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => records.filter(), TYPED);
  };
  const grouped = (/** @type {any} */ event) => {
    records.group.value = event.currentTarget.value;
    records.filter();
  };
  const count = records.count.value;
  const all = records.all.value;
  const groups = Object.entries(records.groups.value);
  return html`<div class="filters">
    <label class="filter"><span>Search</span><input type="search" placeholder="Any text" value=${records.text.value} onInput=${typed} /></label>
    <${Kinds} records=${records} />
    <label class="filter"><span>${host.param("group_label").value}</span><select value=${records.group.value} onChange=${grouped}>
      <option value="">All</option>${groups.map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}</select></label>
    <span class="total" role="status">${count === all ? t("{n} in all", { n: all }) : t("{n} of {all}", { n: count, all })}</span></div>`;
}

/** The kinds as a menu of checkboxes; none chosen means all. @param {{records: Records}} props */
function Kinds({ records }) {
  const root = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  useLayoutEffect(() => {
    const away = (/** @type {Event} */ event) => {
      if (root.current && !event.composedPath().includes(root.current)) root.current.open = false;
    };
    document.addEventListener("click", away);
    return () => document.removeEventListener("click", away);
  }, []);

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key !== "Escape" || !root.current?.open) return;
    root.current.open = false;
    root.current.querySelector("summary")?.focus();
    event.stopPropagation();
  }

  const chosen = records.chosen.value;
  return html`<details class="kinds" ref=${root} onKeyDown=${onKey}><summary>${kindsInWords(chosen)}</summary><div class="panel">${Object.entries(
    records.kinds.value,
  ).map(
    ([kind, count]) =>
      html`<label key=${kind}><input type="checkbox" checked=${chosen.has(kind)} onChange=${(/** @type {any} */ event) => records.toggle(kind, event.currentTarget.checked)} />
        <span>${spaced(kind)}</span><small>${count}</small></label>`,
  )}</div></details>`;
}

/** @param {{host: Host, records: Records}} props */
function Rows({ host, records }) {
  const view = useRef(/** @type {HTMLElement | null} */ (null));
  const follows = useRef(true); // the newest is in sight, unless a person has scrolled away from it
  const [sight, setSight] = useState({ top: 0, room: 0 });
  const count = records.count.value;
  const known = records.rows.value;
  const at = records.at.value;
  const look = () => {
    const box = view.current;
    if (box) setSight({ top: box.scrollTop, room: box.clientHeight });
  };
  const follow = () => {
    if (view.current && follows.current) view.current.scrollTop = view.current.scrollHeight;
    look();
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(follow); // what is hidden cannot be scrolled
    if (view.current) observer.observe(view.current);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(follow, [count]);
  useLayoutEffect(() => {
    const box = view.current;
    if (!box || at.index < 0) return;
    box.scrollTop = broughtIntoSight({ top: box.scrollTop, room: box.clientHeight, height: ROW }, at.index);
    look();
  }, [at]);
  const stretch = existing({ ...sight, height: ROW, count }, AHEAD);
  const end = stretch.first + stretch.count;
  useLayoutEffect(() => records.need(stretch.first, end));

  function scrolled() {
    const box = /** @type {HTMLElement} */ (view.current);
    follows.current = box.scrollHeight - box.scrollTop - box.clientHeight < ROW;
    look();
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.target !== view.current) return;
    const to = rowAfter(event.key, { current: at.index, count, room: sight.room, height: ROW });
    if (to === null) return;
    event.preventDefault();
    records.choose(to);
  }

  const rows = [];
  for (let i = stretch.first; i < end; i += 1) {
    const row = known.get(i);
    if (row)
      rows.push(html`<${Row} key=${i} i=${i} row=${row} chosen=${i === at.index} choose=${() => records.choose(i)} />`);
  }
  const none = records.all.value ? t("No records match the filter.") : host.param("empty").value;
  // A listbox must hold options.
  return html`<div class="view" ref=${view} tabindex="0" role=${rows.length ? "listbox" : "group"} aria-label="Records; arrow keys choose one"
    aria-activedescendant=${at.index >= 0 ? `record-${at.index}` : undefined} onScroll=${scrolled} onKeyDown=${onKey}>
    <div class="space" role="presentation" style=${{ height: `${count * ROW}px` }}>${rows}</div>
    <p class="none" hidden=${count > 0}>${none}</p></div>`;
}

/** @param {{i: number, row: import("./ledger.js").Row, chosen: boolean, choose: () => void}} props */
function Row({ i, row: { n, at, kind, says }, chosen, choose }) {
  return html`<div class=${`row kind-${kind.split(/[_.]/)[0]}`} id=${`record-${i}`} role="option" aria-selected=${String(chosen)} style=${{ top: `${i * ROW}px` }} onClick=${choose}>
    <span class="n">${n}</span><span class="at">${clock(at)}</span><span class="kind">${spaced(kind)}</span><span class="says">${says}</span></div>`;
}

/** @param {{host: Host, records: Records}} props */
function Detail({ host, records }) {
  const opened = records.opened.value;
  return html`<section class="detail" aria-label="The whole record">${
    opened
      ? html`<${Whole} key=${opened.n} opened=${opened} images=${host.param("images").value} />`
      : html`<p class="none">Choose a row to see the whole record.</p>`
  }</section>`;
}

/** @param {{opened: import("./ledger.js").Opened, images: string}} props */
function Whole({ opened: { n, record }, images }) {
  const [copied, setCopied] = useState(false);
  const json = JSON.stringify(record, null, 2);
  const image = pictureIn(record);
  const copy = async () => {
    await navigator.clipboard.writeText(json).catch(() => {});
    setCopied(true);
  };
  return html`<div class="head"><h2>${`${spaced(record.kind || record.type || "")} ${n}`}</h2>
      <button type="button" class="copy" onClick=${() => void copy()}>${copied ? t("Copied") : t("Copy")}</button></div>
    ${image && html`<img alt="The picture of this record" width=${image.width} height=${image.height} src=${images + image.sha256} />`}
    <pre tabindex="0">${json}</pre>`;
}

export default component("Records", Inspected);
