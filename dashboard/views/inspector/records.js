import {link} from "../../js/link/link.js"
import {sender} from "../../js/sender.js"

// A virtual list: only the rows in sight exist, and only they are asked of the server.

const ROW = 30 // px, as in the stylesheet
const AHEAD = 20
const PICTURE = /^[0-9a-f]{64}$/

function el(tag, className = "", text = "") {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text) node.textContent = text
  return node
}

function clock(at) {
  const date = new Date(at * 1000)
  return `${date.toLocaleTimeString([], {hour12: false})}.${String(date.getMilliseconds()).padStart(3, "0")}`
}

function field(label, control) {
  const root = el("label", "filter")
  root.append(el("span", "", label), control)
  return root
}

// The kinds as a menu of checkboxes; none chosen means all.
class Kinds {
  constructor(onChange) {
    this.onChange = onChange
    this.chosen = new Set()
    this.root = el("details", "kinds")
    this.word = el("summary", "", "All kinds")
    this.panel = el("div", "panel")
    this.root.append(this.word, this.panel)
    this.root.addEventListener("keydown", event => {
      if (event.key !== "Escape" || !this.root.open) return
      this.root.open = false
      this.word.focus()
      event.stopPropagation()
    })
    this.away = event => { if (!event.composedPath().includes(this.root)) this.root.open = false }
    document.addEventListener("click", this.away)
  }

  show(counts) {
    const names = Object.keys(counts)
    if (this.names === names.join()) {
      for (const [name, count] of Object.entries(counts)) this.counts.get(name).textContent = count
      return
    }
    this.names = names.join()
    this.counts = new Map()
    this.panel.replaceChildren(...names.map(name => {
      const row = el("label")
      const box = el("input")
      box.type = "checkbox"
      box.checked = this.chosen.has(name)
      box.addEventListener("change", () => this.toggle(name, box.checked))
      const count = el("small", "", String(counts[name]))
      this.counts.set(name, count)
      row.append(box, el("span", "", name.replaceAll("_", " ")), count)
      return row
    }))
  }

  toggle(name, on) {
    this.chosen[on ? "add" : "delete"](name)
    const {size} = this.chosen
    this.word.textContent = !size ? "All kinds" : size === 1 ? [...this.chosen][0].replaceAll("_", " ") : `${size} kinds`
    this.onChange()
  }
}

class Records {
  constructor(model) {
    this.model = model
    this.send = sender(model)
    this.rows = new Map()
    this.count = 0
    this.generation = 0
    this.at = -1
    this.follows = true
    this.root = el("div", "records")
    this.root.append(this.filters(), this.table(), this.detail())
    this.root.addEventListener("keydown", event => this.key(event))
  }

  filters() {
    const bar = el("div", "filters")
    this.text = el("input")
    this.text.type = "search"
    this.text.placeholder = "Any text"
    this.kinds = new Kinds(() => this.filter())
    this.group = el("select")
    this.group.append(new Option("All", ""))
    this.total = el("span", "total")
    this.total.setAttribute("role", "status")
    this.text.addEventListener("input", () => {
      clearTimeout(this.typing)
      this.typing = setTimeout(() => this.filter(), 150)
    })
    this.group.addEventListener("change", () => this.filter())
    bar.append(field("Search", this.text), this.kinds.root, field(this.model.group_label, this.group), this.total)
    return bar
  }

  table() {
    this.view = el("div", "view")
    this.view.tabIndex = 0
    this.view.setAttribute("role", "group")
    this.view.setAttribute("aria-label", "Records; arrow keys choose one")
    this.space = el("div", "space")
    this.space.setAttribute("role", "presentation")
    this.none = el("p", "none", this.model.empty)
    this.view.append(this.space, this.none)
    this.view.addEventListener("scroll", () => {
      this.follows = this.view.scrollHeight - this.view.scrollTop - this.view.clientHeight < ROW
      this.draw()
    }, {passive: true})
    this.observer = new ResizeObserver(() => this.sight()) // what is hidden cannot be scrolled
    this.observer.observe(this.view)
    return this.view
  }

  detail() {
    this.box = el("section", "detail")
    this.box.setAttribute("aria-label", "The whole record")
    this.hint = el("p", "none", "Choose a row to see all of it.")
    this.box.append(this.hint)
    return this.box
  }

  filter() {
    this.at = -1
    this.wanted = null
    this.send(this.wish)
  }

  get wish() {
    return {type: "filter", text: this.text.value, kinds: [...this.kinds.chosen], group: this.group.value}
  }

  /** After a gap: what came in it, what was asked in it, and how many there are now. */
  again() {
    this.asked = null
    this.rows.clear()
    this.send.ask(this.wish)
  }

  receive(message) {
    if (message.record) this.open(message)
    else if (message.rows) this.arrive(message)
    else this.grow(message)
  }

  grow({count, all, generation, kinds, groups}) {
    if (generation !== this.generation) this.rows.clear()
    this.generation = generation
    this.count = count
    this.kinds.show(kinds)
    for (const [key, name] of Object.entries(groups)) {
      if (![...this.group.options].some(option => option.value === key)) this.group.append(new Option(name, key))
    }
    this.total.textContent = count === all ? `${all} in all` : `${count} of ${all}`
    this.none.hidden = count > 0
    this.none.textContent = all ? "Nothing passes the filter." : this.model.empty
    this.space.style.height = `${count * ROW}px`
    this.sight()
  }

  /** Draw what is in sight: the newest, unless a person has scrolled away from it. */
  sight() {
    if (this.follows) this.view.scrollTop = this.view.scrollHeight
    this.draw()
  }

  arrive({rows, from, generation}) {
    if (generation !== this.generation) return
    rows.forEach((row, i) => this.rows.set(from + i, row))
    this.asked = null
    this.draw()
    this.fetch()
  }

  draw() {
    const first = Math.max(0, Math.floor(this.view.scrollTop / ROW) - AHEAD)
    const last = Math.min(this.count, Math.ceil((this.view.scrollTop + this.view.clientHeight) / ROW) + AHEAD)
    const shown = []
    let gap = null
    for (let i = first; i < last; i++) {
      const row = this.rows.get(i)
      if (row) shown.push(this.row(i, row))
      else gap ??= i
    }
    this.space.replaceChildren(...shown)
    this.view.setAttribute("role", shown.length ? "listbox" : "group") // a listbox must hold options
    const wish = `${gap}-${last}-${this.generation}`
    if (gap !== null && this.asked !== wish) {
      this.asked = wish
      this.send.ask({type: "rows", from: gap, to: last})
    }
  }

  row(i, {n, at, kind, says}) {
    const node = el("div", `row kind-${kind.split(/[_.]/)[0]}`)
    node.id = `record-${i}`
    node.setAttribute("role", "option")
    node.setAttribute("aria-selected", String(i === this.at))
    node.style.top = `${i * ROW}px`
    node.append(el("span", "n", String(n)), el("span", "at", clock(at)), el("span", "kind", kind.replaceAll("_", " ")), el("span", "says", says))
    node.addEventListener("click", () => this.choose(i))
    return node
  }

  choose(i) {
    if (i < 0 || i >= this.count) return
    this.at = i
    this.view.setAttribute("aria-activedescendant", `record-${i}`)
    const top = i * ROW
    if (top < this.view.scrollTop) this.view.scrollTop = top
    else if (top + ROW > this.view.scrollTop + this.view.clientHeight) this.view.scrollTop = top + ROW - this.view.clientHeight
    this.draw()
    this.wanted = i
    this.fetch()
  }

  // A row far away is chosen before it is known, and opened when it has come.
  fetch() {
    const row = this.rows.get(this.wanted)
    if (!row) return
    this.wanted = null
    this.send({type: "open", n: row.n})
  }

  key(event) {
    if (event.target !== this.view) return
    const page = Math.floor(this.view.clientHeight / ROW)
    const to = {
      ArrowDown: this.at + 1, ArrowUp: this.at - 1, PageDown: this.at + page, PageUp: this.at - page, Home: 0, End: this.count - 1,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    this.choose(Math.max(0, Math.min(this.count - 1, to)))
  }

  open({n, record}) {
    const head = el("div", "head")
    const copy = el("button", "copy", "Copy")
    copy.type = "button"
    const json = JSON.stringify(record, null, 2)
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(json).catch(() => {})
      copy.textContent = "Copied"
    })
    head.append(el("h2", "", `${(record.kind || record.type || "").replaceAll("_", " ")} ${n}`), copy)
    const text = el("pre", "", json)
    text.tabIndex = 0
    this.box.replaceChildren(head, ...this.picture(record), text)
  }

  picture(record) {
    const image = record.image || (record.images || [])[0]
    if (!image || !PICTURE.test(image.sha256)) return []
    const node = el("img")
    Object.assign(node, {alt: "The picture of this record", width: image.width, height: image.height, src: this.model.images + image.sha256})
    return [node]
  }
}

export function render({model}) {
  const records = new Records(model)
  model.on("msg:custom", event => {
    const message = event?.data ?? event
    if (message.type !== "arrived") records.receive(message)
  })
  const restored = link.onRestored(() => records.again())
  model.on("remove", () => {
    restored()
    records.observer.disconnect()
    document.removeEventListener("click", records.kinds.away)
  })
  queueMicrotask(() => records.send.ask({type: "ready"}))
  return records.root
}
