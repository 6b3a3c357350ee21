// What the views are made of. All text goes in as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg"

export function el(tag, className = "", text = "") {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text) node.textContent = text
  return node
}

export function button(className, text, onClick) {
  const node = el("button", className, text)
  node.type = "button"
  node.addEventListener("click", onClick)
  return node
}

// A part of a drawing.
export function shape(tag, attributes) {
  const node = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  return node
}

// An icon of one path on a square of 24.
export function drawing(d) {
  const svg = shape("svg", {viewBox: "0 0 24 24", "aria-hidden": "true"})
  svg.append(shape("path", {d}))
  return svg
}
