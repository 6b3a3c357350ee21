// The picture, what was said and done at that time, and the controls that move through it.
import {button, clock, el, icon, ICONS, lastAt} from "./dom.js"

const SPEEDS = [0.5, 1, 2, 4, 8, 16]
const AHEAD = 3
const LINGER = 0.9

export class Player {
  /** `moved(time)` is told each time that is shown; `step(by)` asks for the next or previous step. */
  constructor({moved, step}) {
    Object.assign(this, {moved, step, timeline: null, base: "", time: 0, speed: 2, playing: 0})
    this.image = el("img", {alt: "", decoding: "async", on: {error: () => this.lost(true), load: () => this.lost(false)}})
    this.mark = el("div", {class: "mark", hidden: true})
    this.none = el("p", {class: "none"})
    this.screen = el("div", {class: "screen"}, el("div", {class: "fit"}, this.image, this.mark), this.none)
    this.heard = el("p", {class: "caption"})
    this.done = el("p", {class: "caption deed"})
    this.picture = el("figure", {class: "picture"}, this.screen, el("figcaption", {}, this.heard, this.done))
    this.slider = el("input", {type: "range", min: 0, max: 1, step: "any", value: 0, aria: {label: "Time"}, on: {input: () => this.seek(Number(this.slider.value))}})
    this.label = el("output", {class: "time"})
    this.toggle = button("", () => this.play(!this.playing), {class: "main round"})
    const speed = el("select", {aria: {label: "Speed"}, on: {change: () => { this.speed = Number(speed.value) }}},
      ...SPEEDS.map(n => el("option", {value: n, selected: n === this.speed}, `${n}×`)))
    const previous = button("", () => this.step(-1), {class: "round", title: "Previous step (←)", aria: {label: "Previous step"}})
    const next = button("", () => this.step(1), {class: "round", title: "Next step (→)", aria: {label: "Next step"}})
    previous.append(icon(ICONS.back))
    next.append(icon(ICONS.next))
    this.transport = el("div", {class: "transport", role: "group", aria: {label: "Playback"}}, previous, this.toggle, next, this.slider, this.label, speed)
    this.face()
    new ResizeObserver(() => this.fit()).observe(this.screen)
  }

  show(base, timeline) {
    this.play(false)
    Object.assign(this, {base, timeline, frame: null})
    this.screen.classList.remove("lost")
    this.slider.max = Math.max(timeline.seconds, 0.001)
    this.talk = timeline.steps.filter(step => (step.lane === "heard" || step.lane === "said"))
    this.deeds = timeline.steps.filter(step => step.lane === "actions")
    this.none.textContent = timeline.frames.length ? "" : "The agent never looked at the screen in this session."
    this.none.hidden = timeline.frames.length > 0
    this.image.hidden = !timeline.frames.length
    this.seek(0)
  }

  lost(gone) {
    this.screen.classList.toggle("lost", gone)
    if (gone) this.none.textContent = "This picture is not there any more."
    this.none.hidden = !gone
  }

  seek(time) {
    this.time = Math.min(Math.max(0, time), this.timeline.seconds)
    this.slider.value = this.time
    const [now, all] = [this.time, this.timeline.seconds].map(each => clock(each, this.timeline.seconds))
    this.slider.setAttribute("aria-valuetext", `${now} of ${all}`)
    this.label.textContent = `${now} / ${all}`
    this.draw()
    this.moved(this.time)
  }

  draw() {
    const {frames} = this.timeline
    const index = Math.max(0, lastAt(frames, this.time + 1e-6, "time"))
    const frame = frames[index]
    if (frame && frame !== this.frame) {
      this.frame = frame
      this.image.src = `${this.base}/images/${frame.sha256}`
      this.image.alt = `The screen, picture ${index + 1} of ${frames.length}`
      this.fit()
      this.ahead(index)
    }
    this.words()
  }

  /** The next pictures are fetched before they are needed. */
  ahead(index) {
    this.waiting = this.timeline.frames.slice(index + 1, index + 1 + AHEAD).map(({sha256}) => el("img", {src: `${this.base}/images/${sha256}`}))
  }

  words() {
    const said = this.talk[lastAt(this.talk, this.time + 1e-6, "begin")]
    this.heard.textContent = said ? `${said.lane === "heard" ? "You" : "Sayso"}: ${said.label}` : ""
    const deed = this.deeds[lastAt(this.deeds, this.time + 1e-6, "begin")]
    const fresh = deed && (!said || deed.begin >= said.begin || said.lane === "said")
    this.done.textContent = fresh ? deed.label : ""
    this.done.classList.toggle("bad", Boolean(fresh) && deed.state !== "done")
    const on = deed && deed.point && this.time <= deed.end + LINGER && this.frame
    this.mark.hidden = !on
    if (on) {
      this.mark.style.left = `${100 * deed.point[0] / this.frame.width}%`
      this.mark.style.top = `${100 * deed.point[1] / this.frame.height}%`
    }
  }

  /** As large as there is room for; never blurred by more than its own size. */
  fit() {
    if (!this.frame) return
    const {width, height} = this.frame
    const scale = Math.min(this.screen.clientWidth / width, this.screen.clientHeight / height, 1.25)
    this.mark.parentElement.style.width = `${Math.floor(width * scale)}px`
    this.mark.parentElement.style.height = `${Math.floor(height * scale)}px`
  }

  play(on) {
    cancelAnimationFrame(this.playing)
    this.playing = 0
    if (on && this.timeline) {
      if (this.time >= this.timeline.seconds - 0.01) this.seek(0)
      let last = performance.now()
      const tick = now => {
        this.playing = requestAnimationFrame(tick)
        this.seek(this.time + (now - last) / 1000 * this.speed)
        last = now
        if (this.time >= this.timeline.seconds) this.play(false)
      }
      this.playing = requestAnimationFrame(tick)
    }
    this.face()
  }

  face() {
    this.toggle.replaceChildren(icon(this.playing ? ICONS.pause : ICONS.play))
    this.toggle.title = this.playing ? "Pause (space)" : "Play (space)"
    this.toggle.setAttribute("aria-label", this.playing ? "Pause" : "Play")
  }
}
