// Small helpers that every tab of the Lab draws with.

const SVG = "http://www.w3.org/2000/svg"

function fill(node, given, kids) {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (name === "value" || name === "checked" || name === "selected") node[name] = value
    else node.setAttribute(name, value === true ? "" : value)
  }
  node.append(...kids.flat().filter(kid => kid !== null && kid !== undefined && kid !== false))
  return node
}

export function h(tag, given = {}, ...kids) {
  return fill(document.createElement(tag), given, kids)
}

export function s(tag, given = {}, ...kids) {
  return fill(document.createElementNS(SVG, tag), given, kids)
}

// New contents. What carries the same data-k as before has the focus again, or is unfolded again.
export function swap(node, ...kids) {
  const active = node.getRootNode().activeElement
  const key = active && node.contains(active) ? active.dataset.k : undefined
  const unfolded = new Set([...node.querySelectorAll("details[open][data-k]")].map(d => d.dataset.k))
  node.replaceChildren(...kids.flat().filter(kid => kid !== null && kid !== undefined && kid !== false))
  for (const part of node.querySelectorAll("details[data-k]")) if (unfolded.has(part.dataset.k)) part.open = true
  if (key) node.querySelector(`[data-k="${CSS.escape(key)}"]`)?.focus({preventScroll: true})
}

export const STATUS = {
  p: ["passed", "M4.5 8.4 7 10.9 11.6 5.6"],
  f: ["failed", "M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4"],
  l: ["limit reached", "M8 4.6V8l2.4 1.6"],
  e: ["error (ours)", "M8 5v4M8 11.2v.3"],
  s: ["stopped by you", "M5.8 5.8h4.4v4.4H5.8Z"],
  c: ["cancelled", "M5 8h6"],
  r: ["running", "M6.6 5.2 11 8l-4.4 2.800Z"],
  q: ["queued", ""],
  ".": ["not run", ""],
}
export const LETTER = {passed: "p", failed: "f", limit: "l", error: "e", stopped_by_user: "s", cancelled: "c"}
const FRAMES = {e: "M8 1.800 14.800 13.800H1.200Z", f: "M2.500 2.500h11v11h-11Z", ".": "", c: ""}

// A status as colour, shape and word: none of them is needed to read the others.
export function mark(letter, words = true) {
  const [word, path] = STATUS[letter] || STATUS["."]
  const frame = FRAMES[letter]
  return s("svg", {viewBox: "0 0 16 16", class: `mark mark-${letter === "." ? "none" : letter}`, role: words ? "img" : null,
    "aria-label": words ? word : null, "aria-hidden": words ? null : "true"},
    s("title", {}, word),
    frame === undefined ? s("circle", {class: "frame", cx: 8, cy: 8, r: letter === "q" ? 4 : 6.7}) : frame && s("path", {class: "frame", d: frame}),
    letter === "." ? s("circle", {class: "frame", cx: 8, cy: 8, r: 1.6}) : path && s("path", {class: "sign", d: path}))
}

export function count(letters) {
  const counts = {}
  for (const letter of letters) counts[letter] = (counts[letter] || 0) + 1
  return counts
}

export function inWords(letters) {
  return Object.entries(count(letters)).map(([letter, n]) => `${n} ${STATUS[letter][0]}`).join(", ")
}

export const percent = x => x === null || x === undefined ? "–" : `${Math.round(100 * x)} %`
export const money = x => x === null || x === undefined ? "–" : x && Math.abs(x) < 0.1 ? `$${x.toFixed(3)}` : `$${x.toFixed(2)}`
export const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`

export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–"
  const t = Math.round(seconds)
  if (t < 90) return `${seconds < 10 && seconds % 1 ? seconds.toFixed(1) : t} s`
  if (t < 5400) return `${Math.round(t / 60)} min`
  return `${(t / 3600).toFixed(1)} h`
}

export function when(seconds) {
  if (!seconds) return ""
  return new Date(seconds * 1000).toLocaleString([], {dateStyle: "medium", timeStyle: "short"})
}

export function button(text, given = {}) {
  const {kind = "", ...rest} = given
  return h("button", {type: "button", class: `button ${kind}`, "data-k": text, ...rest}, text)
}

export function card(title, ...kids) {
  return h("section", {class: "card"}, title && h("h3", {}, title), ...kids)
}

export function empty(title, text, ...actions) {
  return h("div", {class: "empty"}, h("h3", {}, title), h("p", {}, text), h("div", {class: "row"}, ...actions))
}

export function select(label, value, options, change, given = {}) {
  return h("label", {class: "pick"}, h("span", {}, label),
    h("select", {"data-k": label, onchange: event => { if (change(event.target.value) === false) event.target.value = value }, ...given},
      ...options.map(([key, word]) => h("option", {value: key, selected: key === value}, word))))
}

// Which experiment the tab is about.
export function experimentPicker(app, folder, tab) {
  const options = app.model.experiments.map(e => [e.folder, twin(app, e) ? e.folder : e.name])
  return select("Experiment", folder, options, value => app.show({tab, experiment: value}))
}

function twin(app, one) {
  return app.model.experiments.some(e => e.name === one.name && e.folder !== one.folder)
}

export function diff(pieces) {
  return h("div", {class: "diff"}, ...pieces.map(({change, text}) =>
    change === "same" ? fold(text) : h(change === "added" ? "ins" : "del", {}, text)))
}

// Long unchanged stretches say nothing: their ends are enough.
function fold(text) {
  if (text.length < 320) return text
  return h("span", {}, text.slice(0, 110), h("span", {class: "fold"}, ` … ${(text.length - 220).toLocaleString("en")} characters … `), text.slice(-110))
}
