// Beside the form: what differs, which effect would show, what it costs, and Start.
import {button, diff, h, money, plural, span, swap} from "./dom.js"
import {powerPlot} from "./charts.js"

export function weighed(app, side, state, begin, clear) {
  const {weighed: design} = app.model
  if (!design.faults) return swap(side, h("div", {class: "card"}, h("p", {class: "quiet"}, "Working out what this costs and can find…")))
  const {summary, faults} = design
  swap(side, h("div", {class: "card"},
    summary ? forecast(summary) : h("p", {}, `${plural(faults.length, "thing")} to mend before it can start:`),
    !summary && h("ul", {class: "notes"}, ...faults.map(f => h("li", {}, `${words(f.where, state.form)}${f.text}`))),
    summary && h("ul", {class: "notes warnings"}, ...summary.warnings.map(text => h("li", {}, text))),
    summary && design.known.tried > 0 && h("p", {class: "known"}, design.known.done >= summary.trials
      ? "This very design has been run already: Start would find nothing left to do."
      : `This very design was begun: ${design.known.done} of ${summary.trials} trials are done, Start goes on.`),
    h("div", {class: "row"}, button("Start", {kind: "main", onclick: begin, disabled: Boolean(app.model.current.folder), title: app.model.current.name ? `Wait for ${app.model.current.name}` : ""}),
      button("Clear the form", {onclick: clear})),
    app.model.current.name && h("p", {class: "quiet"}, `${app.model.current.name} is running; one experiment runs at a time.`)),
  summary && differences(summary),
  ...(summary ? Object.entries(summary.prompt_changes).map(([arm, pieces]) =>
    h("section", {class: "card"}, h("h3", {}, `Prompt of ${arm}, against ${summary.baseline}`), diff(pieces))) : []))
}

function words(where, form) {
  const arm = /^arms\.(\d+)\.(\w+)/.exec(where)
  if (arm) return `Arm ${form.arms[arm[1]]?.name || Number(arm[1]) + 1}, ${arm[2].replaceAll("_", " ")}: `
  return where && where !== "arms" ? `${where[0].toUpperCase()}${where.slice(1)}: ` : ""
}

function forecast({forecast: f, trials, tasks, repeats, arms, budget}) {
  const effect = f.detectable === null
    ? "Even a difference of 35 points in success is likely to go unseen."
    : `Finds a difference of ${Math.round(100 * f.detectable)} points or more (chance 80 %).`
  const fact = (term, value, note) => h("div", {class: "fact"}, h("dt", {}, term), h("dd", {}, value, note && h("small", {}, note)))
  return h("div", {},
    h("dl", {class: "factsheet"},
      fact("Trials", trials.toLocaleString("en"), `${arms.length} × ${tasks} × ${repeats}`),
      fact("Takes about", span(f.seconds)),
      fact("Costs about", money(f.dollars), f.worst_dollars ? `at worst ${money(f.worst_dollars)}` : "free of charge"),
      fact("Hard budget", money(budget))),
    h("p", {class: "effect"}, effect),
    powerPlot(f.power),
    h("p", {class: "quiet small"}, `Basis: ${f.basis}.`))
}

function differences({differing, arms, baseline}) {
  const fields = Object.entries(differing)
  if (!fields.length) return h("section", {class: "card"}, h("h3", {}, "What differs"), h("p", {class: "bad"}, "Nothing: the arms are the same."))
  return h("section", {class: "card scroll"}, h("h3", {}, "What differs"),
    h("table", {class: "plain"}, h("thead", {}, h("tr", {}, h("th", {}), ...arms.map(a => h("th", {scope: "col"}, a, a === baseline && h("small", {}, " baseline"))))),
      h("tbody", {}, ...fields.map(([name, values]) => h("tr", {}, h("th", {scope: "row"}, name.replaceAll("_", " ")),
        ...arms.map(a => h("td", {class: values[a] !== values[baseline] ? "other" : ""}, values[a])))))))
}

