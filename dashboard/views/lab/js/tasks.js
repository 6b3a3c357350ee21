// Tasks by tag, or one by one.
import { html } from "../../../js/base.js";
import { runnable, toggled } from "./designing.js";
import { Button } from "./parts.js";
import { many, t } from "../../../js/words.js";

/** @typedef {import("./fields.js").Tools} Tools */

/** How many of a tag's tasks are chosen, as `aria-pressed` says it. @param {string[]} ids @param {string[]} chosen */
export function pressed(ids, chosen) {
  const mine = ids.filter((id) => chosen.includes(id)).length;
  if (!mine) return "false";
  return mine === ids.length ? "true" : "mixed";
}

/** @param {{tools: Tools}} props */
export function TaskPicker({ tools }) {
  const { choices, form, designing } = tools;
  const all = choices.tasks;
  const set = (/** @type {string[]} */ ids) => designing.put("tasks", ids);
  const toggle = (/** @type {string[]} */ ids) => set(toggled(all, form.tasks, ids));
  const strangers = form.tasks.filter((id) => !all.some((task) => task.id === id));
  return html`<div>
    <div class="row"><strong role="status">${t("{tasks} chosen", { tasks: many(form.tasks.length, "task") })}</strong>
      <span class="bad">${strangers.length > 0 && t("unknown: {names}", { names: strangers.join(", ") })}</span><span class="push"></span>
      <${Button} onClick=${() => set(runnable(all).map((task) => task.id))}>All<//><${Button} onClick=${() => set([])}>None<//></div>
    <div class="tags" role="group" aria-label="Tasks by tag">${choices.tags.map(([tag, n]) => {
      const ids = runnable(all)
        .filter((task) => task.tags.includes(tag))
        .map((task) => task.id);
      const mine = ids.filter((id) => form.tasks.includes(id)).length;
      return html`<button type="button" class="tag" key=${tag} disabled=${!ids.length} aria-pressed=${pressed(ids, form.tasks)}
        onClick=${() => toggle(ids)}>${tag}<small>${mine}/${n}</small></button>`;
    })}</div>
    <details class="more"><summary>One by one</summary><div class="tasklist">
      ${all.map((task) => html`<${One} key=${task.id} task=${task} chosen=${form.tasks.includes(task.id)} toggle=${() => toggle([task.id])} />`)}
    </div></details><${Own} choices=${choices} /></div>`;
}

/** Where own tasks lie, and why some cannot be used. @param {{choices: import("./designing.js").Choices}} props */
function Own({ choices }) {
  return html`<p class="quiet small">${t("Tasks of your own go into {folder}, each in a folder of its own with a task.yaml.", { folder: choices.tasks_folder })}</p>
    ${choices.unusable.length > 0 && html`<ul class="notes warnings">${choices.unusable.map((text) => html`<li>${text}</li>`)}</ul>`}`;
}

/** @param {{task: import("./designing.js").Task, chosen: boolean, toggle: () => void}} props */
function One({ task, chosen, toggle }) {
  const lacks = task.missing.length > 0;
  return html`<label class="check task"><input type="checkbox" disabled=${lacks} checked=${chosen} onChange=${toggle} />
    <span><strong>${task.id}</strong>${task.own && html`<small>yours</small>`}${task.gui_only && html`<small>screen only</small>`}${task.voice && html`<small>scripted person</small>`}
      ${lacks && html`<small class="bad">${t("needs {what}", { what: task.missing.join(", ") })}</small>`}<span class="quiet">${task.words}</span></span></label>`;
}
