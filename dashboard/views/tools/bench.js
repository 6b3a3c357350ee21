// The tool panel: choose a tool, fill its form (points from the picture), run it, see what came of it.

import {sender} from "../../js/sender.js"
import {button, el, shape} from "../js/dom.js"

const STATES = {
  waiting: "Waiting", asked: "Waiting for you", running: "Running", done: "Done", failed: "Failed", refused: "Not run",
}
const BOUNDS = {minimum: "min", maximum: "max", maxLength: "maxlength"}

function numbers(text) {
  const found = text.trim().split(/[\s,;]+/).filter(Boolean).map(Number)
  return found.length && found.every(Number.isFinite) ? found : null
}

// One field of a form: its control, and what it says.
class Field {
  constructor(spec, number, onFocus) {
    this.spec = spec
    this.id = `field-${number}`
    this.root = el("div", `field ${spec.kind}`)
    const label = el("label", "", spec.title)
    label.htmlFor = this.id
    if (!spec.required) label.append(el("small", "", " optional"))
    this.input = this.control()
    this.input.id = this.id
    this.input.name = spec.name
    if (spec.required) this.input.required = true
    for (const [key, attribute] of Object.entries(BOUNDS)) {
      if (spec[key] !== undefined) this.input.setAttribute(attribute, spec[key])
    }
    this.root.append(label, this.input)
    if (spec.says) {
      const says = el("p", "says", this.placed ? `${spec.says} Or click on the picture.` : spec.says)
      says.id = `${this.id}-says`
      this.input.setAttribute("aria-describedby", says.id)
      this.root.append(says)
    }
    this.input.addEventListener("focus", () => onFocus(this))
  }

  get placed() {
    return this.spec.kind === "point" || this.spec.kind === "region"
  }

  control() {
    const {kind, options, required} = this.spec
    if (kind === "choice") {
      const select = el("select")
      if (!required) select.append(new Option("", ""))
      select.append(...options.map(option => new Option(option, option)))
      return select
    }
    if (kind === "lines") {
      const area = el("textarea")
      area.rows = 3
      area.spellcheck = false
      return area
    }
    const input = el("input")
    input.autocomplete = "off"
    input.spellcheck = false
    input.type = {integer: "number", number: "number", boolean: "checkbox"}[kind] || "text"
    if (kind === "number") input.step = "any"
    if (kind === "point") input.placeholder = "x, y"
    if (kind === "region") input.placeholder = "x0, y0, x1, y1"
    return input
  }

  // What the tool is given; undefined is left out. A value that is no number goes as it is: the tool says why not.
  get value() {
    const {kind, required} = this.spec
    if (kind === "boolean") return this.input.checked || undefined
    const text = this.input.value
    if (!text && !(required && kind === "lines")) return undefined
    if (kind === "integer" || kind === "number") return Number(text)
    if (["point", "region", "numbers"].includes(kind)) return numbers(text) || text
    return text
  }

  set(values) {
    this.input.value = values.join(", ")
    this.input.dispatchEvent(new Event("input", {bubbles: true}))
  }
}

// The desktop's picture. A click names a point, a drag a region; what the form names is drawn on it.
class Picture {
  constructor(onPick) {
    this.onPick = onPick
    this.root = el("figure", "picture")
    this.empty = el("p", "none", "No picture of the desktop yet.")
    this.image = el("img")
    this.image.alt = "The desktop now"
    this.image.hidden = true
    this.image.draggable = false
    this.marks = shape("svg", {"aria-hidden": "true"})
    this.where = el("figcaption", "where")
    const frame = el("div", "frame")
    frame.append(this.image, this.marks, this.empty)
    this.root.append(frame, this.where)
    this.image.addEventListener("pointerdown", event => this.begin(event))
    this.image.addEventListener("pointermove", event => this.move(event))
    this.image.addEventListener("pointerup", event => this.end(event))
    this.image.addEventListener("pointerleave", () => { this.where.textContent = "" })
  }

  show(bytes, [width, height]) {
    if (!bytes?.byteLength) return
    URL.revokeObjectURL(this.image.src)
    this.image.src = URL.createObjectURL(new Blob([bytes]))
    this.size = [width, height]
    this.image.width = width
    this.image.height = height
    this.marks.setAttribute("viewBox", `0 0 ${width} ${height}`)
    this.image.hidden = false
    this.empty.hidden = true
  }

  at(event) {
    const box = this.image.getBoundingClientRect()
    const part = (place, from, length, size) => Math.max(0, Math.min(size - 1, Math.floor((place - from) / length * size)))
    return [part(event.clientX, box.left, box.width, this.size[0]), part(event.clientY, box.top, box.height, this.size[1])]
  }

  begin(event) {
    this.from = this.at(event)
    this.image.setPointerCapture(event.pointerId)
    event.preventDefault()
  }

  move(event) {
    const [x, y] = this.at(event)
    this.where.textContent = `${x}, ${y}`
    if (this.from) this.draw([this.box(x, y)])
  }

  end(event) {
    if (!this.from) return
    const [x, y] = this.at(event)
    const [x0, y0, x1, y1] = this.box(x, y)
    this.from = null
    this.onPick(x1 - x0 > 4 || y1 - y0 > 4 ? [x0, y0, x1, y1] : [x, y])
  }

  box(x, y) {
    const [fx, fy] = this.from
    return [Math.min(fx, x), Math.min(fy, y), Math.max(fx, x), Math.max(fy, y)]
  }

  draw(places) {
    this.marks.replaceChildren(...places.flatMap(([x, y, x1, y1]) => x1 === undefined
      ? [shape("circle", {cx: x, cy: y, r: 13}), shape("path", {d: `M${x - 22} ${y}h44M${x} ${y - 22}v44`})]
      : [shape("rect", {x, y, width: x1 - x, height: y1 - y})]))
  }
}

class Form {
  constructor(send) {
    this.send = send
    this.root = el("form", "form")
    this.title = el("h2")
    this.says = el("p", "lead")
    this.body = el("div", "fields")
    this.refused = el("div", "refused")
    this.refused.setAttribute("role", "status")
    this.run = el("button", "run", "Run")
    this.problem = el("p", "problem")
    this.problem.setAttribute("role", "alert")
    const foot = el("div", "foot")
    foot.append(this.run, this.refused)
    this.root.append(this.title, this.says, this.body, foot, this.problem)
    this.picture = new Picture(values => this.pick(values))
    this.root.addEventListener("submit", event => {
      event.preventDefault()
      if (!this.run.disabled) send({type: "run", name: this.member.name, given: this.given()})
    })
    this.root.addEventListener("input", () => this.changed())
    this.root.addEventListener("keydown", event => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.root.requestSubmit()
    })
  }

  open(member) {
    this.member = member
    this.title.textContent = member.title
    this.says.textContent = member.says
    this.focused = null
    this.fields = member.fields.map((spec, i) => new Field(spec, i, field => { this.focused = field }))
    this.body.replaceChildren(...this.fields.map(field => field.root))
    this.changed()
  }

  // A field that belongs to one choice of another is shown, and sent, with that choice only.
  changed() {
    const chosen = new Set(this.fields.filter(f => f.spec.kind === "choice").map(f => f.input.value))
    for (const field of this.fields) field.root.hidden = Boolean(field.spec.when) && !chosen.has(field.spec.when)
    this.picture.draw(this.fields.filter(f => f.placed && Array.isArray(f.value)).map(f => f.value))
  }

  given() {
    const shown = this.fields.filter(field => !field.root.hidden)
    return Object.fromEntries(shown.map(f => [f.spec.name, f.value]).filter(([, value]) => value !== undefined))
  }

  // A point goes to the field in use, else to the first empty one, so that two clicks make a drag.
  pick(values) {
    const kind = values.length === 4 ? "region" : "point"
    const fit = this.fields.filter(field => field.spec.kind === kind)
    if (kind === "region" && !fit.length) return this.pick(values.slice(2))
    if (!fit.length) return this.changed()
    const field = fit.includes(this.focused) ? this.focused : fit.find(f => !f.input.value) || fit[0]
    field.set(values)
    const next = fit.find(f => f !== field && !f.input.value)
    if (next) next.input.focus()
    else if (this.focused === null) this.run.focus({preventScroll: true})
  }

  allow({refusal, problem, working, held}) {
    this.run.disabled = Boolean(refusal)
    this.problem.textContent = problem
    const holds = working && !held ? button("plain", "Hold the agent", () => this.send({type: "hold"})) : null
    const lets = working && held ? button("plain", "Let it go on", () => this.send({type: "release"})) : null
    const words = refusal || (held && working ? "The agent is held. It will be told what you did." : "")
    if (this.refused.dataset.words === words + working + held) return
    this.refused.dataset.words = words + working + held
    this.refused.replaceChildren(...[el("span", "", words), holds, lets].filter(Boolean))
  }
}

class Results {
  constructor(send) {
    this.send = send
    this.root = el("section", "results")
    this.list = el("ol")
    this.none = el("p", "none", "What you run is listed here, with its picture and how long it took.")
    this.root.append(el("h2", "", "Results"), this.none, this.list)
    this.cards = new Map()
  }

  show(results) {
    this.none.hidden = results.length > 0
    const cards = results.map(result => this.card(result))
    this.cards = new Map(results.map((result, i) => [result.id, [JSON.stringify(result), cards[i]]]))
    if (cards.some((card, i) => this.list.children[i] !== card) || cards.length !== this.list.children.length) {
      this.list.replaceChildren(...cards)
    }
  }

  card(result) {
    const [known, card = el("li")] = this.cards.get(result.id) || []
    if (known === JSON.stringify(result)) return card
    card.className = `result ${result.state}`
    const head = el("div", "head")
    const took = result.seconds >= 0.005 ? `${result.seconds.toFixed(2)} s` : ""
    head.append(el("span", "mark"), el("span", "title", result.title), el("span", "took", took), el("span", "state", STATES[result.state]))
    const parts = [head]
    if (result.asked) parts.push(this.asked(result.asked))
    if (result.text) parts.push(el("pre", "", result.text))
    if (result.image) parts.push(this.image(result))
    card.replaceChildren(...parts)
    return card
  }

  image({image, size: [width, height], title}) {
    const node = el("img")
    Object.assign(node, {alt: `The screen after: ${title}`, loading: "lazy", width, height, src: image})
    return node
  }

  asked({id, question}) {
    const box = el("div", "asked")
    const decide = decision => event => {
      if (!this.send({type: "approve", id, decision})) return
      for (const other of event.target.parentElement.children) other.disabled = true
    }
    const buttons = el("div", "buttons")
    buttons.append(button("allow", "Allow", decide("allow")), button("plain", "Deny", decide("deny")))
    box.append(el("p", "", question), buttons)
    return box
  }
}

export function render({model}) {
  const send = sender(model)
  const root = el("div", "bench")
  const list = el("nav", "tools")
  list.setAttribute("aria-label", "Tools")
  const form = new Form(send)
  const results = new Results(send)
  const side = el("div", "side")
  side.append(form.picture.root, results.root)
  root.append(list, form.root, side)

  function choose(member) {
    form.open(member)
    for (const item of list.querySelectorAll("button")) {
      if (item.dataset.name === member.name) item.setAttribute("aria-current", "true")
      else item.removeAttribute("aria-current")
    }
  }

  function fill() {
    list.replaceChildren(...model.groups.map(({title, members}) => {
      const group = el("div", "group")
      group.append(el("h2", "", title), ...members.map(member => {
        const item = button("tool", member.title, () => choose(member))
        item.dataset.name = member.name
        item.dataset.keep = ""
        return item
      }))
      return group
    }))
    const members = model.groups.flatMap(group => group.members)
    const first = members.find(member => member.name === "left_click") || members[0]
    if (first) choose(first)
  }

  const allow = () => form.allow(model)
  model.on("groups", fill)
  model.on(["refusal", "problem", "working", "held"], allow)
  model.on("results", () => results.show(model.results))
  model.on(["picture", "screen"], () => form.picture.show(model.picture, model.screen))
  model.on("remove", () => URL.revokeObjectURL(form.picture.image.src))
  fill()
  allow()
  results.show(model.results)
  form.picture.show(model.picture, model.screen)
  return root
}
