// Settings: one row a setting, what it does beside it, errors under it. Keys go to the server and never come back.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { component, html, useInPage } from "../../js/base.js";
import { link } from "../../js/link/link.js";
import { Control, meaningOf } from "./controls.js";
import { t } from "../../js/words.js";

/** @typedef {import("./controls.js").Spec} Spec */
/** @typedef {{value: any, set: boolean, lock: string}} State */
/** @typedef {{name: string, label: string, says: string, where: string, there: boolean, mine: boolean, good: boolean, result: string}} KeyState */
/**
 * @typedef {object} Params
 * @property {{key: string, title: string, says: string, fields: Spec[]}[]} groups
 * @property {Record<string, State>} fields
 * @property {Record<string, string>} errors
 * @property {KeyState[]} keys
 * @property {string} home
 * @property {string} trouble
 * @property {{id: string, words: string}[]} grants
 * @property {{name: string, words: string}[]} brought
 * @property {boolean} later
 * @property {string} place
 */
/** @typedef {import("../../js/base.js").Host<Params>} Host */

/** Whether the chosen provider needs no id of a model. @param {{host: Host}} props */
function isAlone({ host }) {
  const specs = host.param("groups").value.flatMap((group) => group.fields);
  const chosen = host.param("fields").value.provider?.value;
  const choices = specs.find((spec) => spec.name === "provider")?.choices ?? [];
  return choices.some((choice) => choice.value === chosen && choice.alone);
}

/** @param {{host: Host}} props */
function Settings({ host }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const trouble = host.param("trouble").value;
  const alone = isAlone({ host });
  useLed(root, host.param("place").value);
  return html`<div class="settings" ref=${root}>
    ${trouble && html`<p class="trouble" role="alert">${trouble}</p>`}
    ${host
      .param("groups")
      .value.map(
        ({ key, title, says, fields }) =>
          html`<${Card} key=${key} name=${key} title=${title} says=${says}>${fields.map(
            (spec) =>
              html`<${Row} key=${spec.name} host=${host} spec=${spec} hidden=${spec.name === "model" && alone} />`,
          )}<//>`,
      )}
    <${Grants} host=${host} /><${Brought} host=${host} /><${Keys} host=${host} />
    <div class="later" role="status" hidden=${!host.param("later").value}>
      <span>Saved. Your next session will use it.</span><a class="fresh" href="?session=new">Start a new session</a></div></div>`;
}

/** Leads to a field or group: at once, and whenever another is named. @param {{current: HTMLElement | null}} root @param {string} place */
function useLed(root, place) {
  const lead = () => {
    const name = CSS.escape(place);
    const target = place && root.current?.querySelector(`.row[data-name="${name}"], [data-key="${name}"]`);
    if (!target) return;
    requestAnimationFrame(() => {
      target.scrollIntoView({ block: "start" });
      const control = target.querySelector("input:not([hidden]), select");
      /** @type {HTMLElement | null} */ (control)?.focus({ preventScroll: true });
    });
  };
  const known = useRef(place);
  useInPage(root, lead);
  useLayoutEffect(() => {
    if (place !== known.current) lead();
    known.current = place;
  }, [place]);
}

/** @param {{name: string, title: string, says: string, hidden?: boolean, children?: any}} props */
function Card({ name, title, says, hidden, children }) {
  return html`<section class="card" data-key=${name} hidden=${hidden} aria-labelledby=${`group-${name}`}>
    <h2 id=${`group-${name}`}>${title}</h2><p class="lead">${says}</p>${children}</section>`;
}

/**
 * What stands in a control: the server's value, or what was typed since. What was refused stays as it was typed,
 * so that it can be corrected, and so does what is being typed.
 *
 * @param {State | undefined} state
 * @param {string} error
 * @param {() => boolean} typing Whether the keyboard is in the control.
 */
function useTyped(state, error, typing) {
  const [typed, setTyped] = useState(/** @type {any} */ (undefined));
  const failed = useRef(false);
  const renew = () => {
    if (!error && (failed.current || !typing())) setTyped(undefined);
    failed.current = Boolean(error);
  };
  useLayoutEffect(renew, [state, error]);
  useLayoutEffect(() => link.onRestored(renew)); // what was changed into a gap was not kept
  return /** @type {const} */ ([typed === undefined ? state?.value : typed, setTyped]);
}

/** @param {{host: Host, spec: Spec, hidden: boolean}} props */
function Row({ host, spec, hidden }) {
  const { name, kind, label, says, when } = spec;
  const state = host.param("fields").value[name];
  const error = host.param("errors").value[name] ?? "";
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const id = `set-${name.replaceAll(".", "-")}`;
  const inUse = () => /** @type {any} */ (root.current?.getRootNode())?.activeElement?.id === id;
  const [value, setTyped] = useTyped(state, error, inUse);
  if (!state) return null;
  const keeps = kind === "text" || kind === "number"; // what is typed stays, a switch goes back
  const decide = (/** @type {any} */ wanted) => {
    setTyped(wanted);
    if (!host.send({ type: "put", name, value: wanted }) && !keeps) setTyped(undefined);
  };
  const locked = Boolean(state.lock);
  const about = {
    id,
    disabled: locked,
    "aria-labelledby": `${id}-label`,
    "aria-describedby": `${id}-says ${id}-error`,
    "aria-invalid": String(Boolean(error)),
  };
  const meaning = meaningOf(spec, value);
  const words = when === "now" ? t("at once") : t("next session");
  return html`<div class=${`row kind-${kind}`} data-name=${name} hidden=${hidden} ref=${root}>
    <div class="head"><${Label} id=${id} spec=${spec}>${label}<//><p class="says" id=${`${id}-says`}>${says}</p></div>
    <div class="side"><div class="line"><${Control} spec=${spec} value=${value} type=${setTyped} decide=${decide} about=${about} />
        <button type="button" class="reset" hidden=${!state.set || locked} aria-label=${t("{setting}: back to the default", { setting: label })}
          onClick=${() => host.send({ type: "reset", name })}>Default</button></div>
      ${meaning !== null && html`<span class=${kind === "switch" ? "meaning warn" : "meaning"}>${meaning}</span>`}
      <span class="lock">${locked && t("Decided by {where}", { where: state.lock })}</span><p class="fault" id=${`${id}-error`}>${error}</p></div>
    <span class=${when === "now" ? "when now" : "when"}>${kind !== "fact" && words}</span></div>`;
}

/** @param {{id: string, spec: Spec, children?: any}} props */
function Label({ id, spec: { kind }, children }) {
  if (kind === "several" || kind === "fact") return html`<span class="label" id=${`${id}-label`}>${children}</span>`;
  return html`<label class="label" id=${`${id}-label`} for=${id}>${children}</label>`;
}

/** @param {{host: Host}} props */
function Grants({ host }) {
  const grants = host.param("grants").value;
  const says = grants.length
    ? t(
        "You allowed these in the conversation. They run without asking until the session ends, or always where it says so.",
      )
    : t(
        "Nothing. When you are asked whether a command may run or a program may start, you can allow that one for the session.",
      );
  return html`<${Card} name="grants" title="Allowed by you" says=${says}><ul class="grants">${grants.map(
    ({ id, words }) =>
      html`<li key=${id}><span>${words}</span><button type="button" class="plain" aria-label=${t("Ask again about {what}", { what: words })}
        onClick=${() => host.send({ type: "withdraw", name: id })}>Ask again</button></li>`,
  )}</ul><//>`;
}

/** @param {{host: Host}} props */
function Brought({ host }) {
  const brought = host.param("brought").value;
  const errors = host.param("errors").value;
  const says = t(
    "These came with this session and are not in effect. Choose what to use here; the rest is only shown.",
  );
  return html`<${Card} name="brought" title="Came with the import" says=${says} hidden=${!brought.length}><ul class="grants">${brought.map(
    ({ name, words }) =>
      html`<li key=${name}><span>${words}</span><button type="button" class="plain" aria-label=${t("Use here: {what}", { what: words })}
          onClick=${() => host.send({ type: "take", name })}>Use here</button>
        ${errors[name] && html`<p class="fault">${errors[name]}</p>`}</li>`,
  )}</ul><//>`;
}

/** @param {{host: Host}} props */
function Keys({ host }) {
  const home = host.param("home").value;
  const says = t(
    "Keys that you enter stay on this server and are used for your own sessions only: they are never sent back to a page, logged, or given to the desktop.",
  );
  return html`<${Card} name="keys" title="Keys" says=${says}>
    <p class="lead home">${home && t("What you enter is kept in {where}.", { where: home })}</p>
    ${host.param("keys").value.map((key) => html`<${Key} key=${key.name} host=${host} state=${key} />`)}<//>`;
}

/** @param {{host: Host, state: KeyState}} props */
function Key({ host, state }) {
  const { name, label, says, where, there, mine, good, result } = state;
  const [typed, setTyped] = useState("");
  const [waits, setWaits] = useState("");
  const sent = useRef("");
  useLayoutEffect(() => {
    if (!result) return;
    setWaits("");
    if (good) setTyped((now) => (now.trim() === sent.current ? "" : now)); // a key that was not kept stays
    sent.current = "";
  }, [state]);
  const id = `key-${name}`;
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const value = typed.trim();
    if (!value || !host.send({ type: "key", name, value })) return;
    sent.current = value;
    setWaits(t("Saving…"));
  };
  const test = () => host.send({ type: "try_key", name }) && setWaits(t("Asking the service…"));
  const tone = good ? "result good" : "result bad";
  return html`<form class="key" data-name=${name} onSubmit=${submit}>
    <div class="head"><label class="label" for=${id}>${label}</label><p class="says">${says}</p></div>
    <div class="side"><p class=${there ? "where there" : "where"}>${where}</p>
      <div class="line"><input id=${id} type="password" autocomplete="off" spellcheck=${false} placeholder="Paste a key" hidden=${!mine}
          value=${typed} onInput=${(/** @type {any} */ event) => setTyped(event.currentTarget.value)} />
        <button class="plain" hidden=${!mine}>Save</button>
        <button type="button" class="plain" hidden=${!there} onClick=${test}>Test</button>
        <button type="button" class="plain" hidden=${!there || !mine} onClick=${() => host.send({ type: "remove_key", name })}>Remove</button></div>
      <p class=${waits || !result ? "result" : tone} role="status">${waits || result}</p></div></form>`;
}

export default component("Settings", Settings);
