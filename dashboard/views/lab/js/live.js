// One experiment's trials: a grid that fills up, small pictures of what runs, and Stop.
import {goOn} from "./list.js"
import {LETTER, STATUS, button, empty, experimentPicker, h, inWords, mark, money, plural, span, swap} from "./dom.js"

const PHASES = {
  preparing: "Starting desktops…", running: "Running", stopping: "Stopping…", finished: "Finished", failed: "Could not run",
  resting: "Not running", elsewhere: "Run by another process",
}
const ACTIVE = ["preparing", "running", "stopping"]

export function makeLive(app) {
  const node = h("div", {class: "live"})
  let board = null

  function update() {
    const {live} = app.model
    if (!live.folder) {
      board = null
      return swap(node, app.model.reading ? h("p", {class: "quiet"}, "Reading…") : empty("Nothing to watch yet",
        "Design an experiment; here you will see every trial as it runs.",
        button("Design an experiment", {kind: "main", onclick: () => app.show({tab: "design"})})))
    }
    const shape = JSON.stringify([live.folder, live.arms, live.rows.map(r => r.task), app.model.experiments.length])
    if (!board || board.shape !== shape) {
      board = makeBoard(app, shape)
      swap(node, board.node)
    }
    board.update()
  }
  return {node, update}
}

function makeBoard(app, shape) {
  const {folder, name} = app.model.live
  const phase = h("strong", {class: "phase", role: "status"})
  const told = h("span", {class: "quiet"})
  const stop = button("Stop", {kind: "danger", onclick: () => app.send({type: "cancel", experiment: folder})})
  const resume = button("Go on", {kind: "main", onclick: () => app.send({type: "resume", experiment: folder, slots: app.slots ?? null})})
  const refresh = button("Refresh", {onclick: () => app.send({type: "refresh"})})
  const compare = button("Compare", {onclick: () => app.show({tab: "compare", experiment: folder})})
  const copy = button("Copy design", {onclick: () => app.send({type: "copy", experiment: folder})})
  const done = meter("Trials"), spent = meter("Spent")
  const counts = h("p", {class: "counts"})
  const notes = h("ul", {class: "notes"})
  const running = makeRunning(app, folder)
  const grid = makeGrid(app, folder)
  const node = h("div", {},
    h("section", {class: "card"},
      h("div", {class: "row"}, experimentPicker(app, folder, "live"), phase, told, h("span", {class: "push"}), stop, resume, refresh, compare, copy),
      h("div", {class: "meters"}, done.node, spent.node), counts, notes),
    running.node, grid.node)
  return {
    shape, node, update() {
      const {live} = app.model
      const active = ACTIVE.includes(live.phase)
      const letters = live.rows.map(row => row.cells.join("")).join("")
      const ended = [...letters].filter(l => "pfle".includes(l)).length
      const whole = live.to_do <= live.errors
      phase.textContent = ["resting", "finished"].includes(live.phase) ? (whole ? "Finished" : "Not finished") : PHASES[live.phase]
      phase.className = `phase phase-${live.phase}`
      told.textContent = active ? span(live.seconds) : ""
      const other = app.model.current.folder && app.model.current.folder !== folder
      stop.hidden = !active
      stop.disabled = live.phase === "stopping"
      resume.textContent = goOn(live)
      resume.classList.toggle("main", !whole)
      resume.hidden = active || !live.to_do || live.phase === "elsewhere"
      resume.disabled = Boolean(other)
      resume.title = other ? `Wait for ${app.model.current.name}` : ""
      refresh.hidden = live.phase !== "elsewhere"
      compare.disabled = !ended
      done.set(ended / live.planned, `${ended.toLocaleString("en")} of ${live.planned.toLocaleString("en")}`)
      spent.set(live.budget ? live.spent / live.budget : 0, live.budget ? `${money(live.spent)} of ${money(live.budget)}` : `${money(live.spent)}, no budget needed`)
      showCounts(counts, letters)
      const lines = [...(live.error ? [live.error] : []), ...live.notes,
        ...(live.half_written && !active ? [`${plural(live.half_written, "trial")} half-written: Go on runs them again.`] : [])]
      swap(notes, ...lines.map((text, n) => h("li", {class: live.error && !n ? "bad" : ""}, text)))
      running.update()
      grid.update()
      node.setAttribute("aria-label", name)
    },
  }
}

function showCounts(counts, letters) {
  const order = [...Object.values(LETTER), "r", "q", "."]
  const text = order.map(l => [l, letters.split(l).length - 1]).filter(([, n]) => n)
  const now = JSON.stringify(text)
  if (counts.dataset.now === now) return
  counts.dataset.now = now
  counts.replaceChildren(...text.map(([l, n]) => h("span", {class: "counted"}, mark(l, false), `${n} ${STATUS[l][0]}`)))
}

function meter(label) {
  const bar = h("span", {class: "fill"}), words = h("span", {class: "quiet"})
  const track = h("div", {class: "track", role: "progressbar", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 100}, bar)
  return {
    node: h("div", {class: "meter"}, h("span", {}, label), track, words),
    set(share, text) {
      bar.style.width = `${Math.min(100, 100 * share)}%`
      track.setAttribute("aria-valuenow", Math.round(100 * share))
      track.setAttribute("aria-valuetext", text)
      words.textContent = text
    },
  }
}

function makeRunning(app, folder) {
  const node = h("div", {class: "running", "aria-label": "Running now"})
  const cards = new Map()

  function made(id) {
    const picture = h("img", {alt: "", width: 320, height: 200})
    const state = h("span", {class: "state"}), detail = h("span", {class: "quiet"})
    const trial = app.model.live.running.find(t => t.id === id)
    const stop = button("Stop trial", {"aria-label": `Stop ${trial.task}, ${trial.arm}`, onclick: () => app.send({type: "stop_trial", experiment: folder, trial: id})})
    const shown = h("figure", {class: "thumb"}, h("div", {class: "screen"}, picture),
      h("figcaption", {}, h("strong", {}, trial.task), h("span", {class: "chip"}, trial.arm), state, detail, stop))
    return {node: shown, picture, state, detail}
  }

  function update() {
    const {live, pictures} = app.model
    const now = new Set(live.running.map(t => t.id))
    for (const [id, {node}] of cards) if (!now.has(id)) { node.remove(); cards.delete(id) }
    for (const trial of live.running) {
      if (!cards.has(trial.id)) {
        cards.set(trial.id, made(trial.id))
        node.append(cards.get(trial.id).node)
      }
      const one = cards.get(trial.id)
      one.state.textContent = trial.state
      one.detail.textContent = [trial.detail, span(trial.seconds), trial.dollars ? money(trial.dollars) : ""].filter(Boolean).join(" · ")
      const url = pictures[trial.id] ? `data:image/jpeg;base64,${pictures[trial.id]}` : ""
      if (url && one.picture.src !== url) one.picture.src = url
      one.picture.hidden = !url
    }
    node.hidden = !live.running.length
  }
  return {node, update}
}

// Tasks by arms. Arrow keys move about; Enter opens the trial.
function makeGrid(app, folder) {
  const {live} = app.model
  const cells = []
  const rows = live.rows.map((row, r) => h("tr", {},
    h("th", {scope: "row"}, row.task),
    ...live.arms.map((arm, c) => {
      const cell = h("button", {type: "button", class: "cell", tabindex: r || c ? -1 : 0, "data-k": `${r}/${c}`, onclick: () => open(r, c)})
      cells.push(cell)
      return h("td", {}, cell)
    }), h("td", {class: "words"}, row.words)))
  const table = h("table", {class: "grid"},
    h("thead", {}, h("tr", {}, h("th", {scope: "col"}, "Task"), ...live.arms.map(arm => h("th", {scope: "col"}, arm)), h("th", {scope: "col", class: "words"}, "What is asked"))),
    h("tbody", {}, ...rows))
  table.addEventListener("keydown", event => {
    const at = cells.indexOf(event.target)
    const step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: live.arms.length, ArrowUp: -live.arms.length}[event.key]
    if (at < 0 || !step || !cells[at + step]) return
    cells[at].tabIndex = -1
    cells[at + step].tabIndex = 0
    cells[at + step].focus()
    event.preventDefault()
  })

  // The trial that one would look at first: one that did not pass, else the first.
  function open(r, c) {
    const row = app.model.live.rows[r], letters = row.cells[c]
    const n = Math.max(0, [...letters].findIndex(l => "fle".includes(l)))
    app.show({tab: "trial", experiment: folder, trial: `${app.model.live.arms[c]}--${row.task}--${String(n).padStart(3, "0")}`})
  }

  function update() {
    app.model.live.rows.forEach((row, r) => row.cells.forEach((letters, c) => {
      const cell = cells[r * live.arms.length + c]
      if (cell.dataset.letters === letters) return
      cell.dataset.letters = letters
      const passed = letters.split("p").length - 1
      cell.setAttribute("aria-label", `${row.task}, ${live.arms[c]}: ${inWords(letters)}`)
      cell.title = inWords(letters)
      cell.disabled = ![...letters].some(l => !"rq.".includes(l))
      cell.replaceChildren(...letters.length > 6 ? [summary(letters), `${passed}/${letters.length}`] : [...letters].map(l => mark(l, false)))
    }))
  }
  return {node: h("section", {class: "card scroll"}, table), update}
}

function summary(letters) {
  return mark("refls.qcp".split("").find(l => letters.includes(l)) || ".", false)
}
