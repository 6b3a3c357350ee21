/** Settings: secrets that the agent may type. A value goes to the server and never comes back. */
import { useEffect, useRef, useState } from "preact/hooks";
import { component, html } from "../../js/base.js";
import { live } from "../../js/link/hooks.js";
import { t } from "../../js/words.js";

/** @typedef {import("../../js/base.js").Host<any>} Host */
/** @typedef {{name: string, place: string}} Row */

const EMPTY = { name: "", value: "", program: "", title: "" };
const GONE = t("No connection to the server: nothing can be changed now.");

/** @param {{host: Host}} props */
function Secrets({ host }) {
  const [form, setForm] = useState(EMPTY);
  const first = useRef(/** @type {HTMLInputElement | null} */ (null));
  /** @type {Row[]} */
  const rows = host.param("rows").value;
  /** @type {string[]} */
  const programs = host.param("programs").value;
  const error = host.param("error").value;
  const said = live.value ? host.param("said").value : GONE;

  useEffect(() => host.listen((message) => message.type === "kept" && setForm(EMPTY)), [host]);

  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!live.value) return;
    host.send({ type: "keep", ...form });
    setForm((old) => ({ ...old, value: "" }));
    first.current?.focus();
  };
  const entry = (
    /** @type {keyof typeof EMPTY} */ key,
    /** @type {string} */ label,
    /** @type {Record<string, unknown>} */ more = {},
  ) =>
    html`<label>
      <span>${label}</span>
      <input value=${form[key]} autocomplete="off" spellcheck=${false}
        onFocus=${() => key === "program" && host.send({ type: "look" })}
        onInput=${(/** @type {any} */ event) => setForm({ ...form, [key]: event.currentTarget.value })}
        ...${more} />
    </label>`;

  return html`<section class="card" aria-labelledby="group-secrets">
    <h2 id="group-secrets">Secrets it may type</h2>
    <p class="lead">
      Passwords that the agent may type without seeing them: only into a password field of the
      program that each is for, and after you have allowed it. They stay in the server's memory until
      this session ends. They are never sent back to a page, shown to the model, or written down.
    </p>
    <ul class="rows">
      ${rows.map(
        (row) => html`<li key=${row.name}>
          <span><b>${row.name}</b> ${t("for {place}", { place: row.place })}</span>
          <button type="button" disabled=${!live.value} aria-label=${t("Remove {name}", { name: row.name })}
            onClick=${() => host.send({ type: "forget", name: row.name })}>Remove</button>
        </li>`,
      )}
      ${!rows.length && html`<li class="none">None yet.</li>`}
    </ul>
    <form onSubmit=${submit}>
      ${entry("name", t("Name"), { ref: first, placeholder: t("mail password"), required: true, maxlength: 40 })}
      ${entry("value", t("Secret"), { type: "password", required: true, maxlength: 500 })}
      ${entry("program", t("Program"), { list: "secret-programs", placeholder: "thunar", required: true })}
      ${entry("title", t("Title contains (optional)"))}
      <datalist id="secret-programs">${programs.map((name) => html`<option value=${name} />`)}</datalist>
      <button class="keep" disabled=${!live.value}>Save</button>
    </form>
    <p class="fault" role="alert" hidden=${!error}>${error}</p>
    <p class="said" role="status" hidden=${!said}>${said}</p>
  </section>`;
}

export default component("Secrets", Secrets);
