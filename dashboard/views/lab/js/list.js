// All experiments, or how to begin.
import {LETTER, button, empty, h, mark, money, plural, swap, when} from "./dom.js"

export function makeList(app) {
  const node = h("div", {class: "list"})

  function update() {
    const {listing} = app.model
    if (!listing) return swap(node, h("p", {class: "quiet"}, "Reading the experiments…"))
    if (!listing.length) return swap(node, nothing(app))
    const begin = button("New experiment", {kind: "main", onclick: () => app.show({tab: "design"})})
    swap(node, h("div", {class: "row top"}, begin), h("ul", {class: "cards"}, ...listing.map(row => item(app, row))))
  }
  return {node, update}
}

function nothing(app) {
  return empty("No experiments yet",
    "An experiment tries two or more arms, such as two prompts, on the same tasks and says whether one is better. " +
    "The example compares two ways of wording a task with the offline model: it needs no key and costs nothing.",
    button("Try the keyless example", {kind: "main", onclick: () => app.send({type: "example"})}),
    button("Design your own", {onclick: () => app.show({tab: "design"})}))
}

function item(app, row) {
  if (row.fault) return h("li", {class: "card damaged"}, h("h3", {}, row.name), h("p", {}, row.fault))
  const open = tab => app.show({tab, experiment: row.folder})
  const {statuses} = row
  const running = app.model.current.folder === row.folder
  const actions = [
    button(running ? "Watch" : "Trials", {"data-k": `t${row.folder}`, onclick: () => open("live")}),
    button("Compare", {"data-k": `c${row.folder}`, onclick: () => open("compare")}),
    button("Copy design", {"data-k": `d${row.folder}`, onclick: () => app.send({type: "copy", experiment: row.folder})}),
  ]
  if (row.to_do && !running) actions.push(resume(app, row))
  return h("li", {class: "card experiment"},
    h("div", {class: "head"}, h("h3", {}, row.name), running && h("span", {class: "chip live"}, "running"),
      h("span", {class: "quiet"}, when(row.begun))),
    row.hypothesis && h("p", {class: "hypothesis"}, row.hypothesis),
    h("p", {class: "facts"}, `${row.arms.join(" · ")} — ${plural(row.tasks, "task")} × ${plural(row.repeats, "repeat")} = ${plural(row.planned, "trial")}`,
      row.spent ? `, ${money(row.spent)}` : ""),
    shares(statuses, row.planned),
    ...row.verdicts ? row.verdicts.map(text => h("p", {class: "verdict"}, text)) : [h("p", {class: "quiet"}, "Working out the verdict…")],
    h("div", {class: "row"}, ...actions))
}

// Errors are tried again; what never ran is run.
export function goOn({to_do: left, errors}) {
  return left > errors ? `Go on (${left.toLocaleString("en")} left)` : `Try ${plural(errors, "error")} again`
}

function resume(app, row) {
  return button(goOn(row), {"data-k": `r${row.folder}`, kind: row.to_do > row.errors ? "main" : "", onclick: () => app.send({type: "resume", experiment: row.folder, slots: app.slots ?? null})})
}

// How the planned trials ended, as one bar and in words.
export function shares(statuses, planned) {
  const parts = Object.entries(LETTER).filter(([status]) => statuses[status])
  const bar = h("div", {class: "shares", "aria-hidden": "true"},
    ...parts.map(([status, letter]) => h("span", {class: `share share-${letter}`, style: `flex-grow:${statuses[status]}`})),
    h("span", {class: "share", style: `flex-grow:${Math.max(0, planned - parts.reduce((n, [status]) => n + statuses[status], 0))}`}))
  const left = planned - parts.reduce((n, [status]) => n + statuses[status], 0)
  const words = h("p", {class: "counts"},
    ...parts.map(([status, letter]) => h("span", {class: "counted"}, mark(letter, false), `${statuses[status]} ${status.replaceAll("_", " ")}`)),
    left > 0 && h("span", {class: "counted"}, mark(".", false), `${left} not run`))
  return h("div", {}, bar, words)
}
