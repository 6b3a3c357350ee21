// The frame of the default view: where everything sits, the text box, and Stop.

import {button, el} from "./js/dom.js"

const STATES = {
  starting: "The desktop is starting", restarting: "The desktop starts again", stopped: "The desktop is starting",
  died: "The desktop ended", unavailable: "There is no desktop",
}

// Escape in an open menu or popover closes that, and only that.
function closesByItself(node) {
  return node instanceof Element && node.matches("details.menu[open], :popover-open")
}

class TextBox {
  constructor(send) {
    this.past = []
    this.at = 0
    this.form = el("form", "say")
    this.input = el("input")
    this.input.type = "text"
    this.input.placeholder = "Type what to do…"
    this.input.autocomplete = "off"
    this.input.enterKeyHint = "send"
    this.input.maxLength = 4000
    this.input.setAttribute("aria-label", "Type what to do")
    this.go = el("button", "send", "Send")
    this.form.append(this.input, this.go)
    this.form.addEventListener("submit", event => {
      event.preventDefault()
      const text = this.input.value.trim()
      if (!text) return
      send({type: "say", text})
      this.past.push(text)
      this.at = this.past.length
      this.input.value = ""
    })
    this.input.addEventListener("keydown", event => this.recall(event))
  }

  recall(event) {
    const step = {ArrowUp: -1, ArrowDown: 1}[event.key]
    if (!step || !this.past.length) return
    this.at = Math.min(this.past.length, Math.max(0, this.at + step))
    this.input.value = this.past[this.at] || ""
    event.preventDefault()
  }
}

export function render({model}) {
  const send = message => model.send_msg(message)
  const root = el("div", "talk")
  const screen = el("div", "screen")
  const cover = el("div", "cover")
  const coverText = el("div", "cover-text")
  const coverDetail = el("div", "cover-detail")
  cover.append(el("div", "spinner"), coverText, coverDetail)
  const desktop = model.get_child("desktop")
  if (desktop) screen.append(desktop)
  screen.append(cover)
  const side = el("aside", "side")
  side.append(model.get_child("conversation"))
  const bar = el("footer", "bar")
  const voice = el("div", "voice")
  const widget = model.get_child("voice")
  if (widget) voice.append(widget)
  const manner = model.get_child("manner")
  if (manner) voice.append(manner)
  const box = new TextBox(send)
  const mouse = button("mouse", "Take the mouse", () => send({type: model.who === "yours" ? "give" : "take"}))
  const stop = button("stop", "", () => send({type: "stop", source: "button"}))
  stop.append(el("span", "", "STOP"), el("kbd", "", "Esc"))
  stop.setAttribute("aria-keyshortcuts", "Escape")
  bar.append(voice, box.form, mouse, stop)
  root.append(screen, side, bar)

  function show() {
    const yours = model.who === "yours"
    root.dataset.who = model.who
    mouse.textContent = yours ? "Give it back" : "Take the mouse"
    mouse.setAttribute("aria-pressed", String(yours))
    const ready = model.desktop_state === "ready"
    mouse.disabled = !ready
    cover.hidden = ready
    cover.classList.toggle("failed", ["died", "unavailable"].includes(model.desktop_state))
    coverText.textContent = STATES[model.desktop_state] || ""
    coverDetail.textContent = model.desktop_detail
    stop.classList.toggle("live", model.running)
  }

  // In a desktop that the person drives, Escape is theirs.
  function onKey(event) {
    if (event.key !== "Escape" || event.isComposing) return
    const path = event.composedPath()
    if (model.who === "yours" && path.includes(screen)) return
    if (path.some(closesByItself)) return
    send({type: "stop", source: "button"})
  }
  document.addEventListener("keydown", onKey, true)
  model.on(["who", "running", "pending", "desktop_state", "desktop_detail"], show)
  model.on("remove", () => document.removeEventListener("keydown", onKey, true))
  show()
  return root
}
