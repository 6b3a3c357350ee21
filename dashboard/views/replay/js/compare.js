// Two sessions side by side, deed by deed, with the first divergence marked.
import {button, el, lastAt} from "./dom.js"
import {VirtualList} from "./virtual.js"

export class Comparison {
  constructor() {
    this.note = el("p", {class: "verdict", role: "status"})
    this.jump = button("First difference", () => this.choose(this.data.first), {class: "main"})
    this.sides = ["A", "B"].map(letter => this.side(letter))
    this.list = new VirtualList({label: "What was done, A beside B", height: 32, fill: (node, row, index) => this.fill(node, row, index), choose: index => this.choose(index)})
    this.root = el("div", {class: "compare"},
      el("div", {class: "banner"}, this.note, this.jump),
      el("div", {class: "sides"}, ...this.sides.map(side => side.root)),
      el("div", {class: "rowhead"}, el("span", {}, ""), el("span", {}, "A"), el("span", {}, "B")), this.list.root)
  }

  side(letter) {
    const image = el("img", {alt: "", decoding: "async"})
    const title = el("span", {class: "title"})
    const label = el("p", {class: "caption"})
    const none = el("p", {class: "none", hidden: true}, "No picture.")
    return {image, title, label, none, letter, root: el("figure", {class: `side side-${letter}`},
      el("figcaption", {class: "sidehead"}, el("b", {}, letter), title, label), el("div", {class: "screen"}, image, none))}
  }

  /** `a` and `b` are `{base, title, timeline}`. */
  show(a, b, data) {
    Object.assign(this, {pair: [a, b], data})
    this.sides.forEach((side, n) => { side.title.textContent = this.pair[n].title })
    this.note.textContent = data.note
    this.jump.hidden = data.first === null
    this.note.classList.toggle("parted", data.first !== null)
    this.list.root.style.flexBasis = `${data.rows.length * this.list.height + 2}px`
    this.list.show(data.rows, 0)
    if (data.rows.length) this.choose(data.first ?? 0)
  }

  step(by) {
    const index = this.list.current + by
    if (index >= 0 && index < this.data.rows.length) this.choose(index)
  }

  choose(index) {
    this.list.move(index)
    const row = this.data.rows[index]
    ;["a", "b"].forEach((key, n) => this.draw(this.sides[n], this.pair[n], row[key], this.before(key, index)))
  }

  /** What that side did last, where it does nothing in this row. */
  before(key, index) {
    for (let n = index; n >= 0; n -= 1) if (this.data.rows[n][key]) return this.data.rows[n][key]
    return null
  }

  draw(side, {base, timeline}, deed, last) {
    const {steps, frames} = timeline
    const shown = deed || last
    const step = shown && steps.find(each => each.seq === shown.seq)
    const index = step ? step.frame : shown ? lastAt(frames, shown.seq, "seq") : 0
    const frame = frames[Math.max(0, index)]
    side.image.hidden = !frame
    side.none.hidden = Boolean(frame)
    if (frame) {
      side.image.src = `${base}/images/${frame.sha256}`
      side.image.alt = `${side.letter}: the screen after ${shown ? shown.label : "the beginning"}`
    }
    side.label.textContent = deed ? deed.label : last ? "nothing more here" : "nothing yet"
    side.root.classList.toggle("absent", !deed)
  }

  fill(node, row, index) {
    node.className = `row pair ${row.same ? "same" : "differs"}${index === this.data.first ? " first" : ""}`
    const cell = deed => el("span", {class: deed ? deed.what : "absent", title: deed ? deed.label : ""}, deed ? deed.label : "–")
    node.replaceChildren(el("span", {class: "n"}, index === this.data.first ? "≠" : String(index + 1)), cell(row.a), cell(row.b))
  }
}
