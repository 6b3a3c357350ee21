// Latency: what followed on each utterance as bars over time, all lanes in a table, the loop's lag as a line.

import {el, shape} from "../js/dom.js"

const SHOWN = 20

function ms(value) {
  return value >= 9999.5 ? `${(value / 1000).toFixed(1)} s` : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}

const STEPS = [50, 100, 250, 500, 1000, 2500, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000, 1800000]

// Steps of a scale that holds `most`; the last one is where it ends.
export function ticks(most) {
  const hours = 3600000 * Math.ceil(most / 6 / 3600000)
  const step = STEPS.find(size => most / size <= 6) || hours
  return Array.from({length: Math.ceil(most / step) + 1}, (_, i) => i * step)
}

export function round(tick) {
  if (tick === 0) return "0"
  if (tick >= 60000 && tick % 60000 === 0) return `${tick / 60000} min`
  return tick >= 1000 ? `${tick / 1000} s` : `${tick} ms`
}

function exchange({text, at, lanes}, scaled) {
  const most = scaled[scaled.length - 1]
  const card = el("article", "exchange")
  const head = el("header")
  head.append(el("span", "said", text ? `“${text}”` : "Sound without words"), el("time", "", new Date(at * 1000).toLocaleTimeString([], {hour12: false})))
  const chart = el("div", "chart")
  chart.setAttribute("role", "list")
  for (const lane of lanes) {
    const row = el("div", `lane ${lane.lane.split("_")[0]}`)
    row.setAttribute("role", "listitem")
    const track = el("span", "track")
    const bar = el("span", "bar")
    bar.style.left = `${100 * lane.from / most}%`
    bar.style.width = `max(3px, ${100 * (lane.to - lane.from) / most}%)`
    track.append(bar)
    row.append(el("span", "label", lane.label), track, el("span", "took", ms(lane.ms)))
    chart.append(row)
  }
  const axis = el("div", "axis")
  axis.setAttribute("aria-hidden", "true")
  const scale = el("span", "scale")
  for (const tick of scaled) {
    const mark = el("span", "", round(tick))
    mark.style.left = `${100 * tick / most}%`
    scale.append(mark)
  }
  axis.append(el("span"), scale, el("span"))
  card.append(head, chart, axis)
  return card
}

function table(rows) {
  const root = el("table")
  const head = el("tr")
  for (const name of ["Lane", "Count", "Median", "95th", "Worst", "Goal"]) {
    const cell = el("th", "", name)
    cell.scope = "col"
    head.append(cell)
  }
  const body = rows.map(({label, count, p50, p95, max, figure, goal, ...row}) => {
    const line = el("tr")
    const name = el("th", "", label)
    name.scope = "row"
    const met = goal && {p50, p95}[figure] <= goal
    const wish = el("td", goal ? (met ? "met" : "missed") : "", goal ? `${figure} ≤ ${ms(goal)}${met ? " ✓" : " ✗"}` : "–")
    line.append(name, ...[String(count), ms(p50), ms(p95), ms(max)].map(text => el("td", "", text)), wish)
    return line
  })
  const top = el("thead"), rest = el("tbody")
  top.append(head)
  rest.append(...body)
  root.append(top, rest)
  return root
}

function line(values) {
  const svg = shape("svg", {viewBox: "0 0 120 40", preserveAspectRatio: "none", "aria-hidden": "true"})
  const most = Math.max(20, ...values)
  const points = values.map((value, i) => `${120 - values.length + i + .5},${39 - 37 * value / most}`)
  const limit = 39 - 37 * 20 / most
  svg.append(shape("line", {x1: 0, x2: 120, y1: limit, y2: limit, class: "limit"}), shape("polyline", {points: points.join(" ")}))
  return svg
}

export function render({model}) {
  const root = el("div", "lanes")
  const pace = el("section", "card pace")
  const summary = el("section", "card")
  const list = el("section", "list")
  root.append(pace, summary, list)

  function showPace() {
    const {p50, p99, max} = model.pace
    const words = p50 === undefined ? "Measuring…" : `median ${ms(p50)} · 99th ${ms(p99)} · worst ${ms(max)}`
    const figures = el("p", "figures", words)
    pace.replaceChildren(el("h2", "", "The server's event loop comes late by"), figures, line(model.lag))
    pace.append(el("p", "soft", "Worst lag of each second while this view is open; the dashed line is the goal of 20 ms for the 99th percentile."))
  }

  function showLanes() {
    const rows = model.table.length ? [table(model.table)] : [el("p", "soft", "Nothing measured yet. Talk to the agent: each exchange is measured from the first sound to the last effect.")]
    summary.replaceChildren(el("h2", "", "All exchanges"), ...rows)
    const shown = model.exchanges.slice(0, SHOWN)
    const scaled = ticks(Math.max(500, ...shown.flatMap(({lanes}) => lanes.map(({to}) => to))))
    list.replaceChildren(...shown.map(one => exchange(one, scaled)))
  }

  model.on(["lag", "pace"], showPace)
  model.on(["exchanges", "table"], showLanes)
  showPace()
  showLanes()
  return root
}
