// Every version of every prompt by its content: where it was tried, and what came of it.
import {button, diff, empty, h, money, percent, plural, swap, when} from "./dom.js"

export function makePrompts(app) {
  const node = h("div", {class: "prompts"})

  function update() {
    const {prompts} = app.model
    if (!prompts) return swap(node, h("p", {class: "quiet"}, "Reading every experiment's prompts…"))
    if (!prompts.length) return swap(node, empty("No prompts yet", "Prompts appear here once an experiment has used them."))
    swap(node, h("ul", {class: "cards"}, ...prompts.map(version => item(app, version))))
  }
  return {node, update}
}

function item(app, v) {
  const short = v.hash.slice(0, 10)
  const details = (key, title, body) => h("details", {class: "more", "data-k": `${v.hash} ${key}`}, h("summary", {}, title), body)
  return h("li", {class: "card"},
    h("div", {class: "head"}, h("h3", {}, v.names.join(", ")), h("code", {title: v.hash}, short), v.shipped && h("span", {class: "chip"}, "comes with Sayso"),
      h("span", {class: "quiet"}, v.first_used ? `first used ${when(v.first_used)}` : "not used in an experiment yet")),
    v.uses.length > 0 && h("div", {class: "scroll"}, h("table", {class: "plain"},
      h("thead", {}, h("tr", {}, ...["Experiment", "Arm", "Model", "Passed", "Success", "Cost", ""].map(w => h("th", {scope: "col"}, w)))),
      h("tbody", {}, ...v.uses.map(use => h("tr", {}, h("th", {scope: "row"}, use.experiment, h("small", {}, when(use.begun))), h("td", {}, use.arm), h("td", {}, use.model),
        h("td", {}, `${use.passed}/${use.trials}`), h("td", {}, outcome(use)), h("td", {}, money(use.dollars)),
        h("td", {}, button("Compare", {"data-k": `${v.hash}${use.folder}${use.arm}`, onclick: () => app.show({tab: "compare", experiment: use.folder})}))))))),
    v.change.length > 0 && details("diff", `Changed from ${v.before.slice(0, 10)}`, diff(v.change)),
    details("text", `Text (${plural(v.text.length, "character")})`, h("pre", {}, v.text)))
}

function outcome({success}) {
  if (success.value === null) return "–"
  return h("span", {class: "outbar"}, h("span", {class: "track"}, h("span", {class: "fill", style: `width:${100 * success.value}%`})),
    `${percent(success.value)} [${Math.round(100 * success.low)}, ${Math.round(100 * success.high)}]`)
}
