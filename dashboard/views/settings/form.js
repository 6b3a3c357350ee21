// Settings: one row a setting, what it does beside it, errors under it. Keys go to the server and never come back.

import {link} from "../../js/link/link.js"
import {sender} from "../../js/sender.js"
import {button, el} from "../js/dom.js"

// One control: the node to show, `read` and `write`; `changed` is called when the person has decided.
const CONTROLS = {
  choice(spec, changed) {
    const node = el("select")
    for (const {value, label} of spec.choices) node.append(new Option(label, value))
    const says = el("span", "meaning")
    const tell = () => { says.textContent = spec.choices.find(c => c.value === node.value)?.says || "" }
    node.addEventListener("change", () => { tell(); changed(node.value) })
    return {node, more: [says], write: value => { node.value = value; tell() }}
  },
  switch(spec, changed) {
    const node = el("input", "toggle")
    node.type = "checkbox"
    node.setAttribute("role", "switch")
    const says = el("span", "meaning warn")
    const tell = () => { says.textContent = node.checked ? spec.warning : "" }
    node.addEventListener("change", () => { tell(); changed(node.checked) })
    return {node, more: spec.warning ? [says] : [], write: value => { node.checked = value; tell() }}
  },
  number(spec, changed) {
    const node = el("input", "number")
    node.inputMode = "decimal"
    node.autocomplete = "off"
    node.addEventListener("change", () => changed(node.value.trim()))
    return {node, more: spec.unit ? [el("span", "unit", spec.unit)] : [], write: value => { node.value = value }}
  },
  text(spec, changed) {
    const node = el("input")
    node.autocomplete = "off"
    node.spellcheck = false
    const more = []
    if (spec.choices.length) {
      const list = el("datalist")
      list.id = `list-${spec.name}`
      for (const {value} of spec.choices) list.append(new Option(value, value))
      node.setAttribute("list", list.id)
      more.push(list)
    }
    node.addEventListener("change", () => changed(node.value.trim()))
    return {node, more, write: value => { node.value = value }}
  },
  fact() {
    const node = el("div", "fact")
    node.setAttribute("role", "group")
    return {node, more: [], write: value => { node.textContent = value }}
  },
  several(spec, changed) {
    const node = el("div", "several")
    node.setAttribute("role", "group")
    const boxes = spec.choices.map(({value, label}) => {
      const line = el("label", "tick")
      const box = el("input")
      box.type = "checkbox"
      box.value = value
      box.addEventListener("change", () => changed(boxes.filter(b => b.checked).map(b => b.value)))
      line.append(box, label)
      node.append(line)
      return box
    })
    return {
      node, more: [], inner: boxes,
      write: value => { for (const box of boxes) box.checked = value.includes(box.value) },
    }
  },
}

class Row {
  constructor(spec, send) {
    this.spec = spec
    this.root = el("div", `row kind-${spec.kind}`)
    this.root.dataset.name = spec.name
    const id = `set-${spec.name.replaceAll(".", "-")}`
    const head = el("div", "head")
    const label = el(["several", "fact"].includes(spec.kind) ? "span" : "label", "label", spec.label)
    label.id = `${id}-label`
    const says = el("p", "says", spec.says)
    says.id = `${id}-says`
    head.append(label, says)
    this.control = CONTROLS[spec.kind](spec, value => send({type: "put", name: spec.name, value}))
    const {node, more} = this.control
    node.id = id
    if (label.htmlFor !== undefined) label.htmlFor = id
    node.setAttribute("aria-labelledby", label.id)
    this.error = el("p", "fault")
    this.error.id = `${id}-error`
    node.setAttribute("aria-describedby", `${says.id} ${this.error.id}`)
    this.lock = el("span", "lock")
    this.reset = button("reset", "Default", () => send({type: "reset", name: spec.name}))
    this.reset.setAttribute("aria-label", `${spec.label}: back to the default`)
    const when = el("span", `when ${spec.when === "now" ? "now" : ""}`)
    if (spec.kind !== "fact") when.textContent = spec.when === "now" ? "at once" : "next session"
    const line = el("div", "line")
    line.append(node, ...more.filter(n => !n.classList.contains("meaning")), this.reset)
    const side = el("div", "side")
    side.append(line, ...more.filter(n => n.classList.contains("meaning")), this.lock, this.error)
    this.root.append(head, side, when)
  }

  show({value, set, lock}, error = "") {
    const {node, inner, write} = this.control
    // What was refused stays as it was typed, so that it can be mended.
    if (!error && (this.failed || this.root.getRootNode().activeElement !== node)) write(value)
    this.failed = Boolean(error)
    for (const each of inner || [node]) each.disabled = Boolean(lock)
    this.lock.textContent = lock ? `Decided by ${lock}` : ""
    this.reset.hidden = !set || Boolean(lock)
    this.error.textContent = error
    if (node.matches("input, select")) node.setAttribute("aria-invalid", String(Boolean(error)))
  }
}

class Key {
  constructor({name, label, says}, send) {
    this.root = el("form", "key")
    this.root.dataset.name = name
    const id = `key-${name}`
    const title = el("label", "label", label)
    title.htmlFor = id
    const head = el("div", "head")
    head.append(title, el("p", "says", says))
    this.where = el("p", "where")
    this.input = el("input")
    Object.assign(this.input, {id, type: "password", autocomplete: "off", spellcheck: false, placeholder: "Paste a key"})
    this.save = el("button", "plain", "Save")
    this.test = button("plain", "Test", () => { if (send({type: "try_key", name})) this.wait("Asking the service…") })
    this.remove = button("plain", "Remove", () => send({type: "remove_key", name}))
    this.result = el("p", "result")
    this.result.setAttribute("role", "status")
    const line = el("div", "line")
    line.append(this.input, this.save, this.test, this.remove)
    const side = el("div", "side")
    side.append(this.where, line, this.result)
    this.root.append(head, side)
    this.root.addEventListener("submit", event => {
      event.preventDefault()
      const value = this.input.value.trim()
      if (!value) return
      if (!send({type: "key", name, value})) return
      this.input.value = ""
      this.wait("Keeping it…")
    })
  }

  wait(text) {
    this.result.className = "result"
    this.result.textContent = text
  }

  show({where, there, mine, good, result}) {
    this.where.textContent = where
    this.where.classList.toggle("there", there)
    this.input.hidden = this.save.hidden = !mine
    this.test.hidden = !there
    this.remove.hidden = !there || !mine
    this.result.className = `result ${result ? good ? "good" : "bad" : ""}`
    this.result.textContent = result
  }
}

function card(key, title, says) {
  const node = el("section", "card")
  node.dataset.key = key
  const head = el("h2", "", title)
  head.id = `group-${key}`
  node.setAttribute("aria-labelledby", head.id)
  node.append(head, el("p", "lead", says))
  return node
}

export function render({model}) {
  const sends = sender(model)
  const send = message => {
    if (sends(message)) return true
    const row = rows.get(message.name)
    if (row) row.failed = !["text", "number"].includes(row.spec.kind) // what is typed stays, a switch goes back
    show()
    return false
  }
  const root = el("div", "settings")
  const trouble = el("p", "trouble")
  trouble.setAttribute("role", "alert")
  const rows = new Map(), keys = new Map()
  root.append(trouble)
  for (const group of model.groups) {
    const node = card(group.key, group.title, group.says)
    for (const spec of group.fields) {
      const row = new Row(spec, send)
      rows.set(spec.name, row)
      node.append(row.root)
    }
    root.append(node)
  }
  const given = card("grants", "Allowed for this session", "")
  const grants = el("ul", "grants")
  given.append(grants)
  root.append(given)
  const came = card("brought", "Came with the import", "These came with this session and do not hold. Take over what you want; the rest is only shown.")
  const offers = el("ul", "grants")
  came.append(offers)
  root.append(came)
  const safe = card("keys", "Keys", "Those that you enter stay on this server and serve your own sessions only: they are never sent back to a page, logged, or given to the desktop.")
  const home = el("p", "lead home")
  safe.append(home)
  for (const spec of model.keys) {
    const key = new Key(spec, send)
    keys.set(spec.name, key)
    safe.append(key.root)
  }
  root.append(safe)
  const later = el("div", "later")
  later.setAttribute("role", "status")
  const fresh = el("a", "fresh", "Start a new session")
  fresh.href = "?session=new"
  later.append(el("span", "", "Kept. Your next session will have it."), fresh)
  root.append(later)

  function showGrants() {
    given.querySelector(".lead").textContent = model.grants.length
      ? "You allowed these in the conversation; they are done without asking until the session ends."
      : "Nothing. When you are asked whether a command may run or a program may start, you can allow that one for the session."
    grants.replaceChildren(...model.grants.map(({id, words}) => {
      const line = el("li")
      const back = button("plain", "Ask again", () => send({type: "withdraw", name: id}))
      back.setAttribute("aria-label", `Ask again about ${words}`)
      line.append(el("span", "", words), back)
      return line
    }))
  }

  function showBrought() {
    came.hidden = !model.brought.length
    offers.replaceChildren(...model.brought.map(({name, words}) => {
      const line = el("li")
      const take = button("plain", "Use here", () => send({type: "take", name}))
      take.setAttribute("aria-label", `Use here: ${words}`)
      line.append(el("span", "", words), take)
      const fault = model.errors[name]
      if (fault) line.append(el("p", "fault", fault))
      return line
    }))
  }

  function show() {
    showGrants()
    showBrought()
    for (const [name, row] of rows) if (model.fields[name]) row.show(model.fields[name], model.errors[name])
    const provider = model.fields.provider?.value
    const chosen = rows.get("provider").spec.choices.find(({value}) => value === provider)
    rows.get("model").root.hidden = Boolean(chosen?.alone)
    for (const key of model.keys) keys.get(key.name)?.show(key)
    home.textContent = model.home ? `What you enter is kept in ${model.home}.` : ""
    trouble.textContent = model.trouble
    trouble.hidden = !model.trouble
    later.hidden = !model.later
  }

  function lead() {
    if (!model.place) return
    const target = rows.get(model.place)?.root || root.querySelector(`[data-key="${CSS.escape(model.place)}"]`)
    if (!target) return
    requestAnimationFrame(() => {
      target.scrollIntoView({block: "start"})
      target.querySelector("input:not([hidden]), select")?.focus({preventScroll: true})
    })
  }

  model.on(["fields", "errors", "keys", "home", "trouble", "later", "grants", "brought"], show)
  model.on("remove", link.onRestored(show)) // what was changed into a gap was not kept
  model.on("place", lead)
  model.on("after_render", lead)
  show()
  return root
}
