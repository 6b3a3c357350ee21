// A new experiment: arms, tasks, repeats on one side; what it costs and can find on the other.
import {button, h, swap} from "./dom.js"
import {armCard, copyArm, firstArm} from "./arms.js"
import {weighed} from "./weighed.js"
import {taskPicker} from "./tasks.js"
import {number, options, text} from "./fields.js"

const KEPT = "sayso-lab-design"
const PRIMARY = [["success", "Success"], ["score", "Score"]]

function fresh(choices) {
  return {
    name: "", hypothesis: "", primary: "success", baseline: "", repeats: 2, budget: 0,
    arms: [firstArm(choices, "a"), firstArm(choices, "b")],
    tasks: choices.tasks.filter(t => t.tags.includes("light") && !t.missing.length).map(t => t.id),
  }
}

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT))
  } catch {
    return null
  }
}

export function makeDesign(app) {
  const node = h("div", {class: "design"})
  const main = h("div", {class: "form"}), side = h("aside", {class: "side", "aria-label": "What it costs and can find"})
  const state = {form: null, touched: new Set(), tried: false, given: 0, n: 0, timer: 0, slots: 0}

  function changed(where, redraw = false) {
    if (where) state.touched.add(where)
    sessionStorage.setItem(KEPT, JSON.stringify(state.form))
    if (redraw) draw()
    clearTimeout(state.timer)
    state.timer = setTimeout(check, 250)
  }

  function check() {
    state.n += 1
    app.send({type: "check", form: state.form, slots: state.slots, n: state.n})
  }

  function begin() {
    state.tried = true
    showFaults()
    const first = main.querySelector(".wrong")
    if (first) return first.scrollIntoView({block: "center"}), first.querySelector("input, select, textarea, button")?.focus()
    clearTimeout(state.timer)
    app.send({type: "begin", form: state.form, slots: state.slots})
  }

  function draw() {
    const {choices} = app.model
    const form = state.form
    const tools = {app, choices, form, changed, field}
    swap(main,
      h("section", {class: "card"}, h("h3", {}, "Question"),
        h("div", {class: "fields"},
          field("name", "Name", text(form, "name", changed, {placeholder: "careful-clicks", maxlength: 60})),
          field("primary", "What counts", options(form, "primary", [...PRIMARY, ...app.model.measures.filter(m => m.compared).map(m => [m.name, m.label])], changed)),
          field("baseline", "Compared with", options(form, "baseline", [["", `${form.arms[0]?.name || "the first arm"} (first)`], ...form.arms.slice(1).map(a => [a.name, a.name])], changed))),
        field("hypothesis", "What you expect, written down before you look", text(form, "hypothesis", changed, {placeholder: "Asking for a look before each click lowers misclicks."}))),
      h("section", {class: "card"}, h("div", {class: "row"}, h("h3", {}, "Arms"), h("span", {class: "quiet push"}, "The new arm is a copy: change one thing.")),
        faultSlot("arms"),
        h("div", {class: "arms"}, ...form.arms.map((arm, n) => armCard(tools, arm, n))),
        button("Add an arm", {disabled: form.arms.length >= 8, onclick: () => { form.arms.push(copyArm(form.arms)); changed("", true) }})),
      h("section", {class: "card"}, h("h3", {}, "Tasks"), faultSlot("tasks"), taskPicker(tools)),
      h("section", {class: "card"}, h("h3", {}, "How often, and for how much"),
        h("div", {class: "fields"},
          field("repeats", "Repeats of every task", number(form, "repeats", changed, {min: 1, max: 1000, step: 1})),
          field("budget", "Budget for everything, US$", number(form, "budget", changed, {min: 0, step: 0.5})),
          field("slots", "Desktops at a time", number(state, "slots", changed, {min: 1, max: choices.cores, step: 1})))))
    showFaults()
  }

  function field(where, label, input, given = {}) {
    const id = `f-${where}`
    input.id = id
    input.setAttribute("aria-describedby", `e-${where}`)
    input.dataset.k = where
    return h("div", {class: `field ${given.class || ""}`, "data-where": where}, h("label", {for: id}, label), input, slot(where))
  }

  function slot(where) {
    return h("p", {class: "error", id: `e-${where}`})
  }

  function faultSlot(where) {
    return h("div", {class: "field", "data-where": where}, slot(where))
  }

  function showFaults() {
    const faults = app.model.weighed.faults || []
    for (const place of main.querySelectorAll("[data-where]")) {
      const {where} = place.dataset
      const mine = faults.filter(f => f.where === where && (state.tried || state.touched.has(where)))
      place.classList.toggle("wrong", mine.length > 0)
      place.querySelector(".error").textContent = mine.map(f => f.text).join(" ")
      place.querySelector("input, select, textarea")?.setAttribute("aria-invalid", mine.length > 0)
    }
  }

  function update() {
    const {choices, form, weighed: design} = app.model
    if (!choices.tasks) return swap(node, h("p", {class: "quiet"}, "Reading prompts and tasks…"))
    if (!node.contains(main)) swap(node, main, side)
    if (!state.form || (form.n || 0) > state.given) {
      const {n = 0, ...wanted} = form
      const chosen = n > state.given ? wanted : remembered() || fresh(choices)
      Object.assign(state, {form: {...fresh(choices), ...chosen}, given: n, slots: state.slots || choices.slots, tried: false})
      app.slots = state.slots
      draw()
      check()
    }
    app.slots = state.slots
    if (design.faults) showFaults()
    weighed(app, side, state, begin, clear)
  }

  function clear() {
    sessionStorage.removeItem(KEPT)
    state.touched.clear()
    state.form = fresh(app.model.choices)
    state.tried = false
    changed("", true)
  }
  return {node, update}
}
