// Marks the corner of a page in a colour, and tells where its declared places are and what is done to them.
// Told `places` and `colour` by whoever serves it.
(() => {
  const tell = said => 
    fetch("/told", {method: "POST", body: JSON.stringify(said), keepalive: true})
  const step = (scope, part) => (scope.shadowRoot || scope.contentDocument || scope).querySelector(part)
  const element = place => place.split(" >>> ").reduce((s, part) => s && step(s, part), document)
  const around = rects => {
    // what stands in a line may be higher than the line
    const shown = rects.filter((r, n) => !n || r.width * r.height)
    const x = Math.min(...shown.map(r => r.left)), y = Math.min(...shown.map(r => r.top))
    const right = Math.max(...shown.map(r => r.right)), bottom = Math.max(...shown.map(r => r.bottom))
    return {x, y, width: right - x, height: bottom - y}
  }
  const drawn = each => {
    // the place that a page shows for an area of a picture is a part of the picture
    if (each.tagName !== "AREA") return around([each, ...each.children].map(e => e.getBoundingClientRect()))
    const map = each.closest("map").name
    const box = document.querySelector(`img[usemap="#${map}"]`).getBoundingClientRect()
    const [x0, y0, x1, y1] = each.coords.split(",").map(Number)
    return {x: box.x + x0, y: box.y + y0, width: x1 - x0, height: y1 - y0}
  }
  const boxOf = each => {
    let {x, y, width, height} = drawn(each)
    for (let view = each.ownerDocument.defaultView; view !== window; view = view.parent) {
      const frame = view.frameElement, at = frame.getBoundingClientRect()
      x += at.x + frame.clientLeft
      y += at.y + frame.clientTop
    }
    return [x, y, width, height].map(Math.round)
  }
  let elements = {}, last = ""
  const look = () => {
    elements = Object.fromEntries(places.map(p => [p, element(p)]).filter(([, e]) => e))
    const boxes = Object.fromEntries(Object.entries(elements).map(([p, e]) => [p, boxOf(e)]))
    const said = {page: location.pathname, size: [innerWidth, innerHeight], boxes}
    if (JSON.stringify(said) !== last) tell(JSON.parse(last = JSON.stringify(said)))
  }
  const value = e => e.type === "checkbox" || e.type === "radio" ? String(e.checked)
    : e.isContentEditable ? e.innerText : e.value ?? ""
  const did = event => {
    const path = event.composedPath()
    const known = Object.entries(elements)
    const hit = path.map(e => known.find(([, each]) => each === e)).find(Boolean)
    if (event.type === "click" && !event.isTrusted) return
    tell({page: location.pathname, did: event.type, id: hit ? hit[0] : "", value: hit ? value(hit[1]) : ""})
  }
  const watched = new Set()
  const watch = root => {
    if (!watched.has(root)) {
      watched.add(root)
      for (const kind of ["click", "input"]) root.addEventListener(kind, did, true)
    }
    for (const frame of root.querySelectorAll("iframe"))
      if (frame.contentDocument) watch(frame.contentDocument)
  }
  const mark = document.createElement("div")
  mark.ariaHidden = "true"
  mark.style = `position:fixed;left:0;top:0;width:6px;height:6px;background:${colour};z-index:2147483647;pointer-events:none`
  document.body.append(mark)
  setInterval(() => { watch(document); look() }, 200)
})()
