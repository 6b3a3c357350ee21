// The Lab's charts: plain SVG in the page's colours, so that both themes fit.
import { html } from "../../../js/base.js";
import { Quiet } from "./parts.js";
import { axisAround, judged, marks, pathThrough } from "./scales.js";
import { money, percent, span } from "./words.js";
import { t } from "../../../js/words.js";

/** @typedef {import("./scales.js").Found} Found */
/** @typedef {{arm: string, success: Found, dollars: Found, seconds: Found, time: Record<string, number>}} Point */

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {string} name */
const line = (x1, y1, x2, y2, name) => html`<line x1=${x1} y1=${y1} x2=${x2} y2=${y2} class=${name} />`;

/** @param {number} x @param {number} y @param {string} words @param {"start" | "middle" | "end"} [anchor] */
const label = (x, y, words, anchor, name = "label") =>
  html`<text x=${x} y=${y} class=${name} text-anchor=${anchor}>${words}</text>`;

const asPoints = (/** @type {number} */ share) => `${Math.round(100 * share)} points`;

/** @param {{power: [number, number][]}} props Effects, each with the chance to find it. */
export function PowerPlot({ power }) {
  const [W, H, L, B, T] = [280, 110, 34, 22, 8];
  const most = power[power.length - 1][0];
  const x = (/** @type {number} */ effect) => L + ((W - L - 8) * effect) / most;
  const y = (/** @type {number} */ chance) => T + (H - T - B) * (1 - chance);
  const told = power.map(([effect, chance]) => `${asPoints(effect)}: ${percent(chance)}`);
  return html`<svg viewBox=${`0 0 ${W} ${H}`} class="chart power" role="img" aria-label=${`${t("Power to detect a difference.")} ${told.join("; ")}`}>
    ${line(L, y(0), W - 8, y(0), "axis")}${line(L, y(0.8), W - 8, y(0.8), "goal")}
    ${label(L - 4, y(0.8) + 4, "80 %", "end")}${label(L - 4, y(0) + 4, "0", "end")}
    <path d=${pathThrough(power.map(([effect, chance]) => [x(effect), y(chance)]))} class="curve" />
    ${power.map(([effect, chance], n) => html`<circle cx=${x(effect)} cy=${y(chance)} r="2.6" class="dot"><title>${told[n]}</title></circle>`)}
    ${power.map(([effect], n) => n % 2 === 1 && label(x(effect), H - 7, `+${Math.round(100 * effect)}`, "middle"))}
    ${label(W - 8, T + 8, t("power"), "end")}</svg>`;
}

/** One task: A hollow, B filled, from never to always. @param {{a: number | null, b: number | null, change: string}} props */
export function PairDots({ a, b, change }) {
  const W = 160;
  const x = (/** @type {number} */ rate) => 8 + (W - 16) * rate;
  const both = a !== null && b !== null;
  const same = both && a === b;
  return html`<svg viewBox=${`0 0 ${W} 20`} class=${`chart pair ${change}`} aria-hidden="true">
    ${line(8, 10, W - 8, 10, "axis")}${[0, 0.5, 1].map((t) => line(x(t), 6, x(t), 14, "tick"))}
    ${both && line(x(a), 10, x(b), 10, "move")}
    ${a !== null && html`<circle cx=${x(a)} cy="10" r=${same ? 6.5 : 5} class="dot-a" />`}
    ${b !== null && html`<circle cx=${x(b)} cy="10" r=${same ? 3.2 : 5} class="dot-b" />`}</svg>`;
}

/** A value with its interval on a line around "no difference". @param {{found: Found, ratio?: boolean, better?: import("./app.js").Better, words: string, title: string}} props */
export function Interval({ found, ratio = false, better = "more", words, title }) {
  const [W, H, x0] = [420, 46, 14];
  const x1 = W - x0;
  const axis = axisAround(found, ratio);
  if (!axis || found.value === null) return html`<${Quiet}>Undefined so far.<//>`;
  const x = (/** @type {number} */ v) => Math.min(W, Math.max(0, (x0 + x1) / 2 + ((x1 - x0) / 2) * axis.place(v)));
  const low = found.low ?? found.value;
  const high = found.high ?? found.value;
  const named = (/** @type {number} */ t) => (ratio ? `×${t}` : `${t > 0 ? "+" : ""}${Math.round(100 * t)}`);
  const none = x(ratio ? 1 : 0);
  return html`<svg viewBox=${`0 0 ${W} ${H}`} class=${`chart interval ${judged(low, high, ratio, better)}`} role="img" aria-label=${`${title}: ${words}`}>
    ${line(x0, 16, x1, 16, "axis")}
    ${axis.ticks.map((t) => [line(x(t), 12, x(t), 20, "tick"), label(x(t), 38, named(t), "middle")])}
    ${line(none, 3, none, 27, "zero")}${line(x(low), 16, x(high), 16, "bar")}
    ${[low, high].map((v) => axis.within(v) && line(x(v), 10, x(v), 22, "cap"))}
    <circle cx=${x(found.value)} cy="16" r="6" class="dot" /></svg>`;
}

/** Success against cost (or time, where nothing costs anything), with intervals both ways. @param {{points: Point[]}} props */
export function CostPlot({ points }) {
  const paid = points.some((p) => (p.dollars.value ?? 0) > 0);
  const shown = points.flatMap((p) => {
    const cost = paid ? p.dollars : p.seconds;
    return p.success.value === null || cost.value === null
      ? []
      : [{ ...p, rate: p.success.value, cost, price: cost.value }];
  });
  if (!shown.length) return html`<${Quiet}>No trial has ended yet.<//>`;
  const [W, H, L, B, T, R] = [460, 250, 46, 38, 12, 14];
  const most = Math.max(...shown.map(({ cost, price }) => cost.high ?? price)) * 1.12 || 1;
  const x = (/** @type {number} */ v) => L + ((W - L - R) * v) / most;
  const y = (/** @type {number} */ v) => T + (H - T - B) * (1 - v);
  const tick = paid ? money : span;
  const told = shown.map(({ arm, rate, price }) =>
    t("{arm}: {rate} for {price} a trial", { arm, rate: percent(rate), price: tick(price) }),
  );
  return html`<svg viewBox=${`0 0 ${W} ${H}`} class="chart cost" role="img" aria-label=${told.join("; ")}>
    ${[0, 0.25, 0.5, 0.75, 1].map((v) => [line(L, y(v), W - R, y(v), v ? "grid" : "axis"), label(L - 6, y(v) + 4, percent(v), "end")])}
    ${marks(most).map((v) => [line(x(v), y(0), x(v), y(0) + 5, "tick"), label(x(v), H - B + 18, tick(v), "middle")])}
    ${label((L + W - R) / 2, H - 4, paid ? t("US$ a trial") : t("time a trial (nothing was paid)"), "middle")}
    ${shown.map(({ arm, success, cost, rate, price }, n) => {
      const [cx, cy] = [x(price), y(rate)];
      const left = cx > W * 0.72;
      return html`<g class=${`series series-${n % 8}`}>
        ${success.low !== null && success.high !== null && line(cx, y(success.low), cx, y(success.high), "bar")}
        ${cost.low !== null && cost.high !== null && line(x(cost.low), cy, x(cost.high), cy, "bar")}
        <circle cx=${cx} cy=${cy} r="6" class="dot" />${label(cx + (left ? -11 : 11), cy - 9, arm, left ? "end" : "start", "label name")}</g>`;
    })}</svg>`;
}

const PARTS = [
  ["model", t("Model")],
  ["tools", t("Tools")],
  ["person", t("Person")],
  ["rest", t("Rest")],
];

/** What a trial's time went to, arm by arm. @param {{points: Point[]}} props */
export function TimeBars({ points }) {
  const total = (/** @type {Point} */ p) => PARTS.reduce((sum, [name]) => sum + (p.time[name] || 0), 0);
  const most = Math.max(...points.map(total));
  if (!most) return html`<${Quiet}>No trial has ended yet.<//>`;
  return html`<div class="timebars">${points.map(
    (p) =>
      html`<div class="timebar"><span class="who">${p.arm}</span>
        <div class="stack" role="img" aria-label=${PARTS.map(([name, word]) => `${word} ${span(p.time[name])}`).join(", ")}>
          ${PARTS.filter(([name]) => p.time[name] > 0).map(
            ([name, word]) =>
              html`<span class=${`part part-${name}`} style=${{ width: `${(100 * p.time[name]) / most}%` }} title=${`${word} ${span(p.time[name])}`}></span>`,
          )}</div><span class="quiet">${span(total(p))}</span></div>`,
  )}<div class="legend">${PARTS.map(([name, word]) => html`<span><i class=${`part part-${name}`}></i>${word}</span>`)}</div></div>`;
}
