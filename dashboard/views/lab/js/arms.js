// One arm of a design: what is asked of which model with which prompt.
import {button, h} from "./dom.js"
import {number, options, text} from "./fields.js"

const OWN = "own"
const NARRATION = [["", "as its prompt says, unheard"], ["announce-then-act", "announce, then act"], ["act-while-speaking", "act while speaking"], ["report-after", "report afterwards"]]

export function firstArm(choices, name) {
  const prompt = choices.prompts.find(p => p.shipped) || choices.prompts[0]
  return {
    name, model: "offline", prompt: prompt.name, prompt_text: prompt.text, phrasing: "goal", instruction: "{{ instruction }}",
    effort: null, narration: null, tools: [...choices.usual_tools], approvals: "allow", width: 1280, height: 800, max_dollars: 1,
  }
}

// A copy of the first arm under a name of its own, so that arms differ in what is changed only.
export function copyArm(arms) {
  const names = arms.map(a => a.name)
  const name = [..."abcdefghijklmnop"].find(n => !names.includes(n)) || `arm-${names.length + 1}`
  return arms.length ? {...structuredClone(arms[0]), name} : null
}

export function armCard(tools, arm, n) {
  const {choices, form, changed, field} = tools
  const at = name => `arms.${n}.${name}`
  const change = name => ({where: at(name)})
  const models = h("datalist", {id: `models-${n}`}, ...choices.models.map(m => h("option", {value: m})))
  const remove = button("Remove", {"data-k": `remove ${n}`, "aria-label": `Remove arm ${arm.name}`, onclick: () => { form.arms.splice(n, 1); changed("", true) }})
  return h("fieldset", {class: "arm"}, h("legend", {}, arm.name || "unnamed"),
    h("div", {class: "fields"},
      field(at("name"), "Name", text(arm, "name", changed, {...change("name"), maxlength: 60})),
      field(at("model"), "Model", text(arm, "model", changed, {...change("model"), list: `models-${n}`}), {class: "model"}), models,
      field(at("prompt"), "Prompt", prompts(tools, arm, at("prompt"))),
      field(at("phrasing"), "Task's wording", options(arm, "phrasing", choices.phrasings.map(p => [p, p]), changed, change("phrasing")))),
    promptText(tools, arm, n, at),
    h("details", {class: "more", "data-k": `more ${n}`}, h("summary", {}, "Effort, narration, tools, approvals, screen, limit"),
      h("div", {class: "fields"},
        field(at("effort"), "Effort", options(arm, "effort", [["", "default"], ["low", "low"], ["medium", "medium"], ["high", "high"]], changed, change("effort"))),
        field(at("narration"), "Narration", options(arm, "narration", NARRATION, changed, change("narration"))),
        field(at("approvals"), "Approvals", options(arm, "approvals", [["allow", "always allow"], ["deny", "always deny"], ["script", "the task's script"]], changed, change("approvals"))),
        field(at("max_dollars"), "Limit of one trial, US$", number(arm, "max_dollars", changed, {...change("max_dollars"), min: 0.01, step: 0.1})),
        field(at("width"), "Screen's width", number(arm, "width", changed, {...change("width"), min: 640, max: 1920, step: 1})),
        field(at("height"), "Screen's height", number(arm, "height", changed, {...change("height"), min: 480, max: 1200, step: 1})),
        field(at("instruction"), "Template around the wording", text(arm, "instruction", changed, change("instruction"))),
        toolBoxes(choices.tools, arm, changed, n, at))),
    form.arms.length > 1 && remove)
}

function prompts(tools, arm, where) {
  const {choices, changed} = tools
  const known = choices.prompts.find(p => p.text === arm.prompt_text)
  const entries = choices.prompts.map(p => [p.hash, `${p.name} · ${p.hash.slice(0, 8)}${p.uses ? ` · used ${p.uses}×` : ""}`])
  return h("select", {onchange: event => {
    const chosen = choices.prompts.find(p => p.hash === event.target.value)
    if (chosen) Object.assign(arm, {prompt: chosen.name, prompt_text: chosen.text})
    changed(where, true)
  }}, ...entries.map(([key, word]) => h("option", {value: key, selected: known?.hash === key}, word)),
  !known && h("option", {value: OWN, selected: true}, `${arm.prompt} (changed here)`))
}

function promptText(tools, arm, n, at) {
  const {choices, form, changed, field} = tools
  const shipped = choices.prompts.find(p => p.name === arm.prompt)
  const area = h("textarea", {rows: 10, spellcheck: "true", value: arm.prompt_text, oninput: event => {
    const known = choices.prompts.find(p => p.text === event.target.value)
    arm.prompt_text = event.target.value
    if (known) arm.prompt = known.name
    changed(at("prompt_text"))
  }})
  area.value = arm.prompt_text
  const same = n && form.arms[0].prompt_text === arm.prompt_text
  const state = same ? "same as the first arm's" : shipped && shipped.text !== arm.prompt_text ? "changed here" : ""
  return h("details", {class: "more prompt-text", "data-k": `text ${n}`}, h("summary", {}, "Prompt's text", state && h("span", {class: "quiet"}, ` (${state})`)),
    field(at("prompt_text"), "Text; its hash names the version", area))
}

function toolBoxes(known, arm, changed, n, at) {
  return h("div", {class: "field", "data-where": at("tools")}, h("span", {class: "label"}, "Tools"),
    h("div", {class: "row"}, ...known.map(({value: tool, label}) => h("label", {class: "check"},
      h("input", {type: "checkbox", checked: arm.tools.includes(tool), "data-k": `tool ${n} ${tool}`, onchange: event => {
        arm.tools = known.map(t => t.value).filter(t => t === tool ? event.target.checked : arm.tools.includes(t))
        changed(at("tools"))
      }}), label))), h("p", {class: "error"}))
}

