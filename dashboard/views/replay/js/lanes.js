// The lanes, drawn on a canvas: thousands of steps cost as little as ten.
import {el, lastAt} from "./dom.js"

const ROW = 21, LEFT = 74, RIGHT = 10
const NEAREST = 0.5 // seconds that the narrowest window shows
export const LANE_WORDS = {heard: "Heard", said: "Said", model: "Model", actions: "Actions", approvals: "Control", cost: "Cost"}
const BAD = new Set(["failed", "denied", "cut"])
const COLOURS = {
  heard: "--mui-palette-primary-main", said: "--mui-palette-secondary-main", model: "--mui-palette-text-secondary",
  actions: "--mui-palette-success-main", approvals: "--mui-palette-warning-main", cost: "--mui-palette-primary-main",
}

export class Lanes {
  /** `seek(time)` and `choose(step)` are told where the person points. */
  constructor({seek, choose}) {
    Object.assign(this, {seek, choose, timeline: null, time: 0, from: 0, to: 1})
    this.canvas = el("canvas", {aria: {hidden: "true"}})
    this.tip = el("div", {class: "tip", hidden: true})
    this.root = el("div", {class: "lanes", on: {
      pointerdown: event => this.press(event),
      pointermove: event => this.hover(event),
      pointerleave: () => { this.tip.hidden = true },
      wheel: event => this.wheel(event),
      dblclick: () => this.window(0, this.timeline.seconds),
    }}, this.canvas, this.tip)
    new ResizeObserver(() => this.draw()).observe(this.root)
  }

  show(timeline) {
    this.timeline = timeline
    this.root.style.height = `${timeline.lanes.length * ROW + 4}px`
    this.window(0, timeline.seconds)
  }

  move(time) {
    this.time = time
    const wide = this.to - this.from
    if (time < this.from || time > this.to) this.window(time - wide / 4, time + 3 * wide / 4)
    this.draw()
  }

  /** Show the seconds from one to another, as far as there are any. */
  window(from, to) {
    const all = Math.max(this.timeline.seconds, 0.001)
    const wide = Math.min(all, Math.max(to - from, NEAREST))
    this.from = Math.min(Math.max(0, from), all - wide)
    this.to = this.from + wide
    this.root.title = wide < all ? "Double click shows the whole session" : ""
    this.draw()
  }

  wheel(event) {
    if (!this.timeline) return
    event.preventDefault()
    const wide = this.to - this.from
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) return this.window(this.from + wide * event.deltaX / 800, this.to + wide * event.deltaX / 800)
    const {time} = this.at(event)
    const factor = 1.0015 ** event.deltaY
    this.window(time - (time - this.from) * factor, time + (this.to - time) * factor)
  }

  x(time) {
    return LEFT + (this.width - LEFT - RIGHT) * (time - this.from) / (this.to - this.from)
  }

  draw() {
    if (!this.timeline || this.due) return
    this.due = requestAnimationFrame(() => {
      this.due = 0
      this.paint()
    })
  }

  paint() {
    const {lanes, steps, pauses} = this.timeline
    const ratio = devicePixelRatio || 1
    this.width = this.root.clientWidth
    const height = lanes.length * ROW + 2
    if (!this.width) return
    this.canvas.width = this.width * ratio
    this.canvas.height = height * ratio
    this.canvas.style.height = `${height}px`
    const pen = this.canvas.getContext("2d")
    pen.scale(ratio, ratio)
    const style = getComputedStyle(this.root)
    const colour = name => style.getPropertyValue(name).trim() || "#667"
    this.frame(pen, lanes, colour, style.fontFamily)
    pen.beginPath()
    pen.rect(LEFT - 2, 0, this.width - LEFT - RIGHT + 4, height)
    pen.clip()
    this.dots(pen, lanes, pauses, colour)
    this.bars(pen, lanes, steps, colour)
    this.money(pen, lanes, steps, colour)
    pen.fillStyle = colour("--mui-palette-error-main")
    pen.fillRect(this.x(this.time) - 1, 0, 2, height)
  }

  frame(pen, lanes, colour, family) {
    pen.font = `12px ${family}`
    pen.textBaseline = "middle"
    lanes.forEach((lane, n) => {
      pen.fillStyle = colour("--mui-palette-text-secondary")
      pen.fillText(LANE_WORDS[lane], 2, n * ROW + ROW / 2)
      pen.fillStyle = colour("--mui-palette-divider")
      pen.fillRect(LEFT, (n + 1) * ROW - 0.5, this.width - LEFT - RIGHT, 1)
    })
  }

  /** Where time was shortened. */
  dots(pen, lanes, pauses, colour) {
    pen.fillStyle = colour("--mui-palette-text-secondary")
    for (const [time] of pauses) {
      for (let y = 2; y < lanes.length * ROW; y += 7) pen.fillRect(this.x(time), y, 1, 3)
    }
  }

  bars(pen, lanes, steps, colour) {
    const paints = Object.fromEntries(lanes.map(lane => [lane, colour(COLOURS[lane])]))
    const bad = colour("--mui-palette-error-main")
    for (const step of steps) {
      if (step.lane === "cost") continue
      const left = this.x(step.begin)
      const width = Math.max(3, this.x(step.end) - left)
      if (left + width < LEFT || left > this.width) continue
      const top = lanes.indexOf(step.lane) * ROW + 5
      pen.fillStyle = BAD.has(step.state) ? bad : paints[step.lane]
      pen.globalAlpha = step.state === "skipped" ? 0.35 : 0.9
      pen.fillRect(left, top, width, ROW - 10)
    }
    pen.globalAlpha = 1
  }

  /** Money, or tokens where nothing was paid, as they add up. */
  money(pen, lanes, steps, colour) {
    const costs = steps.filter(step => step.lane === "cost")
    const key = costs.some(step => step.dollars) ? "dollars" : "tokens"
    const total = costs.reduce((sum, step) => sum + step[key], 0)
    if (!total) return
    const floor = (lanes.indexOf("cost") + 1) * ROW - 2
    pen.beginPath()
    pen.moveTo(this.x(0), floor)
    let sum = 0
    for (const step of costs) {
      pen.lineTo(this.x(step.begin), floor - (ROW - 6) * sum / total)
      sum += step[key]
      pen.lineTo(this.x(step.begin), floor - (ROW - 6) * sum / total)
    }
    pen.lineTo(Math.max(this.width, this.x(this.timeline.seconds)), floor - (ROW - 6))
    pen.strokeStyle = colour(COLOURS.cost)
    pen.lineWidth = 1.5
    pen.stroke()
  }

  at(event) {
    const box = this.root.getBoundingClientRect()
    const share = (event.clientX - box.left - LEFT) / (this.width - LEFT - RIGHT)
    const time = this.from + Math.min(1, Math.max(0, share)) * (this.to - this.from)
    return {time, lane: this.timeline.lanes[Math.floor((event.clientY - box.top) / ROW)], x: event.clientX - box.left}
  }

  hit({time, lane}) {
    const near = 5 * (this.to - this.from) / Math.max(1, this.width - LEFT - RIGHT)
    const {steps} = this.timeline
    for (let n = lastAt(steps, time + near, "begin"); n >= 0 && n > lastAt(steps, time, "begin") - 400; n -= 1) {
      if (steps[n].lane === lane && steps[n].end + near >= time) return steps[n]
    }
    return null
  }

  press(event) {
    if (!this.timeline || event.button) return
    const at = this.at(event)
    const step = this.hit(at)
    if (step) this.choose(step)
    else this.seek(at.time)
  }

  hover(event) {
    if (!this.timeline) return
    const at = this.at(event)
    if (event.buttons & 1) this.seek(at.time)
    const step = this.hit(at)
    this.tip.hidden = !step
    this.root.style.cursor = step ? "pointer" : "default"
    if (!step) return
    this.tip.textContent = step.label
    this.tip.style.left = `${Math.min(at.x + 12, Math.max(0, this.width - 290))}px`
  }
}
