// The Lab: tabs, the address, and what every tab shares.
import {h, swap} from "./dom.js"
import {makeList} from "./list.js"
import {makeDesign} from "./design.js"
import {makeLive} from "./live.js"
import {makeCompare} from "./compare.js"
import {makeTrial} from "./trial.js"
import {makePrompts} from "./prompts.js"
import {link} from "../../../js/link/link.js"
import {sender} from "../../../js/sender.js"

const TABS = [
  ["list", "Experiments", makeList, ["listing"]],
  ["design", "Design", makeDesign, ["choices", "form", "weighed"]],
  ["live", "Run", makeLive, ["live", "pictures"]],
  ["compare", "Compare", makeCompare, ["compare"]],
  ["trial", "Trial", makeTrial, ["trial"]],
  ["prompts", "Prompts", makePrompts, ["prompts"]],
]
const PLACE = ["experiment", "trial", "a", "b", "other"]
const key = name => `lab-${name}`

function address(at) {
  const url = new URL(location.href)
  if (url.searchParams.get("view") !== "lab") return null
  url.searchParams.set("lab", at.tab)
  for (const name of PLACE) {
    if (at[name]) url.searchParams.set(key(name), at[name])
    else url.searchParams.delete(key(name))
  }
  return url
}

function placeOf(search) {
  const given = new URLSearchParams(search)
  const at = {tab: given.get("lab") || "list"}
  for (const name of PLACE) if (given.get(key(name))) at[name] = given.get(key(name))
  return at
}

export function render({model}) {
  const root = h("div", {class: "lab"})
  const bar = h("div", {class: "tabs", role: "tablist", "aria-label": "Lab"})
  const fault = h("div", {class: "fault", role: "alert"})
  const panel = h("div", {class: "panel", role: "tabpanel", tabindex: -1})
  root.append(bar, fault, panel)
  const send = sender(model)
  const app = {model, root, send, show: at => send({type: "show", at})}
  const made = {}
  const items = TABS.map(([name, title]) => h("button", {
    type: "button", role: "tab", class: "tab", "data-tab": name,
    onclick: () => app.show({...(name === "list" || name === "design" || name === "prompts" ? {} : kept()), tab: name}),
  }, title))
  bar.append(...items)
  bar.addEventListener("keydown", event => {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key]
    if (!step) return
    const next = items[(items.indexOf(event.target) + step + items.length) % items.length]
    next.focus()
    next.click()
    event.preventDefault()
  })

  // The experiment stays chosen from tab to tab.
  function kept() {
    const {experiment} = model.at
    const shown = experiment || model.live.folder || model.compare.folder || model.trial.folder
    return shown ? {experiment: shown} : {}
  }

  function here() {
    const tab = TABS.find(([name]) => name === model.at.tab) || TABS[0]
    if (!made[tab[0]]) made[tab[0]] = tab[2](app)
    return [tab[0], made[tab[0]]]
  }

  function showPlace() {
    const [name, view] = here()
    for (const item of items) {
      const on = item.dataset.tab === name
      item.setAttribute("aria-selected", on)
      item.tabIndex = on ? 0 : -1
      if (on) bar.scrollLeft = Math.max(0, item.offsetLeft - bar.offsetLeft - 40)
    }
    if (panel.firstChild !== view.node) swap(panel, view.node)
    root.dataset.tab = name
    view.update()
    const url = address(model.at)
    if (url && url.href !== location.href) history.pushState(null, "", url)
  }

  function showCurrent() {
    const {name, done, planned} = model.current
    const tab = items[2]
    tab.classList.toggle("busy", Boolean(name))
    tab.title = name ? `${name}: ${done} of ${planned}` : ""
  }

  function showFault() {
    fault.textContent = model.fault
    fault.hidden = !model.fault
  }

  function showLoading() {
    root.toggleAttribute("aria-busy", Boolean(model.reading))
    root.classList.toggle("loading", Boolean(model.reading))
  }

  function back() {
    if (new URL(location.href).searchParams.get("view") === "lab") app.show(placeOf(location.search))
  }

  for (const [name, , , params] of TABS) {
    model.on(params, () => { if (model.at.tab === name) here()[1].update() })
  }
  model.on("experiments", () => here()[1].update())
  model.on("at", showPlace)
  model.on("current", showCurrent)
  model.on("fault", showFault)
  model.on("reading", showLoading)
  window.addEventListener("popstate", back)
  const restored = link.onRestored(back) // what went on in a gap, and where the browser has gone in it
  model.on("remove", () => {
    restored()
    window.removeEventListener("popstate", back)
    const url = new URL(location.href)
    for (const name of ["lab", ...PLACE.map(key)]) url.searchParams.delete(name)
    if (url.searchParams.get("view") !== "lab") history.replaceState(null, "", url)
  })
  // The rail writes its part of the address when it leads here; ours comes after it.
  queueMicrotask(showPlace)
  showPlace(); showCurrent(); showFault(); showLoading()
  return root
}
