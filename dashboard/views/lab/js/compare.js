// Two arms task by task: what was fixed, what was broken, by how much, and at what price.
import {STATUS, button, card, empty, experimentPicker, h, mark, money, percent, plural, select, swap} from "./dom.js"
import {costPlot, interval, pairDots, timeBars} from "./charts.js"

const CHANGES = {
  fixed: ["Fixed", "▲"], better: ["Better", "△"], same: ["Same", "="], worse: ["Worse", "▽"], broken: ["Broken", "▼"], missing: ["No try", "–"],
}
const ORDER = ["broken", "worse", "fixed", "better", "same", "missing"]
const points = x => x === null ? "–" : `${x > 0 ? "+" : ""}${Math.round(100 * x)} points`
const chance = p => p === null || p === undefined ? "–" : p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`

export function makeCompare(app) {
  const node = h("div", {class: "compare"})

  function update() {
    const c = app.model.compare
    if (!c.folder) {
      return swap(node, app.model.reading ? h("p", {class: "quiet"}, "Reading…") : empty("Nothing to compare yet", "Run an experiment first.",
        button("Design an experiment", {kind: "main", onclick: () => app.show({tab: "design"})})))
    }
    const {pairing: p} = c
    swap(node, head(app, c, p), p ? answer(p, app.model.measures) : h("p", {class: "card"}, c.arms.length < 2 ? "This experiment has one arm only: nothing is compared." : "No trial has ended yet."),
      p && tasks(app, c, p),
      h("div", {class: "twin"}, card(`Success and ${c.points.some(x => x.dollars.value > 0) ? "cost" : "time"}`, costPlot(c.points)), card("What a trial's time went to", timeBars(c.points))),
      arms(c))
  }
  return {node, update}
}

function head(app, c, p) {
  const at = change => ({tab: "compare", experiment: c.folder, a: p?.a, b: p?.b, ...change})
  const names = c.arms.map(a => [a, a])
  return h("section", {class: "card"},
    h("div", {class: "row"}, experimentPicker(app, c.folder, "compare"),
      p && c.arms.length > 2 && select("Arm", p.b, names.filter(([a]) => a !== p.a), b => app.show(at({b}))),
      p && c.arms.length > 2 && select("against", p.a, names, a => app.show(at({a, b: a === p.b ? p.a : p.b}))),
      h("span", {class: "push"}),
      link(`lab/${c.folder}/report.html`, "Report (HTML)"), link(`lab/${c.folder}/report.md`, "Report (Markdown)")),
    c.hypothesis && h("p", {class: "hypothesis"}, c.hypothesis),
    c.tried < c.planned && h("p", {class: "known"}, `${c.tried} of ${c.planned} trials are done. Looking early makes p too small; this look is written down`,
      c.looks > 1 ? ` (number ${c.looks}).` : "."))
}

function link(href, words) {
  return h("a", {class: "button", href, download: true}, words)
}

function answer(p, measures) {
  const e = p.success
  const words = `${points(e.value)}${e.low === null ? "" : `, from ${points(e.low)} to ${points(e.high)}`}`
  const ratios = measures.map(m => [m, p.ratios[m.name]]).filter(([, r]) => r && r.value !== null)
  return h("section", {class: "card answer"},
    h("p", {class: "verdict"}, p.verdict),
    h("div", {class: "measure"}, h("div", {}, h("strong", {}, `Success, ${p.b} minus ${p.a}`), h("span", {class: "big"}, points(e.value)),
      h("small", {}, `${e.low === null ? "no interval" : `95 %: ${points(e.low)} to ${points(e.high)}`}; ${e.method}, ${plural(e.tasks, "task")}`),
      h("small", {}, `${chance(e.p)}${e.p_holm !== null && e.p_holm !== e.p ? `, corrected ${e.p_holm.toFixed(3)}` : ""} (${e.test})`), e.note && h("small", {}, e.note)),
    interval(e, {words, title: "Difference in success"})),
    ...ratios.map(([{label, better}, r]) => h("div", {class: "measure"}, h("div", {}, h("strong", {}, `${label}, ${p.b} ÷ ${p.a}`), h("span", {class: "big"}, `×${r.value.toFixed(2)}`),
      h("small", {}, `${r.low === null ? "no interval" : `95 %: ×${r.low.toFixed(2)} to ×${r.high.toFixed(2)}`}; ${chance(r.p)}`)),
    interval(r, {ratio: true, better, words: `×${r.value.toFixed(2)}`, title: label}))),
    p.notes.length > 0 && h("ul", {class: "notes"}, ...p.notes.map(n => h("li", {}, n))))
}

function tasks(app, c, p) {
  const open = (side, n) => app.show({tab: "trial", experiment: c.folder, trial: side.trials[n]})
  const tries = (side, arm) => h("td", {class: "tries"}, side.tries ? h("span", {class: "rate"}, `${side.passed}/${side.tries}`) : "–",
    ...[...side.letters].map((l, n) => h("button", {type: "button", class: "try", "data-k": side.trials[n], "aria-label": `${arm}, try ${n + 1}: ${STATUS[l][0]}`, onclick: () => open(side, n)}, mark(l, false))))
  const rows = [...p.tasks].sort((x, y) => ORDER.indexOf(x.change) - ORDER.indexOf(y.change) || (x.difference ?? 0) - (y.difference ?? 0))
  const list = (name, ids) => h("p", {}, h("strong", {}, `${name}: `), ids.length ? ids.join(", ") : "none")
  return h("section", {class: "card scroll"}, h("h3", {}, "Task by task"),
    list(`Fixed by ${p.b}`, p.fixed), list(`Broken by ${p.b}`, p.broken),
    h("table", {class: "plain pairs"},
      h("thead", {}, h("tr", {}, h("th", {scope: "col"}, "Task"), h("th", {scope: "col"}, "Change"),
        h("th", {scope: "col"}, h("span", {class: "dots"}, h("i", {class: "key key-a"}), p.a, h("i", {class: "key key-b"}), p.b)),
        h("th", {scope: "col"}, p.a), h("th", {scope: "col"}, p.b), h("th", {scope: "col"}, "What speaks against it"))),
      h("tbody", {}, ...rows.map(t => h("tr", {}, h("th", {scope: "row"}, t.task),
        h("td", {}, change(t)),
        h("td", {}, pairDots(t.a.rate, t.b.rate, t.change)), tries(t.a, p.a), tries(t.b, p.b),
        h("td", {class: "reason"}, t.b.reason ? `${p.b}: ${t.b.reason}` : t.a.reason ? `${p.a}: ${t.a.reason}` : ""))))))
}

// Where one side had nothing but errors, nothing is said of the arms.
function change({a, b, change: kind}) {
  const errors = [a, b].some(side => side.letters && [...side.letters].every(l => l === "e"))
  const [word, sign] = errors ? ["Errors only", "!"] : CHANGES[kind]
  return h("span", {class: `change ${errors ? "same" : kind}`}, h("i", {"aria-hidden": "true"}, sign), word)
}

function arms(c) {
  const range = e => e.value === null ? "–" : `${percent(e.value)}${e.low === null ? "" : ` [${Math.round(100 * e.low)}, ${Math.round(100 * e.high)}]`}`
  return h("section", {class: "card scroll"}, h("h3", {}, "Every arm"),
    h("table", {class: "plain"}, h("thead", {}, h("tr", {}, ...["Arm", "Success (errors count against it)", "US$ a trial", "US$ a success", "How its trials ended"].map(w => h("th", {scope: "col"}, w)))),
      h("tbody", {}, ...c.points.map(p => h("tr", {}, h("th", {scope: "row"}, p.arm), h("td", {}, range(p.success)), h("td", {}, money(p.dollars.value)), h("td", {}, money(p.dollars_per_success)),
        h("td", {}, Object.entries(c.statuses[p.arm] || {}).map(([status, n]) => `${n} ${status.replaceAll("_", " ")}`).join(", ") || "–"))))),
    h("p", {class: "quiet small"}, "An error is ours (desktop, service, checker) and says nothing of the arm; it is tried again when the experiment goes on."))
}
