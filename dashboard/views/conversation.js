// The conversation: items are put or appended to, and all text goes in as text, never as HTML.

const KEPT = 400
const WORDS = {
  waiting: "next", running: "now", done: "done", failed: "failed", skipped: "not run",
  allow: "Allowed", deny: "Denied", void: "No longer asked", timeout: "No answer in time: denied",
  alternative: "Something else was asked for",
  answered: "Answered", ended: "Ended", stopped: "Stopped", limit: "Limit reached", refused: "Refused",
}
const SOURCES = {voice: "You said", typed: "You typed", terminal: "From the terminal", api: "Asked", button: "You pressed"}

function span(seconds) {
  return seconds < 0.095 ? `${Math.max(1, Math.round(1000 * seconds))} ms` : `${seconds.toFixed(1)} s`
}

function el(tag, className = "", text = "") {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text) node.textContent = text
  return node
}

function clock(at) {
  return new Date(at * 1000).toLocaleTimeString([], {hour: "2-digit", minute: "2-digit", second: "2-digit"})
}

function line(item, label) {
  const text = el("div", "text", item.text)
  return label ? [el("div", "label", label), text] : [text]
}

function action(item) {
  const head = el("div", "head")
  head.append(el("span", "mark"), el("span", "title", item.title))
  const side = el("span", "side")
  if (item.seconds > 0) side.append(el("span", "seconds", span(item.seconds)))
  if (item.state !== "done") side.append(el("span", "word", WORDS[item.state] || item.state))
  head.append(side)
  const rule = item.rule ? [el("div", "where", item.rule)] : []
  if (!item.output && !item.image) return [head, ...rule]
  const details = el("details")
  details.open = item.state === "failed" || item.open === true
  details.addEventListener("toggle", () => { item.open = details.open })
  const summary = el("summary")
  summary.append(head)
  if (item.image) summary.append(picture(item, "thumb"))
  details.append(summary, ...rule)
  if (item.where) details.append(el("div", "where", `in ${item.where}`))
  if (item.output) details.append(el("pre", "", item.output))
  if (item.image) details.append(picture(item, "full"))
  return [details]
}

function picture(item, className) {
  const image = el("img", className)
  image.loading = "lazy"
  image.decoding = "async"
  image.alt = className === "thumb" ? "" : `The screen after: ${item.title}`
  const [width, height] = item.size
  image.width = width
  image.height = height
  image.src = item.image
  return image
}

function approval(item, send) {
  const parts = [el("div", "label", "May I?"), el("div", "text", item.text)]
  if (item.decision) return [...parts, el("div", "verdict", WORDS[item.decision] || item.decision)]
  const buttons = el("div", "buttons")
  for (const [decision, word] of [["allow", "Allow"], ["deny", "Deny"]]) {
    const button = el("button", decision, word)
    button.type = "button"
    button.addEventListener("click", () => {
      for (const other of buttons.children) other.disabled = true
      send({type: "approve", id: item.id, decision})
    })
    buttons.append(button)
  }
  const hint = item.phrase && !item.text.includes(item.phrase) ? `or say “${item.phrase}” · no answer means no` : "No answer means no."
  return [...parts, buttons, el("div", "hint", hint)]
}

function question(item, send) {
  const parts = [el("div", "label", "A question for you"), el("div", "text", item.text)]
  if (item.answer !== null) return [...parts, el("div", "verdict", item.answer)]
  const form = el("form", "buttons")
  const input = el("input")
  input.type = "text"
  input.autocomplete = "off"
  input.setAttribute("aria-label", "Your answer")
  input.placeholder = "Your answer, or say it"
  const button = el("button", "allow", "Answer")
  form.append(input, button)
  form.addEventListener("submit", event => {
    event.preventDefault()
    if (!input.value.trim()) return
    input.disabled = button.disabled = true
    send({type: "answer", id: item.id, text: input.value.trim()})
  })
  return [...parts, form]
}

const BUILD = {
  heard: item => line(item, SOURCES[item.source] || "Heard"),
  said: item => line(item),
  spoken: item => line(item),
  thinking: item => {
    const details = el("details")
    details.open = item.open === true
    details.addEventListener("toggle", () => { item.open = details.open })
    details.append(el("summary", "", "Thought"), el("div", "text", item.text))
    return [details]
  },
  progress: item => line(item),
  note: item => line(item),
  action,
  approval,
  question,
  outcome: item => {
    const word = item.outcome === "done" ? "Done" : WORDS[item.outcome] || "Failed"
    return item.text ? [el("div", "label", word), el("div", "text", item.text)] : [el("div", "label", word)]
  },
  error: item => item.advice ? [el("div", "text", item.text), el("div", "advice", item.advice)] : line(item),
}

function classes(item) {
  const names = ["item", item.kind]
  for (const key of ["state", "tone", "outcome", "speech", "meaning"]) if (item[key]) names.push(`${key}-${item[key]}`)
  if (item.interim) names.push("interim")
  if (item.streaming) names.push("streaming")
  if ((item.kind === "approval" && !item.decision) || (item.kind === "question" && item.answer === null)) names.push("open")
  return names.join(" ")
}

class Conversation {
  constructor(send) {
    this.send = send
    this.items = new Map()
    this.root = el("section", "conversation")
    this.list = el("div", "list")
    this.list.setAttribute("role", "log")
    this.list.setAttribute("aria-label", "Conversation")
    this.list.tabIndex = 0
    this.empty = el("div", "empty")
    this.empty.append(
      el("h2", "", "What shall I do?"),
      el("p", "", "Say it or type it. You can cut in at any time."),
      ...["Open the text editor and type hello world.", "Create a file called shopping list with the text milk, eggs and bread.", "What can I say?"].map(text => {
        const button = el("button", "example", text)
        button.type = "button"
        button.addEventListener("click", () => send({type: "say", text}))
        return button
      }),
    )
    this.more = el("button", "more", "↓ newest")
    this.more.type = "button"
    this.more.hidden = true
    this.more.addEventListener("click", () => this.follow(true))
    this.list.addEventListener("scroll", () => { this.more.hidden = this.near() }, {passive: true})
    this.root.append(this.list, this.empty, this.more)
    // Whoever reads the newest goes on reading it when the window changes its size.
    this.observer = new ResizeObserver(() => { if (this.more.hidden) this.follow(true) })
    this.observer.observe(this.list)
  }

  near() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 48
  }

  follow(force = false) {
    if (force) this.list.scrollTop = this.list.scrollHeight
    this.more.hidden = this.near()
  }

  apply({operations, reset}) {
    const stay = this.near() || reset
    if (reset) {
      this.items.clear()
      this.list.replaceChildren()
    }
    for (const operation of operations) operation.put ? this.put(operation.put) : this.append(operation)
    while (this.list.childElementCount > KEPT) {
      this.items.delete(this.list.firstElementChild.dataset.id)
      this.list.firstElementChild.remove()
    }
    this.empty.hidden = this.items.size > 0
    if (stay) this.follow(true)
    else this.follow()
  }

  put(item) {
    const known = this.items.get(item.id)
    if (known) item.open = known.item.open
    const node = known ? known.node : el("article")
    node.className = classes(item)
    node.dataset.id = item.id
    node.title = clock(item.at)
    if (!(known && same(known.item, item))) node.replaceChildren(...(BUILD[item.kind] || line)(item, this.send))
    if (!known) this.insert(node, item.n)
    this.items.set(item.id, {item, node})
    if (item.kind === "approval" && !item.decision && !known) node.scrollIntoView({block: "nearest"})
  }

  // Messages may overtake each other; the items' numbers are their order.
  insert(node, n) {
    let before = null
    for (let at = this.list.lastElementChild; at && Number(at.dataset.n) > n; at = at.previousElementSibling) before = at
    node.dataset.n = n
    this.list.insertBefore(node, before)
  }

  append({append, text}) {
    const known = this.items.get(append)
    if (!known) return
    known.item.text += text
    known.node.querySelector(".text")?.append(text)
  }
}

// Typing an answer must survive changes that the card does not show.
function same(a, b) {
  return (b.kind === "approval" && a.decision === b.decision) || (b.kind === "question" && a.answer === b.answer)
}

export function render({model}) {
  const conversation = new Conversation(message => model.send_msg(message))
  model.on("msg:custom", data => conversation.apply(data))
  model.on("remove", () => conversation.observer.disconnect())
  queueMicrotask(() => model.send_msg({type: "ready"}))
  return conversation.root
}
