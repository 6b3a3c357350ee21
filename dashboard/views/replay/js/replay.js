// Replay: sessions on the left, one of them (or two) in the middle, what lies behind a step on the right.
import {button, clock, el, fetchJson, lastAt, many, span} from "./dom.js"
import {Comparison} from "./compare.js"
import {Details} from "./details.js"
import {Exporter} from "./exporter.js"
import {Lanes, LANE_WORDS} from "./lanes.js"
import {SessionList} from "./list.js"
import {Player} from "./player.js"
import {VirtualList} from "./virtual.js"
import {link} from "../../../js/link/link.js"
import {sender} from "../../../js/sender.js"

const ADDRESS = "replay"
const MOMENT = "at" // seconds of the timeline
const SETTLED = 300 // ms after which a moment is put into the address

class Replay {
  constructor(send) {
    Object.assign(this, {send, name: "", timeline: null, against: null, rows: [], loads: 0})
    this.list = new SessionList({open: name => this.open(name), compare: name => this.compare(name), send, tell: text => this.tell(text)})
    this.player = new Player({moved: time => this.moved(time), step: by => this.next(by)})
    this.lanes = new Lanes({seek: time => this.player.seek(time), choose: step => this.choose(step)})
    this.details = new Details({seek: time => this.player.seek(time)})
    this.steps = new VirtualList({label: "Steps", height: 30, fill: (node, step) => this.fill(node, step), choose: index => this.choose(this.found[index])})
    this.comparison = new Comparison()
    this.exporter = new Exporter({send})
    this.build()
  }

  build() {
    this.title = el("h1")
    this.facts = el("p", {class: "soft"})
    this.fresh = button("", () => this.renew(), {class: "quiet", hidden: true})
    this.single = button("Back to one", () => this.alone(), {class: "quiet", hidden: true})
    this.other = el("select", {aria: {label: "Compare with"}, on: {change: () => this.other.value && this.compare(this.other.value)}})
    this.copy = button("Copy link", () => this.copyLink(), {title: "A link to this session at this moment"})
    this.find = el("input", {type: "search", placeholder: "Find a step", aria: {label: "Find a step"}, on: {input: () => this.filter()}})
    this.side = el("div", {class: "beside"}, el("div", {class: "finder"}, this.find, this.count = el("span", {class: "soft"})), this.steps.root, this.details.root)
    this.work = el("div", {class: "work"}, this.player.picture, this.side, this.player.transport, this.lanes.root)
    this.told = el("p", {class: "told", role: "alert", hidden: true})
    this.empty = el("div", {class: "empty"})
    this.stage = el("section", {class: "stage", aria: {label: "Replay"}, on: {keydown: event => this.key(event)}},
      el("header", {class: "head"}, el("div", {class: "what"}, this.title, this.facts), this.fresh, this.single, this.other, this.copy, this.exporter.menu, this.exporter.gathered),
      this.told, this.empty, this.work, this.comparison.root)
    this.sessions = el("details", {class: "pick"}, el("summary", {}, "Sessions"))
    this.sessions.open = !matchMedia("(max-width: 760px)").matches
    this.sessions.append(this.list.root)
    this.root = el("div", {class: "replay"}, this.sessions, this.stage)
    this.mode("empty", "Choose a session", "Its timeline, pictures, and everything that was sent and answered are shown here.")
  }

  // What the server tells -------------------------------------------------------------

  hear(message) {
    const act = {sessions: () => this.listed(message), deleted: () => this.gone(message), counted: () => this.list.counted(message), told: () => this.tell(message.text), export: () => this.exporter.told(message), discarded: () => this.exporter.discarded(message), grown: () => this.grown(message)}[message.type]
    if (act) act()
  }

  listed({rows, here, mp4, open, exports}) {
    this.rows = rows
    this.list.show(rows, here)
    this.exporter.offer(mp4)
    this.exporter.kept(exports)
    this.others()
    if (open.name && (open.name !== this.name || open.against)) {
      this.open(open.name).then(() => open.against && this.compare(open.against))
    } else if (!this.name) {
      const address = new URL(location.href).searchParams
      const remembered = address.get(ADDRESS)
      const first = rows.find(row => row.id === here) || rows[0]
      if (remembered) this.open(remembered, {time: Number(address.get(MOMENT)) || 0})
      else if (first) this.open(`session/${first.id}`)
    } else this.headline()
  }

  gone({id}) {
    if (this.name === `session/${id}`) {
      this.name = ""
      this.mode("empty", "The session was deleted", "Choose another one.")
    }
    if (id === this.list.here) location.assign("?view=replay")
  }

  grown({name, events}) {
    if (name !== this.name || !this.timeline) return
    const more = events - this.timeline.events
    this.fresh.hidden = more <= 0 || Boolean(this.against)
    this.fresh.textContent = `Show ${many(more, "newer event")}`
  }

  /** After a gap: what there is now, and how the exports stand whose end may have been told in it. */
  again() {
    if (this.name) this.send({type: "opened", name: this.name})
    this.send({type: "list", exports: this.exporter.running})
  }

  renew() {
    this.send({type: "list"})
    this.open(this.name, {keep: true})
  }

  tell(text) {
    this.told.textContent = text
    this.told.hidden = !text
  }

  // One session -----------------------------------------------------------------------

  base(name) {
    return `recordings/${name}`
  }

  async open(name, {keep = false, time: wanted = 0} = {}) {
    if (!link.reachable) return link.presses.refuse() // what is shown stays
    const load = this.loads += 1
    const time = keep ? this.player.time : wanted
    this.player.play(false)
    this.tell("")
    this.name = name
    this.list.mark(name)
    this.remember(time)
    this.send({type: "opened", name})
    if (!keep && this.timeline) this.find.value = "" // what a page loaded anew was given back stays
    if (!keep) this.mode("loading", "Reading the session…", "")
    try {
      const timeline = await fetchJson(`${this.base(name)}/timeline`)
      if (load !== this.loads) return
      this.showTimeline(timeline, time)
    } catch (error) {
      if (load === this.loads) this.mode("failed", "This session cannot be shown", error.message, () => this.open(name, {keep, time: wanted}))
    }
  }

  showTimeline(timeline, time) {
    this.timeline = timeline
    this.against = null
    this.fresh.hidden = true
    this.current = null
    this.headline()
    this.mode(timeline.events ? "one" : "empty", "Nothing happened yet", "Give the session a task in Talk.")
    this.filter()
    this.lanes.show(timeline)
    this.player.show(this.base(this.name), timeline)
    this.details.clear()
    this.player.seek(time)
    const step = time && this.found.find(({begin}) => Math.abs(begin - time) < .006)
    if (step) this.choose(step)
    if (matchMedia("(max-width: 760px)").matches) this.sessions.open = false
  }

  headline() {
    const title = this.titleOf(this.name)
    this.title.textContent = title
    this.exporter.of(this.name, title)
    this.others()
    if (!this.timeline) return
    const {began, true_seconds: seconds, events, model, dollars, tokens} = this.timeline
    const when = began ? new Date(began * 1000).toLocaleString([], {dateStyle: "medium", timeStyle: "short"}) : ""
    this.facts.textContent = [when, span(seconds), many(events, "event"), model, tokens ? `${many(tokens, "token")}, $${dollars.toFixed(dollars < 0.1 ? 3 : 2)}` : ""].filter(Boolean).join(" · ")
  }

  titleOf(name) {
    const row = this.rows.find(each => `session/${each.id}` === name)
    if (row) return row.name
    const [kind, ...parts] = name.split("/")
    return kind === "trial" ? parts[1].replaceAll("--", " · ") : parts[0]
  }

  filter() {
    const wanted = this.find.value.trim().toLowerCase()
    const steps = this.timeline.steps.filter(step => step.lane !== "cost")
    this.found = wanted ? steps.filter(step => step.label.toLowerCase().includes(wanted)) : steps
    this.count.textContent = many(this.found.length, "step")
    this.steps.show(this.found, this.found.indexOf(this.current))
  }

  fill(node, step) {
    node.className = `row lane-${step.lane} state-${step.state}`
    node.title = step.label
    node.replaceChildren(el("time", {}, clock(step.begin, this.timeline.seconds)), el("span", {class: "lane"}, LANE_WORDS[step.lane]), el("span", {class: "label"}, step.label))
  }

  choose(step) {
    if (!step) return
    this.player.play(false)
    this.current = step
    this.player.seek(step.begin)
    this.steps.move(this.found.indexOf(step))
    this.details.show(this.base(this.name), this.timeline, step)
  }

  next(by) {
    if (this.against) return this.comparison.step(by)
    const at = this.current ? this.found.indexOf(this.current) : lastAt(this.found, this.player.time, "begin")
    this.choose(this.found[Math.min(this.found.length - 1, Math.max(0, at + by))])
  }

  moved(time) {
    this.lanes.move(time)
    if (this.player.playing || !this.current || this.current.begin !== time) {
      this.current = null
      this.steps.move(lastAt(this.found, time + 1e-6, "begin"))
    }
    clearTimeout(this.settling)
    if (!this.player.playing) this.settling = setTimeout(() => this.remember(this.player.time), SETTLED)
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.timeline) return
    const typing = event.target.closest("input:not([type=range]), select, textarea, details[open] .panel")
    if (typing) return
    const pressing = event.target.closest("button, summary, a")
    const act = {ArrowLeft: () => this.next(-1), ArrowRight: () => this.next(1), " ": pressing || this.against ? null : () => this.player.play(!this.player.playing)}[event.key]
    if (!act) return
    event.preventDefault()
    act()
  }

  // Two -----------------------------------------------------------------------------------

  others() {
    const rows = this.rows.filter(row => `session/${row.id}` !== this.name)
    this.other.replaceChildren(el("option", {value: ""}, "Compare with…"), ...rows.map(row => el("option", {value: `session/${row.id}`}, row.name)))
    this.other.hidden = !rows.length || !this.timeline
    this.other.value = this.against || ""
  }

  async compare(name) {
    if (!link.reachable) {
      this.others()
      return link.presses.refuse()
    }
    const load = this.loads += 1
    try {
      const [timeline, data] = await Promise.all([fetchJson(`${this.base(name)}/timeline`), fetchJson(`${this.base(this.name)}/against/${name}`)])
      if (load !== this.loads) return
      this.player.play(false)
      this.against = name
      this.others()
      this.mode("two")
      const side = (which, line) => ({base: this.base(which), title: this.titleOf(which), timeline: line})
      this.comparison.show(side(this.name, this.timeline), side(name, timeline), data)
      this.comparison.list.root.focus({preventScroll: true})
    } catch (error) {
      if (load === this.loads) this.tell(`These two cannot be compared. ${error.message}`)
    }
  }

  alone() {
    this.against = null
    this.others()
    this.mode("one")
  }

  // The page --------------------------------------------------------------------------------

  mode(mode, title = "", text = "", again = null) {
    this.stage.dataset.mode = mode
    this.empty.replaceChildren(el("h2", {}, title), el("p", {}, text), again ? button("Try again", again) : "")
    this.empty.hidden = mode === "one" || mode === "two"
    this.work.hidden = mode !== "one"
    this.comparison.root.hidden = mode !== "two"
    this.single.hidden = mode !== "two"
    this.exporter.menu.hidden = mode !== "one" && mode !== "two"
    this.copy.hidden = mode !== "one"
    if (mode === "empty" || mode === "failed") {
      this.timeline = null
      this.title.textContent = this.name ? this.titleOf(this.name) : "Replay"
      this.facts.textContent = ""
      this.other.hidden = true
    }
  }

  /** The address of the shown session at a moment, without the session that the page works in. */
  address(time, url = new URL(location.pathname, location.href)) {
    url.searchParams.set("view", "replay")
    url.searchParams.set(ADDRESS, this.name)
    if (time > 0) url.searchParams.set(MOMENT, String(Math.round(time * 100) / 100))
    else url.searchParams.delete(MOMENT)
    return url
  }

  remember(time) {
    const url = new URL(location.href)
    if (url.searchParams.get("view") === "replay" && this.name) history.replaceState(null, "", this.address(time, url))
  }

  async copyLink() {
    this.player.play(false)
    const {time, timeline} = this.player
    const address = this.address(time).href
    try {
      await navigator.clipboard.writeText(address)
      this.copy.textContent = `Copied ${clock(time, timeline.seconds)}`
      setTimeout(() => { this.copy.textContent = "Copy link" }, 2000)
    } catch {
      this.tell("The browser does not let this page copy. Here is the link: ")
      this.told.append(el("a", {href: address}, address))
    }
  }

  forget() {
    this.player.play(false)
    clearTimeout(this.settling)
    const url = new URL(location.href)
    if (!url.searchParams.has(ADDRESS) || url.searchParams.get("view") === "replay") return
    url.searchParams.delete(ADDRESS)
    url.searchParams.delete(MOMENT)
    history.replaceState(null, "", url)
  }
}

export function render({model}) {
  const replay = new Replay(sender(model))
  model.on("msg:custom", message => replay.hear(message))
  const restored = link.onRestored(() => replay.again())
  model.on("remove", () => {
    restored()
    replay.forget()
  })
  const theme = new MutationObserver(() => replay.lanes.draw())
  theme.observe(document.documentElement, {attributes: true})
  theme.observe(document.body, {attributes: true})
  model.on("remove", () => theme.disconnect())
  queueMicrotask(() => replay.send({type: "ready"}))
  return replay.root
}
