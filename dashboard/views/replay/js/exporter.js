// Exports: made by the server, with progress, then fetched; all of them gather in one menu.
import {button, bytes, el} from "./dom.js"

const FORMATS = [
  ["folder", "Folder (.zip)", "Everything: events, pictures, prompt. Can be imported again."],
  ["notebook", "Notebook (.zip)", "The folder with a notebook that replays and dissects it."],
  ["gif", "GIF", "Moving pictures with captions, for a page or a message."],
  ["mp4", "MP4 video", "The same as a video: sharper and smaller."],
]

let numbers = 0

export class Exporter {
  constructor({send}) {
    Object.assign(this, {send, name: "", title: "", jobs: new Map()})
    this.items = el("div", {class: "panel"})
    this.menu = el("details", {class: "menu export"}, el("summary", {}, "Export"), this.items)
    this.jobsNode = el("div", {class: "panel jobs"})
    this.word = el("span", {aria: {live: "polite"}})
    this.gathered = el("details", {class: "menu export gathered", hidden: true}, el("summary", {}, this.word), this.jobsNode)
    for (const menu of [this.menu, this.gathered]) this.closable(menu)
  }

  closable(menu) {
    menu.addEventListener("focusout", event => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false })
    menu.addEventListener("keydown", event => {
      if (event.key !== "Escape" || !menu.open) return
      event.stopPropagation()
      menu.open = false
      menu.firstElementChild.focus()
    })
  }

  /** The server still has these of earlier: this page may have been loaded anew since. */
  kept(files) {
    const shown = new Set([...this.jobs.values()].map(({url}) => url))
    for (const file of files) {
      if (shown.has(file.url)) continue
      const n = numbers += 1
      const job = el("div", {class: "job"})
      this.jobs.set(n, {job})
      this.jobsNode.append(job)
      this.done(n, file)
    }
    this.count()
  }

  /** Those whose end is not known here. */
  get running() {
    return [...this.jobs].filter(([, {running}]) => running).map(([n]) => n)
  }

  offer(mp4) {
    this.items.replaceChildren(...FORMATS.map(([format, label, text]) => {
      const without = format === "mp4" && !mp4
      const item = button("", () => this.start(format, label), {disabled: without})
      item.append(el("b", {}, label), el("small", {}, without ? "Needs PyAV: pip install 'sayso[video]'" : text))
      return item
    }))
  }

  of(name, title) {
    this.name = name
    this.title = title
  }

  start(format, label) {
    const n = numbers += 1
    if (!this.send({type: "export", n, name: this.name, format, title: this.title})) return
    this.menu.open = false
    const word = el("span", {}, `${label} of “${this.title}”`)
    const bar = el("progress", {max: 1, aria: {label: `Progress of ${label}`}})
    const job = el("div", {class: "job"}, word, bar, button("Cancel", () => {
      if (this.send({type: "cancel", n})) this.remove(n)
    }))
    this.jobs.set(n, {job, bar, word, running: true})
    this.jobsNode.prepend(job)
    this.count()
  }

  told({n, share, error, ...file}) {
    const known = this.jobs.get(n)
    if (!known?.running) return // its end may be told once more after a gap
    if (share !== undefined) {
      known.bar.value = known.share = share
    } else if (error) {
      this.failed(n, error)
    } else {
      this.done(n, file).click()
      if (file.note) this.gathered.open = true
    }
    this.count()
  }

  failed(n, error) {
    const known = this.jobs.get(n)
    known.running = false
    known.job.classList.add("failed")
    known.job.setAttribute("role", "alert")
    known.job.replaceChildren(el("span", {}, error), button("Dismiss", () => this.remove(n)))
    this.gathered.open = true
  }

  done(n, {url, filename, bytes: size, note}) {
    const known = this.jobs.get(n)
    Object.assign(known, {url, running: false})
    const link = el("a", {href: url, download: filename}, `${filename} (${bytes(size)})`)
    const drop = button("Remove", () => {
      drop.disabled = this.send({type: "discard", url})
    }, {aria: {label: `Remove ${filename} from the server`}})
    known.job.replaceChildren(link, drop, ...(note ? [el("p", {class: "note", role: "status"}, note)] : []))
    return link
  }

  count() {
    const all = [...this.jobs.values()]
    const running = all.filter(job => job.running)
    const share = running.reduce((sum, job) => sum + (job.share || 0), 0) / (running.length || 1)
    const bad = all.filter(job => job.job.classList.contains("failed")).length
    this.word.textContent = running.length ? `Making… ${Math.round(100 * share)} %` : bad ? `Downloads (${bad} failed)` : `Downloads (${all.length})`
    this.gathered.hidden = !all.length
    if (!all.length) this.gathered.open = false
  }

  /** The server has removed one. */
  discarded({url}) {
    for (const [n, job] of this.jobs) if (job.url === url) this.remove(n)
  }

  remove(n) {
    this.jobs.get(n)?.job.remove()
    this.jobs.delete(n)
    this.count()
  }
}
