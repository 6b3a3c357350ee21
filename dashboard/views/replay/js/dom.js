// Small helpers: nodes from plain data. All text goes in as text, never as HTML.

import {link} from "../../../js/link/link.js"

export function el(tag, options = {}, ...children) {
  const node = document.createElement(tag)
  const {on = {}, data = {}, aria = {}, ...rest} = options
  for (const [name, value] of Object.entries(rest)) {
    if (name === "class") node.className = value
    else if (name === "role") node.setAttribute("role", value)
    else if (value !== undefined) node[name] = value
  }
  for (const [name, value] of Object.entries(aria)) node.setAttribute(`aria-${name}`, value)
  Object.assign(node.dataset, data)
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener)
  node.append(...children.filter(child => child !== null && child !== undefined && child !== ""))
  return node
}

export function button(label, act, options = {}) {
  return el("button", {type: "button", on: {click: act}, ...options}, label)
}

const SVG = "http://www.w3.org/2000/svg"

export function icon(path) {
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  const line = document.createElementNS(SVG, "path")
  line.setAttribute("d", path)
  svg.append(line)
  return svg
}

export const ICONS = {
  play: "M7 4.5v15l12-7.500Z", pause: "M7 5v14M17 5v14", back: "M6 5v14M19 5.500v13L9 12Z", next: "M18 5v14M5 5.500v13L15 12Z",
  more: "M5 12h.01M12 12h.01M19 12h.01", close: "M6 6l12 12M18 6L6 18",
}

/** Hours, minutes and seconds; with tenths where the whole, `of`, is less than a minute. */
export function clock(seconds, of = Infinity) {
  const s = Math.max(0, Math.floor(seconds))
  const pad = n => String(n).padStart(2, "0")
  const hours = Math.floor(s / 3600)
  const tenths = of < 60 ? `.${Math.floor(Math.max(0, seconds) * 10 + 1e-6) % 10}` : ""
  return `${hours ? `${hours}:${pad(Math.floor(s / 60) % 60)}` : Math.floor(s / 60)}:${pad(s % 60)}${tenths}`
}

export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–"
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 90) return `${seconds.toFixed(1)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

export function bytes(n) {
  return n < 1e6 ? `${Math.max(1, Math.round(n / 1e3))} kB` : `${(n / 1e6).toFixed(1)} MB`
}

export function many(n, word) {
  return `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`
}

/** Index of the last element whose `key` is at most `value`; -1 if there is none. */
export function lastAt(list, value, key) {
  let low = 0, high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (list[middle][key] <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

const PATIENCE = 60000 // ms for one answer; a long session takes the server a while

/** What the server answers; an error is a sentence. A request that was made into a gap ends when the link is back. */
export async function fetchJson(url) {
  const {answer, data} = await asked(url)
  if (answer.ok && !data.error) return data
  const reason = answer.status === 404 ? "There is no such session (any more), or it is somebody else's." : `The server answered ${answer.status}.`
  throw new Error(data.error || reason)
}

async function asked(url) {
  if (!link.reachable) throw new Error("There is no connection to the server. Try again when it is back.")
  const signal = link.patience(PATIENCE)
  try {
    const answer = await fetch(url, {signal})
    const data = await answer.json().catch(error => {
      if (signal.aborted) throw error
      return {}
    })
    return {answer, data}
  } catch {
    throw new Error("The server did not answer. Try again when the page is connected.")
  }
}

/** Says what went wrong, beside a button that tries again. */
export function failure(text, again) {
  return el("p", {class: "error", role: "alert"}, text, " ", button("Try again", again))
}
