// The rail of views. Talk stays in the page, hidden, while another view is shown: its sound goes on.

import {drawing, el} from "./js/dom.js"

const ICONS = {
  talk: "M12 15a3.5 3.5 0 0 0 3.5-3.5v-5a3.5 3.5 0 1 0-7 0v5A3.5 3.5 0 0 0 12 15ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
  replay: "M4 12a8 8 0 1 0 2.6-5.9L4 8.4M4 4v4.4h4.4M12 8v4.5l3 1.8",
  prompts: "M4.5 20h4l10-10a2.8 2.8 0 0 0-4-4l-10 10v4ZM13 7.5l4 4M13 20h7",
  lab: "M9.5 3.5v6L4.6 18a1.8 1.8 0 0 0 1.6 2.6h11.6a1.8 1.8 0 0 0 1.6-2.6l-4.9-8.5v-6M8 3.5h8M7 15h10",
  tools: "M14.5 6.5a4 4 0 0 1 5-1.4l-2.7 2.7 1.4 1.4 2.7-2.7a4 4 0 0 1-5.4 5L8 19a2 2 0 0 1-3-3l7.5-7.5a4 4 0 0 1 2-2Z",
  inspector: "M3 12.5h4l2.5-7 4.5 13 2.5-6h4.5",
  settings: "M4 7h9m5 0h2M4 17h2m5 0h9M15.5 4.8v4.400M8.5 14.8v4.400",
}

function icon(key) {
  return drawing(ICONS[key] || "M5 5h14v14H5Z")
}

// A reload, and the browser's own history, come back to the view.
function remember(place) {
  const url = new URL(location.href)
  if ((url.searchParams.get("view") || "talk") === place) return
  if (place === "talk") url.searchParams.delete("view")
  else url.searchParams.set("view", place)
  history.pushState(null, "", url)
}

// Two or three soft tones: frequency in Hz, one after the other. The person's choice is remembered.
const TONES = {begins: [523, 659], asks: [660, 880, 880], done: [659, 988], fails: [330, 247], stops: [392]}
const SOUNDS = "sayso-sounds"
const SPEAKER = {
  on: "M4 9.5v5h3.5L12 18.500v-13L7.500 9.5H4ZM15.500 9a4.300 4.300 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  off: "M4 9.5v5h3.5L12 18.500v-13L7.500 9.5H4ZM16 9.500l5 5M21 9.500l-5 5",
}

class Sounds {
  constructor() {
    this.button = el("button", "sounds")
    this.button.type = "button"
    this.button.addEventListener("click", () => this.choose(!this.on))
    this.choose(localStorage.getItem(SOUNDS) !== "off")
  }

  choose(on) {
    this.on = on
    localStorage.setItem(SOUNDS, on ? "on" : "off")
    this.button.replaceChildren(drawing(on ? SPEAKER.on : SPEAKER.off))
    this.button.setAttribute("aria-label", on ? "Sounds are on" : "Sounds are off")
    this.button.title = on ? "Sounds when the agent begins, asks, is done or fails: on" : "Sounds are off"
    this.button.setAttribute("aria-pressed", String(on))
  }

  async play(name) {
    if (!this.on || !TONES[name] || !navigator.userActivation?.hasBeenActive) return
    this.context ??= new AudioContext()
    await this.context.resume()
    TONES[name].forEach((frequency, i) => this.tone(frequency, this.context.currentTime + .02 + i * .13))
  }

  tone(frequency, at) {
    const oscillator = new OscillatorNode(this.context, {frequency, type: "sine"})
    const gain = new GainNode(this.context, {gain: 0})
    gain.gain.setTargetAtTime(.07, at, .012)
    gain.gain.setTargetAtTime(0, at + .09, .04)
    oscillator.connect(gain).connect(this.context.destination)
    oscillator.start(at)
    oscillator.stop(at + .4)
  }

  close() {
    void this.context?.close()
  }
}

// Bokeh takes models that the server sent for the browser's own until the browser's next message,
// and sends them back whole; a component's cannot be written out, so its first message would fail.
function knowTheServersModels(doc) {
  if (!doc?._new_models || doc.saysoKnows) return
  doc.saysoKnows = true
  const apply = doc.apply_json_patch
  doc.apply_json_patch = (...patch) => {
    const own = new Set(doc._new_models)
    apply.apply(doc, patch)
    for (const made of doc._new_models) if (!own.has(made)) doc._new_models.delete(made)
  }
}

export function render({model}) {
  knowTheServersModels(model.document)
  const root = el("div", "frame")
  const rail = el("nav", "rail")
  rail.setAttribute("aria-label", "Views")
  const list = el("div", "list")
  const stop = el("button", "stop", "STOP")
  stop.type = "button"
  stop.title = "Stop the agent (Escape)"
  stop.addEventListener("click", () => model.send_msg({type: "stop", source: "button"}))
  const sounds = new Sounds()
  const foot = el("div", "foot")
  foot.append(sounds.button, stop)
  rail.append(list, foot)
  const talk = el("div", "talk-slot")
  talk.append(model.get_child("talk"))
  const room = el("main", "room-slot")
  room.append(model.get_child("room"))
  root.append(rail, talk, room)

  function fill() {
    list.replaceChildren(...model.places.map(({key, title}) => {
      const item = el("button", "item")
      item.type = "button"
      item.dataset.key = key
      item.append(icon(key), el("span", "", title))
      item.addEventListener("click", () => model.send_msg({type: "go", place: key}))
      return item
    }))
    show()
  }

  function show() {
    const away = model.place !== "talk"
    root.classList.toggle("away", away)
    talk.inert = away
    stop.hidden = !away
    stop.classList.toggle("live", model.running)
    for (const item of list.children) {
      const here = item.dataset.key === model.place
      item.toggleAttribute("aria-current", here)
      if (here) item.setAttribute("aria-current", "page")
      item.classList.toggle("waits", item.dataset.key === "talk" && model.pending && away)
    }
    remember(model.place)
  }

  function back() {
    model.send_msg({type: "go", place: new URL(location.href).searchParams.get("view") || "talk"})
  }
  // A socket that breaks off is kept for its page to come back; one that is left is not.
  function leave({persisted}) {
    if (!persisted && model.goodbye) navigator.sendBeacon("goodbye", model.goodbye)
  }
  window.addEventListener("popstate", back)
  window.addEventListener("pagehide", leave)
  model.on("places", fill)
  model.on(["place", "running", "pending"], show)
  model.on("cue", () => void sounds.play(model.cue.name))
  model.on("remove", () => {
    window.removeEventListener("popstate", back)
    window.removeEventListener("pagehide", leave)
    sounds.close()
  })
  fill()
  return root
}
