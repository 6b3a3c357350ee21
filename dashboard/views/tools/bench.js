// The tool panel: choose a tool, fill its form (points from the picture), run it, see what came of it.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { component, html } from "../../js/base.js";
import { blank, given, isPlaced, picking, placesOf, shownOf } from "./fields.js";
import { Picture } from "./picture.js";
import { Results } from "./results.js";
import { t } from "../../js/words.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Member} Member */
/** @typedef {import("./fields.js").Typed} Typed */
/**
 * @typedef {object} Params
 * @property {{title: string, members: Member[]}[]} groups
 * @property {import("./results.js").Result[]} results
 * @property {string} refusal
 * @property {string} problem
 * @property {boolean} working
 * @property {boolean} held
 * @property {BufferSource} picture
 * @property {number[]} screen
 */
/** @typedef {import("../../js/base.js").Host<Params>} Host */

const FIRST = "left_click"; // the tool whose form is shown at first
const HELD = t("The agent is held. It will be told what you did.");

/** @param {{host: Host}} props */
function Bench({ host }) {
  const groups = host.param("groups").value;
  const members = groups.flatMap((group) => group.members);
  const [name, setName] = useState(FIRST);
  const member = members.find((each) => each.name === name) ?? members[0];
  const [typed, setTyped] = useState(/** @type {Typed | null} */ (null));
  const focused = useRef(/** @type {string | null} */ (null));
  const [goTo, setGoTo] = useState(/** @type {{id: string} | null} */ (null));
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    /** @type {HTMLElement | null | undefined} */ (goTo && root.current?.querySelector(`#${goTo.id}`))?.focus({
      preventScroll: goTo?.id === RUN,
    });
  }, [goTo]);

  const fields = member?.fields ?? [];
  const values = { ...blank(fields), ...typed };
  const choose = (/** @type {string} */ wanted) => {
    setName(wanted);
    setTyped(null);
    focused.current = null;
  };
  const put = (/** @type {string} */ field, /** @type {string | boolean} */ value) =>
    setTyped((old) => ({ ...old, [field]: value }));

  /** @param {number[]} place */
  function pick(place) {
    const picked = picking(fields, values, focused.current, place);
    if (!picked) return;
    put(picked.name, picked.text);
    if (picked.next) setGoTo({ id: idOf(fields, picked.next) });
    else if (focused.current === null) setGoTo({ id: RUN });
  }

  const send = (/** @type {{type: string}} */ message) => host.send(message);
  return html`<div class="bench" ref=${root}>
    <nav class="tools" aria-label="Tools">${groups.map(
      ({ title, members: tools }) =>
        html`<div class="group" key=${title}><h2>${title}</h2>${tools.map(
          (tool) =>
            html`<button type="button" class="tool" key=${tool.name} data-name=${tool.name} data-keep="" aria-current=${tool === member ? "true" : undefined}
              onClick=${() => choose(tool.name)}>${tool.title}</button>`,
        )}</div>`,
    )}</nav>
    ${
      member &&
      html`<${Form} key=${member.name} host=${host} member=${member} values=${values} put=${put}
        focus=${(/** @type {string} */ field) => {
          focused.current = field;
        }} />`
    }
    <div class="side"><${Picture} bytes=${host.param("picture").value} size=${host.param("screen").value} places=${placesOf(fields, values)} pick=${pick} />
      <${Results} results=${host.param("results").value} send=${send} /></div></div>`;
}

const RUN = "tool-run";

/** @param {Field[]} fields @param {string} name */
function idOf(fields, name) {
  return `field-${fields.findIndex((field) => field.name === name)}`;
}

/** @param {{host: Host, member: Member, values: Typed, put: (name: string, value: string | boolean) => void, focus: (name: string) => void}} props */
function Form({ host, member, values, put, focus }) {
  const refusal = host.param("refusal").value;
  const shown = new Set(shownOf(member.fields, values));
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!refusal) host.send({ type: "run", name: member.name, given: given(member.fields, values) });
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.current?.requestSubmit();
  };
  return html`<form class="form" ref=${form} onSubmit=${submit} onKeyDown=${onKey}>
    <h2>${member.title}</h2><p class="lead">${member.says}</p>
    <div class="fields">${member.fields.map(
      (field, n) =>
        html`<${Control} key=${field.name} id=${`field-${n}`} field=${field} value=${values[field.name]} hidden=${!shown.has(field)}
          put=${(/** @type {string | boolean} */ value) => put(field.name, value)} focus=${() => focus(field.name)} />`,
    )}</div>
    <div class="foot"><button class="run" id=${RUN} disabled=${refusal !== ""}>Run</button><${Allowed} host=${host} refusal=${refusal} /></div>
    <p class="problem" role="alert">${host.param("problem").value}</p></form>`;
}

/** Why nothing can be run, and how the agent is held meanwhile. @param {{host: Host, refusal: string}} props */
function Allowed({ host, refusal }) {
  const working = host.param("working").value;
  const held = host.param("held").value;
  return html`<div class="refused" role="status"><span>${refusal || (held && working && HELD)}</span>
    ${working && !held && html`<button type="button" class="plain" onClick=${() => host.send({ type: "hold" })}>Hold the agent</button>`}
    ${working && held && html`<button type="button" class="plain" onClick=${() => host.send({ type: "release" })}>Let it go on</button>`}</div>`;
}

/** One field: its control, and what it says. @param {{id: string, field: Field, value: string | boolean, hidden: boolean, put: (value: string | boolean) => void, focus: () => void}} props */
function Control({ id, field, value, hidden, put, focus }) {
  const { kind, title, says, required } = field;
  const words = says && isPlaced(field) ? `${says} ${t("Or click on the picture.")}` : says;
  const about = {
    id,
    name: field.name,
    required,
    min: field.minimum,
    max: field.maximum,
    maxlength: field.maxLength,
    "aria-describedby": says ? `${id}-says` : undefined,
    onFocus: focus,
  };
  return html`<div class=${`field ${kind}`} hidden=${hidden}><label for=${id}>${title}${!required && html`<small> optional</small>`}</label>
    <${Input} field=${field} value=${value} put=${put} about=${about} />
    ${says && html`<p class="says" id=${`${id}-says`}>${words}</p>`}</div>`;
}

/** @type {Record<string, string>} */
const TYPES = { integer: "number", number: "number", boolean: "checkbox" };
/** @type {Record<string, string>} */
const PLACEHOLDERS = { point: "x, y", region: "x0, y0, x1, y1" };

/** @param {{field: Field, value: string | boolean, put: (value: string | boolean) => void, about: Record<string, unknown>}} props */
function Input({ field: { kind, options = [], required }, value, put, about }) {
  const input = (/** @type {any} */ event) => put(event.currentTarget.value);
  if (kind === "choice")
    return html`<select ...${about} value=${value} onInput=${input}>${!required && html`<option value=""></option>`}
      ${options.map((option) => html`<option value=${option}>${option}</option>`)}</select>`;
  if (kind === "lines")
    return html`<textarea ...${about} rows="3" spellcheck=${false} value=${value} onInput=${input}></textarea>`;
  if (kind === "boolean")
    return html`<input ...${about} type="checkbox" checked=${value} onInput=${(/** @type {any} */ event) => put(event.currentTarget.checked)} />`;
  return html`<input ...${about} type=${TYPES[kind] ?? "text"} autocomplete="off" spellcheck=${false} step=${kind === "number" ? "any" : undefined}
    placeholder=${PLACEHOLDERS[kind]} value=${value} onInput=${input} />`;
}

export default component("Tools", Bench);
