// The Lab's charts: plain SVG in the page's colours, so that both themes fit.
import {h, money, percent, s, span} from "./dom.js"

const line = (x1, y1, x2, y2, name) => s("line", {x1, y1, x2, y2, class: name})
const label = (x, y, words, given = {}) => s("text", {x, y, class: "label", ...given}, words)

export function powerPlot(power) {
  const W = 280, H = 110, L = 34, B = 22, T = 8
  const most = power.at(-1)[0]
  const x = effect => L + (W - L - 8) * effect / most, y = chance => T + (H - T - B) * (1 - chance)
  const path = power.map(([e, c], n) => `${n ? "L" : "M"}${x(e).toFixed(1)} ${y(c).toFixed(1)}`).join("")
  const told = power.map(([e, c]) => `${Math.round(100 * e)} points: ${percent(c)}`).join("; ")
  return s("svg", {viewBox: `0 0 ${W} ${H}`, class: "chart power", role: "img", "aria-label": `Chance to find a difference. ${told}`},
    line(L, y(0), W - 8, y(0), "axis"), line(L, y(0.8), W - 8, y(0.8), "goal"),
    label(L - 4, y(0.8) + 4, "80 %", {"text-anchor": "end"}), label(L - 4, y(0) + 4, "0", {"text-anchor": "end"}),
    s("path", {d: path, class: "curve"}),
    ...power.map(([e, c]) => s("circle", {cx: x(e), cy: y(c), r: 2.6, class: "dot"}, s("title", {}, `${Math.round(100 * e)} points: ${percent(c)}`))),
    ...power.filter((_, n) => n % 2 === 1).map(([e]) => label(x(e), H - 7, `+${Math.round(100 * e)}`, {"text-anchor": "middle"})),
    label(W - 8, T + 8, "chance to find it", {"text-anchor": "end"}))
}

// One task: A hollow, B filled, from never to always.
export function pairDots(a, b, change) {
  const W = 160, x = rate => 8 + (W - 16) * rate
  const both = a !== null && b !== null
  return s("svg", {viewBox: `0 0 ${W} 20`, class: `chart pair ${change}`, "aria-hidden": "true"},
    line(8, 10, W - 8, 10, "axis"), ...[0, 0.5, 1].map(t => line(x(t), 6, x(t), 14, "tick")),
    both && line(x(a), 10, x(b), 10, "move"),
    a !== null && s("circle", {cx: x(a), cy: 10, r: both && a === b ? 6.5 : 5, class: "dot-a"}),
    b !== null && s("circle", {cx: x(b), cy: 10, r: both && a === b ? 3.2 : 5, class: "dot-b"}))
}

// A value with its interval on a line around "no difference".
export function interval(found, {ratio = false, better = "more", words, title}) {
  const W = 420, H = 46, x0 = 14, x1 = W - 14
  const flat = ratio ? Math.log : v => v
  const values = [found.low, found.high, found.value].filter(v => v !== null && v !== undefined && (!ratio || v > 0)).map(flat)
  if (!values.length) return h("p", {class: "quiet"}, "Undefined so far.")
  const reach = Math.min(Math.max(...values.map(Math.abs), ratio ? Math.log(1.5) : 0.25), ratio ? Math.log(12) : 1) * 1.12
  const x = v => Math.min(W, Math.max(0, (x0 + x1) / 2 + (x1 - x0) / 2 * flat(v) / reach))
  const low = found.low ?? found.value, high = found.high ?? found.value
  const none = ratio ? 1 : 0
  const more = low > none, less = high < none
  const kind = better === "neither" || !(more || less) ? "open" : (better === "more") === more ? "better" : "worse"
  const ticks = ratio ? reach > Math.log(3) ? [0.1, 0.3, 1, 3, 10] : [0.5, 0.8, 1, 1.25, 2] : [-1, -0.5, -0.25, 0, 0.25, 0.5, 1]
  const cap = v => ratio && v <= 0 || Math.abs(flat(v)) > reach ? null : line(x(v), 10, x(v), 22, "cap")
  return s("svg", {viewBox: `0 0 ${W} ${H}`, class: `chart interval ${kind}`, role: "img", "aria-label": `${title}: ${words}`},
    line(x0, 16, x1, 16, "axis"),
    ...ticks.filter(t => Math.abs(flat(t)) <= reach).flatMap(t => [line(x(t), 12, x(t), 20, "tick"),
      label(x(t), 38, ratio ? `×${t}` : `${t > 0 ? "+" : ""}${Math.round(100 * t)}`, {"text-anchor": "middle"})]),
    line(x(ratio ? 1 : 0), 3, x(ratio ? 1 : 0), 27, "zero"),
    line(x(low), 16, x(high), 16, "bar"), cap(low), cap(high),
    s("circle", {cx: x(found.value), cy: 16, r: 6, class: "dot"}))
}

function steps(most) {
  const raw = most / 4, size = 10 ** Math.floor(Math.log10(raw))
  const step = [1, 2, 2.5, 5, 10].map(k => k * size).find(k => k >= raw)
  const found = []
  for (let t = 0; t <= most + step * 0.01; t += step) found.push(t)
  return found
}

// Success against cost (or time, where nothing costs anything), with intervals both ways.
export function costPlot(points) {
  const paid = points.some(p => p.dollars.value > 0)
  const side = p => paid ? p.dollars : p.seconds
  const shown = points.filter(p => p.success.value !== null && side(p).value !== null)
  if (!shown.length) return h("p", {class: "quiet"}, "No trial has ended yet.")
  const W = 460, H = 250, L = 46, B = 38, T = 12, R = 14
  const most = Math.max(...shown.map(p => side(p).high ?? side(p).value)) * 1.12 || 1
  const x = v => L + (W - L - R) * v / most, y = v => T + (H - T - B) * (1 - v)
  const tick = v => paid ? money(v) : span(v)
  const told = shown.map(p => `${p.arm}: ${percent(p.success.value)} for ${tick(side(p).value)} a trial`).join("; ")
  return s("svg", {viewBox: `0 0 ${W} ${H}`, class: "chart cost", role: "img", "aria-label": told},
    ...[0, 0.25, 0.5, 0.75, 1].flatMap(v => [line(L, y(v), W - R, y(v), v ? "grid" : "axis"), label(L - 6, y(v) + 4, percent(v), {"text-anchor": "end"})]),
    ...steps(most).filter(v => v <= most).flatMap(v => [line(x(v), y(0), x(v), y(0) + 5, "tick"), label(x(v), H - B + 18, tick(v), {"text-anchor": "middle"})]),
    label((L + W - R) / 2, H - 4, paid ? "US$ a trial" : "time a trial (nothing was paid)", {"text-anchor": "middle"}),
    ...shown.map((p, n) => arm(p, side(p), n, x, y, W)))
}

function arm(p, cost, n, x, y, W) {
  const cx = x(cost.value), cy = y(p.success.value)
  const left = cx > W * 0.72
  return s("g", {class: `series series-${n % 8}`},
    p.success.low !== null && line(cx, y(p.success.low), cx, y(p.success.high), "bar"),
    cost.low !== null && line(x(cost.low), cy, x(cost.high), cy, "bar"),
    s("circle", {cx, cy, r: 6, class: "dot"}), label(cx + (left ? -11 : 11), cy - 9, p.arm, {class: "label name", "text-anchor": left ? "end" : "start"}))
}

const PARTS = [["model", "Model"], ["tools", "Tools"], ["person", "Person"], ["rest", "Rest"]]

// What a trial's time went to, arm by arm.
export function timeBars(points) {
  const total = p => PARTS.reduce((sum, [name]) => sum + (p.time[name] || 0), 0)
  const most = Math.max(...points.map(total))
  if (!most) return h("p", {class: "quiet"}, "No trial has ended yet.")
  return h("div", {class: "timebars"},
    ...points.map(p => h("div", {class: "timebar"}, h("span", {class: "who"}, p.arm),
      h("div", {class: "stack", role: "img", "aria-label": PARTS.map(([name, word]) => `${word} ${span(p.time[name])}`).join(", ")},
        ...PARTS.filter(([name]) => p.time[name] > 0).map(([name, word]) => h("span", {class: `part part-${name}`, style: `width:${100 * p.time[name] / most}%`, title: `${word} ${span(p.time[name])}`}))),
      h("span", {class: "quiet"}, span(total(p))))),
    h("div", {class: "legend"}, ...PARTS.map(([name, word]) => h("span", {}, h("i", {class: `part part-${name}`}), word))))
}
