// A list of which only the rows in sight exist. Arrow keys move the chosen row.
import {el} from "./dom.js"

const OVER = 8

let lists = 0

export class VirtualList {
  /** `fill(node, item)` draws a row; `choose(index)` is told what the person picks. */
  constructor({label, height, fill, choose}) {
    Object.assign(this, {height, fill, choose, items: [], current: -1, pool: []})
    this.id = `rows-${++lists}`
    this.space = el("div", {class: "space"})
    this.root = el("div", {class: "rows", role: "group", tabIndex: 0, aria: {label}, on: {
      scroll: () => this.draw(),
      keydown: event => this.key(event),
      click: event => {
        const row = event.target.closest(".row")
        if (row) this.choose(Number(row.dataset.index))
      },
    }}, this.space)
    new ResizeObserver(() => this.draw()).observe(this.root)
  }

  show(items, current = -1) {
    this.items = items
    this.space.style.height = `${items.length * this.height}px`
    this.move(current)
    this.draw()
  }

  /** Mark a row and bring it into sight. */
  move(index) {
    this.current = index
    if (index >= 0) {
      const top = index * this.height
      const {scrollTop, clientHeight} = this.root
      if (top < scrollTop) this.root.scrollTop = top
      else if (top + this.height > scrollTop + clientHeight) this.root.scrollTop = top + this.height - clientHeight
      this.root.setAttribute("aria-activedescendant", `${this.id}-${index}`)
    } else this.root.removeAttribute("aria-activedescendant")
    this.draw()
  }

  draw() {
    const first = Math.max(0, Math.floor(this.root.scrollTop / this.height) - OVER)
    const count = Math.min(this.items.length - first, Math.ceil(this.root.clientHeight / this.height) + 2 * OVER)
    while (this.pool.length < count) this.pool.push(el("div", {class: "row", role: "option"}))
    const used = this.pool.slice(0, Math.max(0, count))
    used.forEach((node, n) => this.place(node, first + n))
    if (this.space.childElementCount !== used.length) this.space.replaceChildren(...used)
    this.root.setAttribute("role", used.length ? "listbox" : "group") // a listbox must hold options
  }

  place(node, index) {
    const item = this.items[index]
    node.style.transform = `translateY(${index * this.height}px)`
    node.style.height = `${this.height}px`
    node.id = `${this.id}-${index}`
    node.dataset.index = index
    node.setAttribute("aria-selected", index === this.current)
    node.setAttribute("aria-posinset", index + 1)
    node.setAttribute("aria-setsize", this.items.length)
    if (node.item === item) return
    node.item = item
    this.fill(node, item, index)
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.root.clientHeight / this.height) - 1)
    const by = {ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity}[event.key]
    if (by === undefined || !this.items.length) return
    event.preventDefault()
    event.stopPropagation()
    this.choose(Math.min(this.items.length - 1, Math.max(0, this.current + by)))
  }
}
