// Inputs that write into a part of the form.
import {h} from "./dom.js"

export function text(form, name, changed, given = {}) {
  return h("input", {type: "text", autocomplete: "off", spellcheck: "false", value: form[name] ?? "", oninput: event => { form[name] = event.target.value; changed(given.where || name) }, ...given})
}

export function number(form, name, changed, given = {}) {
  return h("input", {type: "number", inputmode: "decimal", value: form[name] ?? "", ...given,
    oninput: event => { form[name] = event.target.value === "" ? null : Number(event.target.value); changed(given.where || name) }})
}

export function options(form, name, choices, changed, given = {}) {
  return h("select", {...given, onchange: event => { form[name] = event.target.value || null; changed(given.where || name, given.redraw) }},
    ...choices.map(([key, word]) => h("option", {value: key, selected: (form[name] ?? "") === key}, word)))
}
