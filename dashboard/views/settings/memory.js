/** Settings: notes that outlast a session, for the person to read, change and remove. */
import { useEffect, useState } from "preact/hooks";
import { component, html } from "../../js/base.js";
import { live } from "../../js/link/hooks.js";
import { t } from "../../js/words.js";

const ON = t("Memory is on: new sessions read these notes, and ask you before they change one.");
const OFF = t("Memory is off: new sessions neither read nor write these notes.");
/** @typedef {import("../../js/base.js").Host<any>} Host */
/** @typedef {{name: string, text: string}} Note */

const GONE = t("No connection to the server: nothing can be changed now.");

/** @param {{note: Note, host: Host}} props */
function Note({ note, host }) {
  const [text, setText] = useState(note.text);
  useEffect(() => setText(note.text), [note.text]);
  return html`<details>
    <summary>${note.name}</summary>
    <textarea aria-label=${t("Text of {name}", { name: note.name })} value=${text} spellcheck=${false}
      onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)}></textarea>
    <div class="acts">
      <button type="button" disabled=${!live.value || text === note.text}
        aria-label=${t("Save the change to {name}", { name: note.name })}
        onClick=${() => host.send({ type: "write", name: note.name, text })}>Save</button>
      <button type="button" disabled=${!live.value} aria-label=${t("Forget {name}", { name: note.name })}
        onClick=${() => host.send({ type: "forget", name: note.name })}>Forget</button>
    </div>
  </details>`;
}

/** @param {{host: Host}} props */
function Memory({ host }) {
  /** @type {Note[]} */
  const notes = host.param("notes").value;
  const active = host.param("active").value;
  const error = host.param("error").value;
  const said = live.value ? host.param("said").value : GONE;
  const [name, setName] = useState("");
  const [text, setText] = useState("");
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!live.value) return;
    host.send({ type: "write", name, text });
    setName("");
    setText("");
  };
  return html`<section class="card" aria-labelledby="group-memory">
    <h2 id="group-memory">What it remembers</h2>
    <p class="lead">
      ${active ? ON : OFF} ${t("They are kept on the server, outside every desktop, and sent to Anthropic when they are read.")}
    </p>
    <div>
      ${notes.map((note) => html`<${Note} key=${note.name} note=${note} host=${host} />`)}
      ${!notes.length && html`<p class="none">Nothing yet.</p>`}
    </div>
    <form onSubmit=${submit}>
      <label><span>Name of a new note</span>
        <input value=${name} required maxlength="150" placeholder="preferences.md" autocomplete="off"
          onInput=${(/** @type {any} */ event) => setName(event.currentTarget.value)} /></label>
      <label class="wide"><span>Text</span>
        <textarea value=${text} required
          onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)}></textarea></label>
      <button class="keep" disabled=${!live.value}>Remember</button>
    </form>
    <p class="fault" role="alert" hidden=${!error}>${error}</p>
    <p class="said" role="status" hidden=${!said}>${said}</p>
  </section>`;
}

export default component("Memory", Memory);
