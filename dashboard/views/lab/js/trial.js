// One trial: how it ended and why, its steps in lanes over its pictures.
import {LETTER, button, card, empty, experimentPicker, h, mark, money, plural, s, select, span, swap} from "./dom.js"

const LANES = {heard: "Heard", said: "Said", model: "Model", tools: "Tools", approvals: "Approvals", control: "Control"}
const UNITS = {seconds: span, dollars: money, times: x => `×${x.toFixed(1)}`}

export function makeTrial(app) {
  const node = h("div", {class: "trial"})
  let shown = ""

  function update() {
    const t = app.model.trial
    const now = JSON.stringify([t.folder, t.trial, t.other, t.result, app.model.experiments])
    if (now === shown && node.firstChild) return
    shown = now
    if (!t.folder || !t.trial) {
      return swap(node, app.model.reading ? h("p", {class: "quiet"}, "Reading…") : empty("No trial to look at yet", "Run an experiment first; then choose a trial in its grid.",
        button("Experiments", {kind: "main", onclick: () => app.show({tab: "list"})})))
    }
    if (t.missing) return swap(node, head(app, t), empty("This trial has not been run", "It is run when the experiment goes on.", button("Back to the grid", {onclick: () => app.show({tab: "live", experiment: t.folder})})))
    swap(node, head(app, t), verdict(t), story(app, t), h("div", {class: "twin"}, metrics(t, app.model.measures), beside(app, t)), prompt(t))
  }
  return {node, update}
}

function head(app, t) {
  const to = trial => app.show({tab: "trial", experiment: t.folder, trial})
  return h("section", {class: "card"}, h("div", {class: "row"},
    experimentPicker(app, t.folder, "trial"),
    h("strong", {class: "trialname"}, t.trial.replaceAll("--", " · ")),
    h("span", {class: "push"}),
    button("Previous", {disabled: !t.previous, onclick: () => to(t.previous)}), button("Next", {disabled: !t.next, onclick: () => to(t.next)}),
    button("Grid", {onclick: () => app.show({tab: "live", experiment: t.folder})}),
    app.model.replay && !t.missing && button("Replay", {kind: "main", onclick: () => app.send({type: "replay", experiment: t.folder, trial: t.trial})})))
}

function verdict({result: r, instruction, model}) {
  const letter = LETTER[r.status]
  return h("section", {class: `card outcome outcome-${letter}`},
    h("div", {class: "row"}, mark(letter, false), h("strong", {class: "big"}, r.status.replaceAll("_", " ")), h("span", {class: "quiet"}, `score ${r.score.toFixed(2)}`),
      r.attempt > 0 && h("span", {class: "chip"}, `try ${r.attempt + 1}`), h("span", {class: "chip"}, model || r.arm)),
    instruction && h("p", {class: "asked"}, "“", instruction, "”"),
    r.reason && h("p", {}, h("strong", {}, "The checker says: "), r.reason),
    r.left_out?.length > 0 && h("div", {class: "left-out"}, h("strong", {}, "Not kept of the home's files:"), h("ul", {}, ...r.left_out.map(line => h("li", {}, line)))),
    r.error && h("p", {class: "bad"}, h("strong", {}, `${r.error_class || "Error"}: `), r.error),
    r.advice && h("p", {}, h("strong", {}, "What to do: "), r.advice))
}

function story(app, t) {
  if (!t.steps.length) return card("What happened", h("p", {class: "quiet"}, "The session never began: there are no events."))
  const picture = h("img", {alt: "The desktop as the agent saw it"})
  const caption = h("figcaption", {class: "quiet"})
  const detail = h("div", {class: "detail", "aria-live": "polite"})
  const slider = h("input", {type: "range", min: 0, max: Math.max(0, t.pictures.length - 1), value: Math.max(0, t.pictures.length - 1), "aria-label": "Pictures", "data-k": "scrub", oninput: () => look(Number(slider.value))})
  const cursor = s("line", {class: "cursor", y1: 0, y2: 6 * 22})
  const rows = []

  function look(n) {
    const p = t.pictures[n]
    if (!p) return
    slider.value = n
    picture.src = p.url
    caption.textContent = `Picture ${n + 1} of ${t.pictures.length}, at ${p.at.toFixed(1)} s`
    place(p.at)
  }

  function place(at) {
    const x = scale(t.seconds)(at)
    cursor.setAttribute("x1", x)
    cursor.setAttribute("x2", x)
  }

  function choose(n) {
    const step = t.steps[n]
    for (const row of rows) row.setAttribute("aria-current", row === rows[n])
    rows[n].scrollIntoView({block: "nearest"})
    swap(detail, h("strong", {}, step.label), step.detail && step.detail !== step.label && h("pre", {}, step.detail))
    const last = t.pictures.findLastIndex(p => step.picture ? p.url === step.picture : p.at <= step.end + 0.001)
    if (last >= 0) look(last)
    place(step.begin)
  }

  const list = h("ol", {class: "steps"}, ...t.steps.map((step, n) => {
    const row = h("button", {type: "button", class: `step lane-${step.lane} ${step.ok ? "" : "bad"}`, "data-k": `step ${n}`, onclick: () => choose(n)},
      h("time", {}, `${step.begin.toFixed(1)} s`), h("span", {class: "lane"}, LANES[step.lane]), h("span", {class: "what"}, step.label))
    rows.push(row)
    return h("li", {}, row)
  }))
  look(t.pictures.length - 1)
  return h("section", {class: "card story"}, h("h3", {}, "What happened"),
    h("div", {class: "scroll"}, lanes(t, choose, cursor)),
    h("div", {class: "pair"}, h("figure", {}, t.pictures.length ? [picture, slider, caption] : h("p", {class: "quiet"}, "No picture was taken.")), h("div", {}, list, detail)))
}

const L = 76, W = 900
const scale = seconds => at => L + (W - L - 10) * Math.min(1, Math.max(0, at / (seconds || 1)))

function lanes(t, choose, cursor) {
  const x = scale(t.seconds)
  return s("svg", {viewBox: `0 0 ${W} ${t.lanes.length * 22 + 18}`, class: "chart lanes", role: "img", "aria-label": `Timeline of ${span(t.seconds)}; the list below has every step`},
    ...t.lanes.flatMap((lane, n) => [s("text", {x: 0, y: n * 22 + 15, class: "label"}, LANES[lane]), s("line", {x1: L, x2: W - 10, y1: n * 22 + 11, y2: n * 22 + 11, class: "grid"})]),
    ...t.steps.map((step, n) => {
      const row = t.lanes.indexOf(step.lane), wide = Math.max(5, x(step.end) - x(step.begin))
      return s("rect", {x: x(step.begin), y: row * 22 + 4, width: wide, height: 14, rx: 3, class: `block lane-${step.lane} ${step.ok ? "" : "bad"}`, onclick: () => choose(n)}, s("title", {}, `${step.begin.toFixed(1)} s  ${step.label}`))
    }),
    cursor, s("text", {x: L, y: t.lanes.length * 22 + 13, class: "label"}, "0 s"), s("text", {x: W - 10, y: t.lanes.length * 22 + 13, class: "label", "text-anchor": "end"}, span(t.seconds)))
}

function metrics({result: r}, measures) {
  const known = measures.filter(({name, where}) => where.includes("trial") && r.metrics[name] !== undefined)
  const rest = Object.entries(r.metrics).filter(([name]) => !known.some(m => m.name === name))
  const plain = x => Number.isInteger(x) ? x.toLocaleString("en") : x.toFixed(2)
  return card("Metrics", h("dl", {class: "factsheet"}, ...known.map(({name, label, unit}) => h("div", {class: "fact"}, h("dt", {}, label), h("dd", {}, (UNITS[unit] || plain)(r.metrics[name]))))),
    h("details", {class: "more"}, h("summary", {}, "All metrics, and where it ran"),
      h("table", {class: "plain"}, h("tbody", {}, ...[...rest.map(([k, v]) => [k.replaceAll("_", " "), plain(v)]), ...Object.entries(r.environment)].map(([k, v]) => h("tr", {}, h("th", {scope: "row"}, k), h("td", {}, v)))))))
}

function beside(app, t) {
  const rivals = Object.entries(t.rivals)
  if (!rivals.length) return card("Beside another try", h("p", {class: "quiet"}, "There is no other try of this task."))
  const name = id => id.split("--").filter((_, n) => n !== 1).join(" · ")
  return card("Beside another try",
    h("div", {class: "row"}, select("Other try", t.other, rivals.map(([id, status]) => [id, `${name(id)} (${status.replaceAll("_", " ")})`]), other => app.show({tab: "trial", experiment: t.folder, trial: t.trial, other})),
      button("Open it", {onclick: () => app.show({tab: "trial", experiment: t.folder, trial: t.other})}),
      app.model.replay && button("Replay both", {onclick: () => app.send({type: "replay", experiment: t.folder, trial: t.trial, other: t.other})})),
    t.parts === null ? h("p", {}, "Both did the same actions in the same order.") : h("div", {},
      h("p", {}, t.parts.step ? `They share ${plural(t.parts.step, "step")}, then:` : "They part at once:"),
      h("table", {class: "plain"}, h("tbody", {}, h("tr", {}, h("th", {scope: "row"}, "This one"), h("td", {class: "code"}, t.parts.a || "had ended")), h("tr", {}, h("th", {scope: "row"}, "The other"), h("td", {class: "code"}, t.parts.b || "had ended"))))))
}

function prompt(t) {
  return t.prompt && h("section", {class: "card"}, h("details", {class: "more"}, h("summary", {}, "The system prompt as the model had it"), h("pre", {}, t.prompt)))
}
