// The browser's sessions: choose, rename, resume, end, compare, delete; take one in.
import {bytes, button, el, icon, ICONS} from "./dom.js"
import {wouldGo} from "../../js/format.js"
import {link} from "../../../js/link/link.js"
import {send} from "../../files/client.js"

const MOST_UPLOAD = 2e9
const GIVEN_UP = 60000 // ms after which what stands still on its way is given up
const UNPACKED = 600000 // ms that the server may take once it has all of it
const GOES_ON = 2000 // ms after a gap in which a line that has outlived it goes on
const WHO = {
  idle: "ready", listening: "listening", thinking: "thinking", speaking: "speaking", acting: "acting", held: "holding",
  waiting: "waiting for you", yours: "you have the mouse", stopped: "stopped", disconnected: "not connected",
}

function when(at) {
  if (!at) return ""
  const date = new Date(at * 1000)
  const today = date.toDateString() === new Date().toDateString()
  return today ? date.toLocaleTimeString([], {hour: "2-digit", minute: "2-digit"}) : date.toLocaleDateString([], {day: "numeric", month: "short", year: "numeric"})
}

export class SessionList {
  /** `open(name)`, `compare(name)` and `send(message)` carry out what is pressed. */
  constructor({open, compare, send, tell}) {
    Object.assign(this, {open, compare, send, tell, rows: [], here: "", shown: "", busy: ""})
    this.search = el("input", {type: "search", placeholder: "Find a session", aria: {label: "Find a session"}, on: {input: () => this.draw()}})
    this.file = el("input", {type: "file", accept: ".zip,application/zip", hidden: true, on: {change: () => this.upload()}})
    this.take = button("Import…", () => this.file.click(), {class: "quiet", title: "Take in a session that was exported as a folder (.zip)"})
    this.list = el("ul", {class: "sessions"})
    this.empty = el("p", {class: "none"})
    this.root = el("aside", {class: "shelf", aria: {label: "Sessions"}},
      el("div", {class: "tools"}, this.search, this.take, this.file), this.list, this.empty)
  }

  show(rows, here) {
    this.rows = rows
    this.here = here
    this.draw()
  }

  mark(name) {
    this.shown = name
    this.draw()
  }

  draw() {
    if (this.root.contains(this.editing)) return
    const wanted = this.search.value.trim().toLowerCase()
    const rows = this.rows.filter(row => row.name.toLowerCase().includes(wanted) || row.id.includes(wanted))
    const menu = this.list.querySelector("details[open]")
    const opened = menu?.closest("li").dataset.id
    const focused = menu ? [...menu.querySelectorAll("summary, button")].indexOf(menu.getRootNode().activeElement) : -1
    this.list.replaceChildren(...rows.map(row => this.row(row)))
    if (menu) this.reopen(this.node(opened), focused)
    this.empty.hidden = rows.length > 0
    this.empty.textContent = wanted ? "No session is called that." : "No sessions yet. What you do in Talk is kept here."
  }

  /** A menu stays open when the list is drawn anew beneath it. */
  reopen(node, focused) {
    const menu = node?.querySelector("details")
    if (!menu) return
    menu.open = true
    menu.querySelectorAll("summary, button")[focused]?.focus()
  }

  row(row) {
    const name = `session/${row.id}`
    const state = row.running ? WHO[row.state] || row.state : when(row.used)
    const choose = button("", () => this.open(name), {class: "choose"})
    choose.append(el("span", {class: "name"}, row.name), el("small", {class: row.running ? "live" : ""}, state, row.id === this.here ? " · this page" : ""))
    if (name === this.shown) choose.setAttribute("aria-current", "true")
    const menu = el("details", {class: "menu"}, el("summary", {aria: {label: `What to do with ${row.name}`}}, icon(ICONS.more)))
    menu.append(el("div", {class: "panel"}, ...this.actions(row, name, menu)))
    menu.addEventListener("toggle", () => this.toggled(menu))
    return el("li", {data: {id: row.id}}, choose, menu)
  }

  toggled(menu) {
    if (!menu.open) return
    const away = event => {
      if (!menu.isConnected) {
        this.root.removeEventListener("keydown", away)
        document.removeEventListener("click", away)
        return
      }
      if (event.type === "keydown" ? event.key !== "Escape" : event.composedPath().includes(menu)) return
      menu.open = false
      if (event.type === "keydown") {
        event.stopPropagation()
        menu.firstElementChild.focus()
      }
      this.root.removeEventListener("keydown", away)
      document.removeEventListener("click", away)
    }
    this.root.addEventListener("keydown", away)
    document.addEventListener("click", away)
  }

  actions(row, name, menu) {
    const item = (label, act, options) => button(label, () => { menu.open = false; act() }, options)
    const resume = row.running ? "Open in Talk" : "Resume in Talk"
    return [
      item(resume, () => link.lead(`?session=${encodeURIComponent(row.id)}`)),
      item("Rename", () => this.rename(row)),
      this.shown && name !== this.shown ? item("Compare with the shown one", () => this.compare(name)) : null,
      row.running ? item("End", () => this.send({type: "end", id: row.id}), {title: "Ends the work and the desktop; the session can be resumed"}) : null,
      item("Delete…", () => this.confirm(row), {class: "danger"}),
    ].filter(Boolean)
  }

  node(id) {
    return [...this.list.children].find(node => node.dataset.id === id)
  }

  rename(row) {
    const input = el("input", {type: "text", value: row.name, maxLength: 80, aria: {label: `New name of ${row.name}`}})
    const done = save => {
      if (!this.editing) return
      if (save && input.value.trim() !== row.name && !this.send({type: "rename", id: row.id, title: input.value})) return
      this.editing = null
      this.draw()
    }
    const form = el("form", {class: "edit", data: {escape: ""}, on: {
      submit: event => { event.preventDefault(); done(true) },
      keydown: event => { if (event.key === "Escape") { event.stopPropagation(); done(false) } },
    }}, input, el("button", {class: "main"}, "Save"), button("Cancel", () => done(false)))
    this.edit(row, form, input)
    input.select()
  }

  /** What would go is counted first: only who has read it can delete. */
  confirm(row) {
    if (!this.send({type: "count", id: row.id})) return
    const done = sure => {
      if (sure && !this.send({type: "delete", id: row.id})) return
      this.editing = null
      this.draw()
    }
    const words = el("p", {role: "status"}, "Counting what would go…")
    const yes = button("Delete", () => done(true), {class: "danger", disabled: true})
    const no = button("Keep", () => done(false))
    const ask = el("div", {class: "edit", role: "alertdialog", data: {escape: ""}, aria: {label: `Delete ${row.name}`}, on: {
      keydown: event => { if (event.key === "Escape") { event.stopPropagation(); done(false) } },
    }}, words, yes, no)
    this.asked = {row, words, yes}
    this.edit(row, ask, no)
  }

  /** The server has counted what would go. */
  counted({id, size}) {
    if (this.asked?.row.id !== id) return
    const {row, words, yes} = this.asked
    words.textContent = wouldGo(size, row.running, `“${row.name}”`)
    yes.disabled = false
  }

  edit(row, node, focus) {
    this.editing = null
    this.draw()
    const place = this.node(row.id)
    if (!place) return
    this.editing = node
    place.replaceChildren(node)
    focus.focus()
  }

  async upload() {
    const [file] = this.file.files
    this.file.value = ""
    if (!file) return
    if (file.size > MOST_UPLOAD) return this.tell(`${file.name} is too large (${bytes(file.size)}).`)
    this.take.disabled = true
    try {
      const {id, damage} = await this.bring(file)
      this.send({type: "list"})
      this.open(`session/${id}`)
      if (damage) this.tell(`${file.name} was imported, but not in full. ${damage}`)
    } catch (error) {
      this.tell(`${file.name} could not be imported. ${error.message}`)
    } finally {
      this.take.disabled = false
      this.take.textContent = "Import…"
    }
  }

  /** Sends the file; what stands still when the link is back, or for long, is given up. */
  async bring(file) {
    const control = new AbortController()
    let giving
    let still = false
    let out = 0
    const giveUp = ms => { giving = setTimeout(() => control.abort(), ms) }
    const told = (sent, stalled) => {
      clearTimeout(giving)
      still = stalled
      out = sent
      if (stalled) giveUp(sent < file.size ? GIVEN_UP : UNPACKED)
      const share = `Importing… ${Math.floor(100 * sent / (file.size || 1))} %`
      this.take.textContent = sent >= file.size ? "Importing…" : stalled ? "Importing… nothing goes through" : share
    }
    const end = link.onRestored(() => {
      if (!still) return
      clearTimeout(giving)
      giveUp(GOES_ON)
    })
    try {
      return await send("recordings/import", file, told, control.signal)
    } catch (error) {
      if (!control.signal.aborted) throw error
      throw new Error(out < file.size ? "Nothing went through any more. Try again." : "The server has not answered. Look in the list whether it is there.")
    } finally {
      end()
      clearTimeout(giving)
    }
  }
}
