// The prompt editor: prompts and versions on the left, the text in the middle, what it comes to on the right.

import {link} from "../../js/link/link.js"
import {sender} from "../../js/sender.js"
import {button, el} from "../js/dom.js"

const KEPT = "sayso-prompt-drafts"
const CHECK_AFTER = 200
const AROUND = 2
const SURE = "Delete every version"
const JINJA = /(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})/

function card(className, title) {
  const node = el("section", `card ${className}`)
  const head = el("h2", "", title)
  node.append(head)
  return node
}

function when(at) {
  if (!at) return ""
  const date = new Date(at * 1000)
  const today = date.toDateString() === new Date().toDateString()
  const hour = date.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"})
  return today ? hour : `${date.toLocaleDateString([], {day: "numeric", month: "short"})} ${hour}`
}

const same = (a, b) => a.template === b.template && a.narration === b.narration && [...a.tools].sort().join() === [...b.tools].sort().join()
const draftOf = ({template, narration, tools}) => ({template, narration, tools})

// Drafts outlive a visit to another version and a reload, but not the tab.
class Drafts {
  constructor() {
    try { this.all = JSON.parse(sessionStorage.getItem(KEPT)) || {} } catch { this.all = {} }
  }
  get(name) { return this.all[name] }
  put(name, draft) {
    if (draft) this.all[name] = draft
    else delete this.all[name]
    sessionStorage.setItem(KEPT, JSON.stringify(this.all))
  }
}

// A text area over its own picture, which has line numbers, colours and marks of faults.
class Code {
  constructor(changed) {
    this.root = el("div", "code")
    this.picture = el("div", "picture")
    this.picture.setAttribute("aria-hidden", "true")
    this.area = el("textarea")
    Object.assign(this.area, {spellcheck: false, autocomplete: "off"})
    this.area.setAttribute("aria-label", "System prompt")
    this.area.setAttribute("aria-describedby", "prompt-faults")
    this.area.addEventListener("input", () => { this.paint(); changed() })
    this.root.append(this.picture, this.area)
    this.faulty = new Set()
  }

  get text() { return this.area.value }
  set text(value) {
    if (this.area.value === value) return
    this.area.value = value
    this.paint()
  }

  mark(lines) {
    this.faulty = new Set(lines)
    for (const [i, line] of [...this.picture.children].entries()) line.classList.toggle("faulty", this.faulty.has(i + 1))
    this.area.setAttribute("aria-invalid", String(lines.length > 0))
  }

  paint() {
    this.picture.replaceChildren(...this.area.value.split("\n").map((text, i) => {
      const line = el("div", this.faulty.has(i + 1) ? "l faulty" : "l")
      for (const part of text.split(JINJA)) if (part) line.append(JINJA.test(part) ? el("b", "", part) : part)
      if (text.startsWith("#")) line.classList.add("title")
      if (!text) line.append("\u200b")
      return line
    }))
  }

  goTo(line) {
    const lines = this.text.split("\n")
    const start = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0)
    this.area.focus()
    this.area.setSelectionRange(start, start + (lines[line - 1] || "").length)
    this.picture.children[line - 1]?.scrollIntoView({block: "center"})
  }
}

// Of what was kept, only the neighbourhood of a change.
function folded(lines) {
  const near = new Set()
  lines.forEach(([mark], i) => { if (mark !== " ") for (let d = -AROUND; d <= AROUND; d++) near.add(i + d) })
  const out = []
  let skipped = 0
  lines.forEach((line, i) => {
    if (near.has(i)) {
      if (skipped) out.push(["…", `${skipped} equal line${skipped > 1 ? "s" : ""}`])
      skipped = 0
      out.push(line)
    } else skipped += 1
  })
  if (skipped) out.push(["…", `${skipped} equal line${skipped > 1 ? "s" : ""}`])
  return out
}

function library(model, open, create) {
  const root = el("nav", "library")
  root.setAttribute("aria-label", "Prompts and versions")
  const names = el("div", "names"), versions = el("ol", "versions")
  const add = button("plain", "New prompt", create) // a copy of the opened one: there must be one
  add.disabled = true
  root.append(el("h2", "", "Prompts"), names, add, el("h2", "", "Versions"), versions)
  return {
    root,
    show(draft) {
      add.disabled = !model.opened.name
      names.replaceChildren(...model.names.map(name => {
        const item = button("item", name, () => open(name))
        item.dataset.keep = ""
        item.toggleAttribute("aria-current", name === model.opened.name)
        return item
      }))
      const rows = model.versions.map(each => {
        const item = button("item version", "", () => open(model.opened.name, each.version))
        const head = el("span", "head")
        head.append(el("code", "", each.short), el("small", "", each.shipped ? "comes with Sayso" : when(each.at)))
        item.append(head)
        if (each.note && !each.shipped) item.append(el("span", "note", each.note))
        item.toggleAttribute("aria-current", !draft && each.version === model.opened.version)
        const line = el("li")
        line.append(item)
        return line
      })
      if (draft) {
        const item = el("div", "item version draft", "Not saved yet")
        item.setAttribute("aria-current", "true")
        const line = el("li")
        line.append(item)
        rows.unshift(line)
      }
      versions.replaceChildren(...rows)
    },
  }
}

function results(model, compare, experiment) {
  const root = card("results", "")
  root.querySelector("h2").remove()
  const bar = el("div", "tabs")
  bar.setAttribute("role", "tablist")
  const pages = {}, tabs = {}
  const labels = {preview: "Preview", difference: "Difference", use: "Use elsewhere"}
  const choose = key => {
    for (const [name, page] of Object.entries(pages)) {
      page.hidden = name !== key
      tabs[name].setAttribute("aria-selected", String(name === key))
      tabs[name].tabIndex = name === key ? 0 : -1
    }
    if (key === "difference") compare(against.value)
  }
  for (const [key, label] of Object.entries(labels)) {
    const tab = button("tab", label, () => choose(key))
    tab.setAttribute("role", "tab")
    tab.id = `tab-${key}`
    tabs[key] = tab
    bar.append(tab)
    const page = el("div", "page")
    page.setAttribute("role", "tabpanel")
    page.setAttribute("aria-labelledby", tab.id)
    page.tabIndex = 0
    pages[key] = page
  }
  bar.addEventListener("keydown", event => {
    const step = {ArrowLeft: -1, ArrowRight: 1}[event.key]
    if (!step) return
    const keys = Object.keys(tabs), at = keys.findIndex(k => tabs[k].tabIndex === 0)
    const next = keys[(at + step + keys.length) % keys.length]
    choose(next)
    tabs[next].focus()
  })
  const preview = el("pre", "text")
  pages.preview.append(el("p", "lead", "As this session's model reads it."), preview)
  const against = el("select")
  against.setAttribute("aria-label", "Compare with")
  against.addEventListener("change", () => compare(against.value))
  const lines = el("div", "diff"), also = el("p", "also")
  pages.difference.append(against, also, lines)
  const uses = el("div", "uses")
  const lab = button("plain lab", "Compare with the default in the Lab", experiment)
  pages.use.append(lab, uses)
  root.append(bar, ...Object.values(pages))
  choose("preview")

  function snippet(title, text) {
    const box = el("div", "snippet")
    const copy = button("plain", "Copy", async () => {
      await navigator.clipboard.writeText(text)
      copy.textContent = "Copied"
    })
    const head = el("div", "row")
    head.append(el("h3", "", title), copy)
    box.append(head, el("pre", "", text))
    return box
  }

  return {
    root,
    get comparing() { return pages.difference.hidden ? "" : against.value },
    show() {
      const {faults = [], preview: text = ""} = model.verdict
      if (!faults.length) preview.textContent = text
      preview.classList.toggle("stale", faults.length > 0)
      const held = against.value
      against.replaceChildren(...model.versions.map(v => new Option(`${v.short}  ${v.shipped ? "comes with Sayso" : when(v.at)}  ${v.shipped ? "" : v.note}`, v.version)))
      against.value = model.versions.some(v => v.version === held) ? held : model.versions[Math.min(1, model.versions.length - 1)]?.version
    },
    showDifference() {
      const {lines: changed = [], also: rest = []} = model.difference
      also.textContent = rest.join(" · ")
      const any = changed.some(([mark]) => mark !== " ")
      if (!any) lines.replaceChildren(el("p", "lead", rest.length ? "" : "No difference."))
      else lines.replaceChildren(...folded(changed).map(([mark, text]) => {
        if (mark === "…") return el("div", "gap", text)
        const line = el("div", mark === "+" ? "added" : mark === "-" ? "removed" : "kept")
        line.append(el("i", "", mark), el("span", "", text || " "))
        return line
      }))
    },
    showUse() {
      const {path, arm, python} = model.use
      if (path) uses.replaceChildren(snippet("In an experiment", arm), snippet("In a notebook", python))
    },
  }
}

export function render({model}) {
  const send = sender(model)
  const drafts = new Drafts()
  let shown = null, checked = 0, timer = 0, name = ""
  const root = el("div", "prompts")
  const shelf = library(model, (wanted, version) => {
    if (wanted === name && !version) return
    if (send({type: "open", name: wanted, version}) && version) drafts.put(name, null)
  }, create)
  const desk = el("div", "desk")
  const text = card("edit", "")
  const title = text.querySelector("h2")
  const use = el("p", "in-use")
  const code = new Code(changed)
  const faults = el("ul", "faults")
  faults.id = "prompt-faults"
  faults.setAttribute("role", "status")
  const knows = el("p", "lead knows")
  const settings = el("div", "settings")
  const narration = el("select")
  narration.id = "prompt-narration"
  const style = el("label", "", "Narration")
  style.htmlFor = narration.id
  const meaning = el("span", "lead")
  const tools = el("fieldset")
  const ticks = el("div", "ticks")
  tools.append(el("legend", "", "Tools"), ticks)
  settings.append(style, narration, meaning, tools)
  const foot = el("div", "foot")
  const note = el("input")
  Object.assign(note, {placeholder: "What changed? (optional)", maxLength: 200, autocomplete: "off"})
  note.setAttribute("aria-label", "Note for this version")
  const save = button("main", "Save version", () => send({type: "save", name, draft: current(), note: note.value}))
  const attempt = button("plain", "Try on this session", () => send({type: "try", draft: current()}))
  const adopt = button("plain", "Use for new sessions", () => send({type: "adopt"}))
  const remove = button("plain danger", "Delete", () => {
    if (remove.textContent === SURE) send({type: "delete"})
    remove.textContent = remove.textContent === SURE ? "Delete" : SURE
  })
  remove.addEventListener("blur", () => { remove.textContent = "Delete" })
  const told = el("p", "told")
  told.setAttribute("role", "status")
  foot.append(note, save, attempt, adopt, remove, told)
  const outcome = results(model, version => version && send({type: "compare", version, draft: current()}), () => send({type: "experiment"}))
  text.append(use, code.root, faults, knows, settings, foot)
  desk.append(text)
  root.append(shelf.root, desk, outcome.root)

  const boxes = model.tools.map(({value, label, says}) => {
    const line = el("label", "tick")
    const box = el("input")
    Object.assign(box, {type: "checkbox", value})
    box.addEventListener("change", changed)
    const words = el("span", "", label)
    words.append(el("small", "", says))
    line.append(box, words)
    ticks.append(line)
    return box
  })
  for (const {value, label} of model.narrations) narration.append(new Option(label, value))
  narration.addEventListener("change", changed)
  knows.replaceChildren("Variables: ")
  for (const {name: variable, says} of model.variables) {
    const word = el("code", "", `{{ ${variable} }}`)
    word.title = says
    knows.append(word, " ")
  }

  function current() {
    return {template: code.text, narration: narration.value, tools: boxes.filter(b => b.checked).map(b => b.value)}
  }

  function put({template, narration: wanted, tools: on}) {
    code.text = template
    narration.value = wanted
    for (const box of boxes) box.checked = on.includes(box.value)
    showMeaning()
  }

  function showMeaning() {
    meaning.textContent = model.narrations.find(n => n.value === narration.value)?.says || ""
  }

  function dirty() { return Boolean(shown) && !same(current(), shown) }

  function changed() {
    showMeaning()
    drafts.put(name, dirty() ? current() : null)
    showState()
    clearTimeout(timer)
    timer = setTimeout(check, CHECK_AFTER)
  }

  function check() {
    send({type: "check", n: ++checked, draft: current()})
    if (outcome.comparing) send({type: "compare", version: outcome.comparing, draft: current()})
  }

  function showState() {
    const edited = dirty()
    shelf.show(edited)
    save.disabled = !edited || (model.verdict.faults || []).length > 0
    attempt.disabled = (model.verdict.faults || []).length > 0
    adopt.disabled = edited || Boolean(model.use.adopted)
    adopt.textContent = model.use.adopted && !edited ? "Used for new sessions" : "Use for new sessions"
    remove.hidden = !model.opened.own
    note.hidden = !edited
  }

  function showOpened() {
    const opened = model.opened
    if (!opened.name) return
    const fresh = opened.name !== name || opened.version !== shown?.version
    name = opened.name
    title.textContent = name
    if (fresh) {
      shown = {...draftOf(opened), version: opened.version}
      note.value = ""
      const draft = drafts.get(name)
      put(draft || shown)
      if (draft) check()
    }
    showState()
    outcome.show()
    outcome.showUse()
  }

  function showVerdict() {
    if (model.verdict.n && model.verdict.n !== checked) return
    const found = model.verdict.faults || []
    code.mark(found.map(f => f.line))
    faults.replaceChildren(...found.map(({line, message}) => {
      const item = el("li")
      item.append(line ? button("jump", `Line ${line}`, () => code.goTo(line)) : "", el("span", "", message))
      return item
    }))
    outcome.show()
    showState()
  }

  function showInUse() {
    const {now, next} = model.in_use
    use.replaceChildren("This session uses ", el("code", "", now || "…"))
    if (next && next !== now) use.append(", and from its next task on ", el("code", "", next))
  }

  function showTold() {
    told.className = `told ${model.told.text ? model.told.good ? "good" : "bad" : ""}`
    told.textContent = model.told.text || ""
  }

  // A new prompt begins as a copy under a name of one's own.
  function create() {
    const form = el("form", "create")
    const input = el("input")
    Object.assign(input, {placeholder: "Name", maxLength: 40, required: true, autocomplete: "off", pattern: "[A-Za-z0-9][A-Za-z0-9 _.\\-]*"})
    input.setAttribute("aria-label", "Name of the new prompt")
    input.title = "Letters, digits, spaces, dots, dashes, underscores"
    form.dataset.escape = ""
    form.append(input, el("button", "plain", "Create"))
    form.addEventListener("submit", event => {
      event.preventDefault()
      if (send({type: "save", name: input.value.trim(), draft: current(), note: `Copied from ${name}`})) form.remove()
    })
    form.addEventListener("keydown", event => {
      if (event.key !== "Escape") return
      form.remove()
      event.stopPropagation()
    })
    shelf.root.querySelector(".create")?.remove()
    shelf.root.querySelector(".names").after(form)
    input.focus()
  }

  model.on(["opened", "versions", "names", "use"], showOpened)
  model.on("verdict", showVerdict)
  model.on("difference", () => outcome.showDifference())
  model.on("in_use", showInUse)
  model.on("told", showTold)
  const restored = link.onRestored(() => (dirty() || outcome.comparing) && check()) // what was asked in a gap is not answered
  model.on("remove", () => {
    clearTimeout(timer)
    restored()
  })
  showOpened(); showVerdict(); showInUse(); showTold()
  return root
}
