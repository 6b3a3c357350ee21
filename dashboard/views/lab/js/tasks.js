// Tasks by tag, or one by one.
import {button, h, plural} from "./dom.js"

export function taskPicker({choices, form, changed}) {
  const known = new Map(choices.tasks.map(t => [t.id, t]))
  const fit = tag => choices.tasks.filter(t => t.tags.includes(tag) && !t.missing.length).map(t => t.id)
  const all = choices.tasks.filter(t => !t.missing.length).map(t => t.id)

  function set(ids) {
    form.tasks = choices.tasks.map(t => t.id).filter(id => ids.has(id))
    changed("tasks", true)
  }

  function toggle(ids) {
    const now = new Set(form.tasks)
    const whole = ids.every(id => now.has(id))
    for (const id of ids) whole ? now.delete(id) : now.add(id)
    set(now)
  }

  const strangers = form.tasks.filter(id => !known.has(id))
  const tags = h("div", {class: "tags", role: "group", "aria-label": "Tasks by tag"}, ...choices.tags.map(([tag, n]) => {
    const ids = fit(tag), chosen = ids.filter(id => form.tasks.includes(id)).length
    const pressed = ids.length > 0 && chosen === ids.length ? "true" : chosen ? "mixed" : "false"
    return h("button", {type: "button", class: "tag", "aria-pressed": pressed, "data-k": `tag ${tag}`, disabled: !ids.length, onclick: () => toggle(ids)},
      tag, h("small", {}, `${chosen}/${n}`))
  }))
  const list = h("div", {class: "tasklist"}, ...choices.tasks.map(task => h("label", {class: "check task"},
    h("input", {type: "checkbox", checked: form.tasks.includes(task.id), disabled: task.missing.length > 0, "data-k": `task ${task.id}`, onchange: () => toggle([task.id])}),
    h("span", {}, h("strong", {}, task.id), task.gui_only && h("small", {}, "screen only"), task.voice && h("small", {}, "scripted person"),
      task.missing.length > 0 && h("small", {class: "bad"}, `needs ${task.missing.join(", ")}`), h("span", {class: "quiet"}, task.words)))))
  return h("div", {},
    h("div", {class: "row"}, h("strong", {}, `${plural(form.tasks.length, "task")} chosen`),
      strangers.length > 0 && h("span", {class: "bad"}, `unknown: ${strangers.join(", ")}`),
      h("span", {class: "push"}), button("All", {onclick: () => set(new Set(all))}), button("None", {onclick: () => set(new Set())})),
    tags, h("details", {class: "more"}, h("summary", {}, "One by one"), list))
}
