// How the agent speaks, beside the microphone.

import {sender} from "../../js/sender.js"
import {drawing, el} from "../js/dom.js"

const TITLES = {narration: "When the agent speaks", mode: "Who hears your words first"}

export function render({model}) {
  const send = sender(model)
  const root = el("div", "menu-root")
  const open = el("button", "open")
  open.type = "button"
  const panel = el("div", "choices")
  panel.popover = "auto"
  panel.setAttribute("role", "dialog")
  panel.setAttribute("aria-label", "How the agent speaks")
  open.append(drawing("M4 5h16v11H9l-5 4V5ZM8 9.5h8M8 12.500h5"))
  open.popoverTargetElement = panel
  root.append(open, panel)
  const radios = []

  for (const [name, title] of Object.entries(TITLES)) {
    const group = el("fieldset")
    group.append(el("legend", "", title))
    for (const {value, label, says} of model.choices[name]) {
      const line = el("label")
      const radio = el("input")
      Object.assign(radio, {type: "radio", name, value})
      radio.addEventListener("change", () => send({type: "set", name, value}) || show())
      const words = el("span", "", label)
      words.append(el("small", "", says))
      line.append(radio, words)
      group.append(line)
      radios.push(radio)
    }
    panel.append(group)
  }
  const more = el("button", "more", "All settings")
  more.type = "button"
  more.addEventListener("click", () => {
    panel.hidePopover()
    send({type: "go", view: "settings", place: "voice"})
  })
  panel.append(more)

  panel.addEventListener("toggle", event => {
    if (event.newState !== "open") return
    const at = open.getBoundingClientRect()
    panel.style.maxHeight = `${Math.max(120, at.top - 16)}px` // nothing lies over the bar with Stop
    panel.style.left = `${Math.max(8, Math.min(at.left, innerWidth - panel.offsetWidth - 8))}px`
    panel.style.top = `${Math.max(8, at.top - panel.offsetHeight - 8)}px`
    panel.querySelector("input:checked")?.focus()
    addEventListener("resize", () => panel.matches(":popover-open") && panel.hidePopover(), {once: true})
  })

  function show() {
    for (const radio of radios) radio.checked = model[radio.name] === radio.value
    const style = model.choices.narration.find(c => c.value === model.narration)?.label || ""
    const relay = model.mode === "relay" ? ", relay" : ""
    open.title = `How the agent speaks: ${style}${relay}`
    open.setAttribute("aria-label", open.title)
    open.classList.toggle("other", Boolean(relay) || model.narration !== "act-while-speaking")
  }
  model.on(["narration", "mode"], show)
  show()
  return root
}
