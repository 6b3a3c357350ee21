// What lies behind one step: request, answer, usage, latency, the screen before and after.
import {button, el, failure, fetchJson, many, span} from "./dom.js"
import {LANE_WORDS} from "./lanes.js"

const STATES = {done: "", failed: "failed", skipped: "not run", cut: "cut off", open: "not ended", denied: "denied"}

function section(title, ...body) {
  return el("section", {}, el("h3", {}, title), ...body)
}

function facts(rows) {
  const kept = rows.filter(([, value]) => value !== "" && value !== null && value !== undefined)
  return el("dl", {class: "facts"}, ...kept.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]))
}

function json(value) {
  return el("pre", {tabIndex: 0, aria: {label: "Data"}}, spread(value))
}

// Short lists, such as coordinates, stay on one line.
function spread(value) {
  return JSON.stringify(value, null, 2).replace(/\[\s+([^[\]{}]{1,60}?)\s+\]/g, (_, inner) => `[${inner.replace(/\s+/g, " ")}]`)
}

export class Details {
  /** `seek(time)` is told where a picture that is pressed belongs. */
  constructor({seek}) {
    this.seek = seek
    this.root = el("div", {class: "details", tabIndex: 0, aria: {live: "polite", label: "Details of the step"}})
    this.asked = 0
  }

  clear(text = "Choose a step to see what lies behind it.") {
    this.asked += 1
    this.root.replaceChildren(el("p", {class: "none"}, text))
  }

  async show(base, timeline, step) {
    const asked = this.asked += 1
    const head = this.head(timeline, step)
    this.root.replaceChildren(head, this.screens(base, timeline, step))
    this.root.scrollTop = 0
    try {
      const detail = await fetchJson(`${base}/steps/${step.seq}`)
      if (asked === this.asked) this.root.append(...this.body(base, step, detail))
    } catch (error) {
      if (asked === this.asked) this.root.append(failure(error.message, () => this.show(base, timeline, step)))
    }
  }

  head(timeline, step) {
    const at = new Date((timeline.began + step.at) * 1000)
    const words = [LANE_WORDS[step.lane], at.toLocaleTimeString(), step.seconds >= 0.001 ? span(step.seconds) : "", STATES[step.state] ?? step.state]
    return el("header", {}, el("h2", {}, step.label || step.kind), el("p", {class: "soft"}, words.filter(Boolean).join(" · ")))
  }

  screens(base, timeline, step) {
    const shots = [["before", step.before], ["after", step.frame]].filter(([, index]) => index >= 0)
    if (!shots.length || step.before === step.frame && step.lane !== "actions") return el("div")
    return el("div", {class: "shots"}, ...shots.map(([word, index]) => this.shot(base, timeline, step, word, index)))
  }

  shot(base, timeline, step, word, index) {
    const frame = timeline.frames[index]
    const image = el("img", {src: `${base}/images/${frame.sha256}`, alt: `The screen ${word}`, width: frame.width, height: frame.height, loading: "lazy", decoding: "async"})
    const time = word === "before" ? step.begin : Math.max(step.end, frame.time)
    const press = button("", () => this.seek(time), {class: "shot", aria: {label: `Show the screen ${word}`}})
    press.append(image)
    return el("figure", {}, press, el("figcaption", {}, word))
  }

  body(base, step, detail) {
    const parts = []
    if (detail.action) parts.push(...this.action(detail.action))
    if (detail.turn) parts.push(...this.turn(base, detail.turn))
    if (!detail.action && !detail.turn) parts.push(...this.plain(step, detail.event))
    if (detail.related) parts.push(this.fold(`What followed (${detail.related.length})`, json(detail.related)))
    parts.push(this.fold("The event, as it is in the log", json(detail.event)))
    return parts
  }

  plain(step, event) {
    const text = event.text || event.error || event.question || event.reason || event.summary
    const parts = text && text !== step.label ? [el("p", {class: "words"}, text)] : []
    return event.advice ? [...parts, el("p", {class: "words"}, event.advice)] : parts
  }

  action(action) {
    const result = action.ran ? (action.is_error ? "failed" : "done") : "not run"
    const approval = action.approval && `${action.approval.decision || "open"}${action.approval.channel ? ` by ${action.approval.channel}` : ""}, ${action.approval.rule}`
    return [
      section("Call", el("p", {class: "code"}, action.name), json(action.input),
        facts([["on", Object.entries(action.target).map(([k, v]) => `${k} ${v}`).join(", ")], ["waited", action.waited >= 0.05 ? span(action.waited) : ""], ["took", span(action.seconds)], ["approval", approval]])),
      section(`Result: ${result}`, action.text ? el("pre", {class: action.is_error ? "bad" : "", tabIndex: 0, aria: {label: "Result"}}, action.text) : el("p", {class: "soft"}, "No words.")),
    ]
  }

  turn(base, turn) {
    const {request, usage, latency} = turn
    const sent = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    return [
      section("Request", facts([
        ["model", turn.model],
        ["sent", `${many(request.count, "message")}, ${many(request.pictures, "picture")}, ${many(request.characters, "character")}`],
        ["system prompt", request.prompt_hash ? `${request.prompt_hash.slice(0, 12)}, ${many(request.prompt_characters, "character")}` : "not kept"],
      ]), this.prompt(base, request), this.messages(base, request)),
      section(`Answer${turn.stop_reason ? `: ${turn.stop_reason.replaceAll("_", " ")}` : ""}`,
        ...(turn.response.length ? turn.response.map(block => this.block(base, block)) : [el("p", {class: "soft"}, "Nothing came.")])),
      section("Usage", facts([
        ["tokens in", sent.toLocaleString("en")], ["of these cached", usage.cache_read_input_tokens ? usage.cache_read_input_tokens.toLocaleString("en") : ""],
        ["tokens out", usage.output_tokens.toLocaleString("en")], ["price", `$${usage.dollars.toFixed(4)}`],
      ])),
      section("Latency", facts([
        ["first output", span(latency.first_output)], ["whole answer", span(latency.total)],
        ["retries", latency.retries ? `${latency.retries}, waited ${span(latency.waited)}` : ""],
        ...Object.entries(latency.measured).map(([lane, ms]) => [lane, span(ms / 1000)]),
      ])),
    ]
  }

  prompt(base, request) {
    if (!request.prompt_characters) return ""
    const body = el("div")
    const fold = this.fold("System prompt", body)
    const read = async () => {
      try {
        const {prompt} = await fetchJson(`${base}/prompt`)
        body.replaceChildren(el("pre", {class: "wrap", tabIndex: 0, aria: {label: "System prompt"}}, prompt))
      } catch (error) {
        body.replaceChildren(failure(error.message, read))
      }
    }
    fold.addEventListener("toggle", () => {
      if (fold.open && !body.childElementCount) void read()
    })
    return fold
  }

  messages(base, request) {
    const fresh = request.messages.filter(message => message.new)
    const earlier = request.messages.filter(message => !message.new)
    const parts = fresh.map(message => this.message(base, message))
    const left = request.left_out + earlier.length
    if (left) {
      const note = request.left_out ? [el("p", {class: "soft"}, `${many(request.left_out, "message")} before these.`)] : []
      parts.unshift(this.fold(`${many(left, "earlier message")}`, ...note, ...earlier.map(message => this.message(base, message))))
    }
    return el("div", {class: "messages"}, ...parts)
  }

  message(base, message) {
    return el("div", {class: `message ${message.role}`}, el("div", {class: "role"}, message.role), ...message.blocks.map(block => this.block(base, block)))
  }

  block(base, block) {
    if (block.type === "image") return el("img", {class: "sent", src: `${base}/images/${block.sha256}`, alt: "A picture that was sent", loading: "lazy", decoding: "async"})
    if (block.type === "tool_use") return el("p", {class: "block"}, el("b", {}, block.name), " ", el("code", {}, block.text))
    if (block.type === "tool_result") return el("div", {class: `block result${block.is_error ? " bad" : ""}`}, ...block.blocks.map(inner => this.block(base, inner)))
    if (block.type === "thinking") return this.fold("Thought", el("p", {class: "block"}, block.text))
    return el("p", {class: "block"}, block.text)
  }

  fold(title, ...body) {
    return el("details", {class: "fold"}, el("summary", {}, title), ...body)
  }
}
