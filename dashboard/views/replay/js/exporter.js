// Exports of the shown session: made by the server, with progress, then fetched.
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
    this.menu.addEventListener("focusout", event => { if (event.relatedTarget && !this.menu.contains(event.relatedTarget)) this.menu.open = false })
    this.menu.addEventListener("keydown", event => {
      if (event.key !== "Escape" || !this.menu.open) return
      event.stopPropagation()
      this.menu.open = false
      this.menu.firstElementChild.focus()
    })
    this.jobsNode = el("div", {class: "jobs", aria: {live: "polite"}})
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
    this.menu.open = false
    const n = numbers += 1
    const word = el("span", {}, `${label} of “${this.title}”`)
    const bar = el("progress", {max: 1, aria: {label: `Progress of ${label}`}})
    const job = el("div", {class: "job"}, word, bar, button("Cancel", () => {
      this.send({type: "cancel", n})
      this.remove(n)
    }))
    this.jobs.set(n, {job, bar, word})
    this.jobsNode.append(job)
    this.send({type: "export", n, name: this.name, format, title: this.title})
  }

  told({n, share, url, filename, error, bytes: size}) {
    const known = this.jobs.get(n)
    if (!known) return
    const {job, bar, word} = known
    if (share !== undefined) {
      bar.value = share
      return
    }
    const away = button("Dismiss", () => this.remove(n))
    if (error) {
      job.classList.add("failed")
      job.setAttribute("role", "alert")
      job.replaceChildren(el("span", {}, error), away)
    } else {
      const link = el("a", {href: url, download: filename}, `${filename} (${bytes(size)})`)
      job.replaceChildren(word, link, away)
      link.click()
    }
  }

  remove(n) {
    this.jobs.get(n)?.job.remove()
    this.jobs.delete(n)
  }
}
