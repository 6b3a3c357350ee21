// Tasks by tag, or one by one.
import {button, h, plural} from "./dom.js"

export function taskPicker({choices, form, changed}) {
  const known = new Map(choices.tasks.map(t => [t.id, t]))
  const fit = tag => choices.tasks.filter(t => t.tags.includes(tag) && !t.missing.length).map(t => t.id)
  const all = choices.tasks.filter(t => !t.missing.length).map(t => t.id)
  const chosen = h("strong", {role: "status"}), strange = h("span", {class: "bad"})

  function set(ids) {
    form.tasks = choices.tasks.map(t => t.id).filter(id => ids.has(id))
    show()
    changed("tasks")
  }

  function toggle(ids) {
    const now = new Set(form.tasks)
    const whole = ids.every(id => now.has(id))
    for (const id of ids) whole ? now.delete(id) : now.add(id)
    set(now)
  }

  const tags = choices.tags.map(([tag, n]) => {
    const ids = fit(tag), counted = h("small", {})
    const node = h("button", {type: "button", class: "tag", "data-k": `tag ${tag}`, disabled: !ids.length, onclick: () => toggle(ids)}, tag, counted)
    return {node, show() {
      const mine = ids.filter(id => form.tasks.includes(id)).length
      node.setAttribute("aria-pressed", ids.length > 0 && mine === ids.length ? "true" : mine ? "mixed" : "false")
      counted.textContent = `${mine}/${n}`
    }}
  })
  const boxes = choices.tasks.map(task => {
    const box = h("input", {type: "checkbox", disabled: task.missing.length > 0, "data-k": `task ${task.id}`, onchange: () => toggle([task.id])})
    const node = h("label", {class: "check task"}, box, h("span", {}, h("strong", {}, task.id),
      task.gui_only && h("small", {}, "screen only"), task.voice && h("small", {}, "scripted person"),
      task.missing.length > 0 && h("small", {class: "bad"}, `needs ${task.missing.join(", ")}`), h("span", {class: "quiet"}, task.words)))
    return {node, show() { box.checked = form.tasks.includes(task.id) }}
  })

  function show() {
    chosen.textContent = `${plural(form.tasks.length, "task")} chosen`
    const strangers = form.tasks.filter(id => !known.has(id))
    strange.textContent = strangers.length ? `unknown: ${strangers.join(", ")}` : ""
    for (const one of [...tags, ...boxes]) one.show()
  }
  show()
  return h("div", {},
    h("div", {class: "row"}, chosen, strange, h("span", {class: "push"}), button("All", {onclick: () => set(new Set(all))}), button("None", {onclick: () => set(new Set())})),
    h("div", {class: "tags", role: "group", "aria-label": "Tasks by tag"}, ...tags.map(t => t.node)),
    h("details", {class: "more", "data-k": "one by one"}, h("summary", {}, "One by one"), h("div", {class: "tasklist"}, ...boxes.map(b => b.node))))
}
