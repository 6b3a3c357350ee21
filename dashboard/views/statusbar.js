// The line at the top. The badge says with colour, shape and word who has the mouse.

const WHO = {
  idle: "Ready", listening: "Listening", thinking: "Thinking", speaking: "Speaking", acting: "Acting",
  held: "Holding", waiting: "Waiting for you", yours: "You have the mouse", stopped: "Stopped", disconnected: "Not connected",
}

const THEME = "sayso-theme"

function el(tag, className = "", text = "") {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text) node.textContent = text
  return node
}

function short(n) {
  return n < 1000 ? `${n}` : n < 1e6 ? `${(n / 1000).toFixed(n < 1e4 ? 1 : 0)}k` : `${(n / 1e6).toFixed(1)}M`
}

function span(seconds) {
  const s = Math.max(0, Math.floor(seconds))
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`
}

function menu(label, className) {
  const details = el("details", `menu ${className}`)
  const summary = el("summary")
  summary.append(label)
  const panel = el("div", "panel")
  details.append(summary, panel)
  const away = event => { if (!event.composedPath().includes(details)) details.open = false }
  details.addEventListener("toggle", () => {
    document[details.open ? "addEventListener" : "removeEventListener"]("click", away)
  })
  details.addEventListener("keydown", event => {
    if (event.key !== "Escape" || !details.open) return
    details.open = false
    summary.focus()
    event.stopPropagation()
  })
  return {details, panel}
}

export function render({model}) {
  const root = el("div", "bar")
  const name = el("span", "name")
  const sessions = menu(name, "sessions")
  const badge = el("div", "badge")
  badge.setAttribute("role", "status")
  const word = el("span", "word")
  const detail = el("span", "detail")
  badge.append(el("span", "dot"), word, detail)
  const notices = el("div", "notices")
  const meters = el("div", "meters")
  const money = el("span"), tokens = el("span"), time = el("span")
  meters.append(money, tokens, time)
  root.append(sessions.details, badge, notices, meters)

  function showStatus() {
    badge.className = `badge who-${model.who}`
    word.textContent = WHO[model.who] || model.who
    const same = model.detail.startsWith(word.textContent)
    detail.textContent = same ? "" : model.detail
    badge.title = model.detail
    const asked = model.pending ? `● ${model.pending}` : `${WHO[model.who] || model.who}`
    document.title = `${asked} – Sayso`
  }

  function showMeters() {
    const {dollars, tokens: most} = model.allowed
    money.textContent = `$${model.dollars.toFixed(2)}`
    money.title = `Spent in this session; a task may spend $${dollars}`
    tokens.textContent = `${short(model.tokens)} tok`
    tokens.title = `Tokens used in this session; the limit is ${short(most)}`
    meters.classList.toggle("close", Boolean(model.warning))
    meters.title = model.warning
    showTime()
  }

  function showTime() {
    time.textContent = model.since ? span(Date.now() / 1000 - model.since) : "0:00"
    time.title = "Time on the running task"
  }

  function showNotices() {
    notices.replaceChildren(...model.notices.map(({id, label, text, place}) => {
      const {details, panel} = menu(label, `notice notice-${id}`)
      panel.append(el("p", "", text))
      if (place) {
        const change = el("button", "change", "Change in Settings")
        change.type = "button"
        change.addEventListener("click", () => {
          details.open = false
          model.send_msg({type: "go", view: "settings", place})
        })
        panel.append(change)
      }
      return details
    }))
  }

  function press(label, act, className = "") {
    const button = el("button", className, label)
    button.type = "button"
    button.addEventListener("click", act)
    return button
  }

  function end(id, name) {
    const button = press("End", () => model.send_msg({type: "end", id}))
    button.title = "Ends the work and the desktop; the session can be resumed"
    button.setAttribute("aria-label", `End session ${name}`)
    return button
  }

  let editing = false

  // Below a session: what can be done with it, a new name for it, or the question whether to delete it.
  function below(row, label, ...parts) {
    row.querySelector(".below")?.remove()
    const place = el("div", "below")
    place.setAttribute("role", "group")
    place.setAttribute("aria-label", label)
    place.append(...parts)
    row.append(place)
    place.querySelector("input, button")?.focus()
  }

  function stop(row) {
    editing = false
    row.querySelector(".below")?.remove()
    row.querySelector(".more")?.setAttribute("aria-expanded", "false")
  }

  function actions(row, {id, name, running}) {
    const send = type => { stop(row); model.send_msg({type, id}) }
    const replay = press("Replay and export", () => { sessions.details.open = false; send("replay") })
    below(row, `What to do with ${name}`, replay, press("Rename", () => rename(row, id, name)),
      press("Delete…", () => confirm(row, id, name, running), "danger"))
  }

  function rename(row, id, name) {
    const input = el("input")
    input.value = name
    input.maxLength = 80
    input.setAttribute("aria-label", "New name")
    const form = el("form")
    form.append(input, el("button", "", "Save"))
    form.addEventListener("submit", event => {
      event.preventDefault()
      stop(row)
      model.send_msg({type: "rename", id, title: input.value})
    })
    below(row, `Rename ${name}`, form)
    editing = true
    input.select()
  }

  function confirm(row, id, name, running) {
    const words = `Delete it with all its pictures, for good?${running ? " It is running and is ended first." : ""}`
    const remove = press("Delete", () => { stop(row); model.send_msg({type: "delete", id}) }, "danger")
    below(row, `Delete ${name}`, el("p", "", words), press("Keep", () => stop(row)), remove)
    editing = true
  }

  function line(session) {
    const {id, name, state, running} = session
    const row = el("div", "row")
    const link = el("a", id === model.session_id ? "here" : "")
    link.href = `?session=${encodeURIComponent(id)}`
    link.append(el("span", "", name), el("small", "", running ? WHO[state] || state : "resume"))
    const more = press("⋯", () => {
      const open = more.getAttribute("aria-expanded") === "true"
      more.setAttribute("aria-expanded", `${!open}`)
      if (open) stop(row)
      else actions(row, session)
    }, "more")
    more.setAttribute("aria-label", `More for ${name}`)
    more.setAttribute("aria-expanded", "false")
    row.append(link)
    if (running) row.append(end(id, name))
    row.append(more)
    return row
  }

  function showSessions() {
    name.textContent = model.session
    if (editing && sessions.details.open) return
    const fresh = el("a", "fresh", "New session")
    fresh.href = "?session=new"
    const told = el("p", "told", model.told)
    told.hidden = !model.told
    told.setAttribute("role", "alert")
    sessions.panel.replaceChildren(told, ...model.sessions.map(line), fresh)
  }

  model.on("gone", () => { if (model.gone) location.assign("?") })
  sessions.details.addEventListener("toggle", () => {
    editing = false
    if (sessions.details.open) model.send_msg({type: "list"})
  })
  const chosen = localStorage.getItem(THEME)
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches
  setTimeout(() => { if (dark !== model.dark) model.dark = dark })
  model.on("dark", () => localStorage.setItem(THEME, model.dark ? "dark" : "light"))
  const timer = setInterval(() => { if (model.since) showTime() }, 1000)
  model.on(["who", "detail", "pending"], showStatus)
  model.on(["dollars", "tokens", "since", "warning", "allowed"], showMeters)
  model.on("notices", showNotices)
  model.on(["session", "sessions", "told"], showSessions)
  model.on("remove", () => clearInterval(timer))
  showStatus(); showMeters(); showNotices(); showSessions()
  const here = new URL(location.href)
  if (model.session_id && here.searchParams.get("session") !== model.session_id) {
    here.searchParams.set("session", model.session_id)
    history.replaceState(null, "", here)
  }
  return root
}
