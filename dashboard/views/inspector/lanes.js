// Latency: what followed on each utterance as bars over time, all lanes in a table, the loop's lag as a line.
import { component, html } from "../../js/base.js";
import { lagLine, ms, round, ticks } from "./scale.js";
import { locale, t } from "../../js/words.js";

/** @typedef {{lane: string, label: string, from: number, to: number, ms: number}} Lane */
/** @typedef {{text: string, at: number, lanes: Lane[]}} Exchange */
/** @typedef {{label: string, count: number, p50: number, p95: number, max: number, figure: "p50" | "p95", goal: number}} Row */
/** @typedef {{p50?: number, p99: number, max: number}} Pace */
/** @typedef {import("../../js/base.js").Host<{exchanges: Exchange[], table: Row[], lag: number[], pace: Pace}>} Host */

const SHOWN = 20;
const SHORTEST = 500; // ms that the axis holds at least
const NOTHING = t(
  "Nothing measured yet. Talk to the agent: each exchange is measured from the first sound to the last effect.",
);
const GOAL = t(
  "Worst lag of each second while this view is open; the dashed line is the goal of 20 ms for the 99th percentile.",
);

/** @param {{host: Host}} props */
function Latency({ host }) {
  const rows = host.param("table").value;
  const shown = host.param("exchanges").value.slice(0, SHOWN);
  const axis = ticks(Math.max(SHORTEST, ...shown.flatMap(({ lanes }) => lanes.map(({ to }) => to))));
  return html`<div class="lanes"><section class="card pace"><${Lag} host=${host} /></section>
    <section class="card"><h2>All exchanges</h2>${rows.length ? html`<${Table} rows=${rows} />` : html`<p class="soft">${NOTHING}</p>`}</section>
    <section class="list">${shown.map((one) => html`<${OneExchange} one=${one} axis=${axis} />`)}</section></div>`;
}

/** @param {{host: Host}} props */
function Lag({ host }) {
  const { p50, p99, max } = host.param("pace").value;
  const { points, limit } = lagLine(host.param("lag").value);
  return html`<h2>The server's event loop comes late by</h2>
    <p class="figures">${p50 === undefined ? t("Measuring…") : `median ${ms(p50)} · 99th ${ms(p99)} · worst ${ms(max)}`}</p>
    <svg viewBox="0 0 120 40" preserveAspectRatio="none" aria-hidden="true"><line x1="0" x2="120" y1=${limit} y2=${limit} class="limit" /><polyline points=${points} /></svg>
    <p class="soft">${GOAL}</p>`;
}

/** @param {{rows: Row[]}} props */
function Table({ rows }) {
  const names = [t("Lane"), t("Count"), t("Median"), "95th", t("Worst"), t("Goal")];
  return html`<table><thead><tr>${names.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (row) =>
        html`<tr><th scope="row">${row.label}</th><td>${row.count}</td><td>${ms(row.p50)}</td><td>${ms(row.p95)}</td><td>${ms(row.max)}</td><${Goal} row=${row} /></tr>`,
    )}</tbody></table>`;
}

/** @param {{row: Row}} props */
function Goal({ row }) {
  const { goal, figure } = row;
  if (!goal) return html`<td class="">–</td>`;
  const met = row[figure] <= goal;
  return html`<td class=${met ? "met" : "missed"}>${`${figure} ≤ ${ms(goal)}${met ? " ✓" : " ✗"}`}</td>`;
}

/** @param {{one: Exchange, axis: number[]}} props */
function OneExchange({ one: { text, at, lanes }, axis }) {
  const most = axis[axis.length - 1];
  const share = (/** @type {number} */ value) => `${(100 * value) / most}%`;
  return html`<article class="exchange">
    <header><span class="said">${text ? `“${text}”` : t("Sound without words")}</span><time>${new Date(at * 1000).toLocaleTimeString(locale(), { hour12: false })}</time></header>
    <div class="chart" role="list">${lanes.map(
      (lane) =>
        html`<div class=${`lane ${lane.lane.split("_")[0]}`} role="listitem"><span class="label">${lane.label}</span>
          <span class="track"><span class="bar" style=${{ left: share(lane.from), width: `max(3px, ${share(lane.to - lane.from)})` }}></span></span>
          <span class="took">${ms(lane.ms)}</span></div>`,
    )}</div>
    <div class="axis" aria-hidden="true"><span></span>
      <span class="scale">${axis.map((tick) => html`<span style=${{ left: share(tick) }}>${round(tick)}</span>`)}</span><span></span></div></article>`;
}

export default component("Latency", Latency);
