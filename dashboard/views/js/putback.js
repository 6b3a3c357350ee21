import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html, useMessages } from "../../js/base.js";
import { live } from "../../js/link/hooks.js";
import { link } from "../../js/link/link.js";
import { plural, t } from "../../js/words.js";

/** @typedef {{key: string, name: string, what: string, does: string, folder: boolean, why: string}} Change */
/**
 * @typedef {object} Told What Python says of one put back: what it would do, a refusal, or its end.
 * @property {string} id
 * @property {string} [error]
 * @property {string} [refusal]
 * @property {boolean} [done]
 * @property {string} [token]
 * @property {string} [summary]
 * @property {string[]} [notes]
 * @property {string[]} [failed]
 * @property {Change[]} [ready]
 * @property {Change[]} [conflicts]
 * @property {Change[]} [lost]
 * @property {[number, number, number]} [counts]
 * @property {string} [use] What is recorded, and how much room that takes.
 */
/** @typedef {import("../../js/base.js").Host<any>} Host */

const OPEN = "sayso-put-back";

/** Asks for the dialog about a task, or about a put back that is to be undone. @param {string} id @param {boolean} undo */
export function askPutBack(id, undo) {
  window.dispatchEvent(new CustomEvent(OPEN, { detail: { id, undo } }));
}

/**
 * The button on a task's end, or on a put back.
 *
 * @param {{id: string, count?: number, undo?: boolean}} props
 */
export function PutBackButton({ id, count = 0, undo = false }) {
  const title = undo
    ? t("Undo this")
    : plural(count, "{n} file or folder changed in this task", "{n} files or folders changed in this task");
  return html`<button type="button" class="put-back" title=${title} onClick=${() => askPutBack(id, undo)}>
    ${undo ? t("Undo…") : t("Put the files back…")}</button>`;
}

/**
 * Shows first what would be done, and does it when that is confirmed. It is not modal: Stop works
 * beside it.
 *
 * @param {{host: Host, done: () => void}} props ``done``: it was done at this page.
 */
export function PutBackDialog({ host, done }) {
  const dialog = useRef(/** @type {HTMLElement | null} */ (null));
  const asked = useSignal({ id: "", undo: false });
  const told = useSignal(/** @type {Told | null} */ (null));
  const error = useSignal("");
  const busy = useSignal(false);
  const chosen = useSignal(/** @type {Set<string>} */ (new Set()));

  function look() {
    told.value = null;
    chosen.value = new Set();
    host.ask({ type: "put_back_look", id: asked.peek().id });
  }

  useEffect(() => {
    const open = (/** @type {any} */ event) => {
      asked.value = event.detail;
      error.value = "";
      busy.value = false;
      look();
      if (!dialog.current?.matches(":popover-open")) dialog.current?.showPopover();
    };
    window.addEventListener(OPEN, open);
    // What was asked before a gap may have vanished in it: what is there now is looked at again.
    const end = link.onRestored(() => {
      if (!dialog.current?.matches(":popover-open") || (told.peek() && !busy.peek())) return;
      if (busy.peek()) error.value = t("The connection was lost in the meantime. This is how things stand now.");
      busy.value = false;
      look();
    });
    return () => {
      end();
      window.removeEventListener(OPEN, open);
    };
  }, []);

  useMessages(host, ({ put_back: answer }) => {
    if (answer?.id !== asked.peek().id) return;
    const acted = busy.peek();
    busy.value = false;
    if (answer.done) {
      dialog.current?.hidePopover();
      if (acted) done();
    } else if (answer.error && acted) {
      error.value = answer.error;
      look();
    } else if (answer.error) {
      error.value = answer.error;
      told.value = { id: answer.id };
    } else told.value = answer;
  });

  function act() {
    if (!link.live) return link.presses.refuse();
    busy.value = true;
    error.value = "";
    // Not repeated after a gap: what there is to be put back is looked at again then.
    host.ask({ type: "put_back", id: asked.value.id, token: told.value?.token, choose: [...chosen.value] });
  }

  const { ready = [], conflicts = [], lost = [], notes = [], counts = [0, 0, 0], refusal = "" } = told.value ?? {};
  const count = counts[0] + chosen.value.size;
  const title = asked.value.undo ? t("Undo putting the files back") : t("Put the files back");
  return html`<div class="put-back-dialog" popover="auto" role="dialog" ref=${dialog} aria-label=${title}>
    <h2>${title}</h2>
    <div class="body" tabindex="0" role="group" aria-label="What would be done" aria-busy=${told.value === null}>
      ${error.value && html`<p class="wrong" role="alert">${error.value}</p>`}
      ${refusal && html`<p class="wrong" role="alert">${refusal}</p>`}
      ${told.value === null ? html`<p role="status">${live.value ? t("Checking the files…") : t("No connection. The files will be checked when it is back.")}</p>` : html`<p role="status">${told.value.summary}</p>`}
      ${ready.length > 0 && html`<${Rows} changes=${ready} count=${counts[0]} />`}
      ${conflicts.length > 0 && html`<h3>Changed since: kept unless you choose them</h3>`}
      ${conflicts.length > 0 && html`<${Rows} changes=${conflicts} count=${counts[1]} chosen=${chosen} />`}
      ${lost.length > 0 && html`<h3>Cannot be put back</h3>`}
      ${lost.length > 0 && html`<${Rows} changes=${lost} count=${counts[2]} />`}
      ${notes.map((note) => html`<p class="hint">${note}</p>`)}
      ${told.value?.use && html`<p class="hint">${told.value.use}</p>`}
    </div>
    <div class="buttons">
      <button type="button" class="do" disabled=${busy.value || count === 0 || Boolean(refusal)} onClick=${act}>
        ${busy.value ? t("Putting back…") : label(count)}</button>
      <button type="button" autofocus onClick=${() => dialog.current?.hidePopover()}>${count === 0 || refusal ? t("Close") : t("Cancel")}</button>
    </div>
  </div>`;
}

/** @param {number} count */
function label(count) {
  if (count === 0) return t("Put back");
  return plural(count, "Put {n} item back", "Put {n} items back");
}

/** @param {{changes: Change[], count: number, chosen?: import("@preact/signals").Signal<Set<string>>}} props */
function Rows({ changes, count, chosen }) {
  return html`<ul>
    ${changes.map((change) => html`<${Row} key=${change.key} change=${change} chosen=${chosen} />`)}
    ${count > changes.length && html`<li class="hint">${t("and {n} more", { n: count - changes.length })}</li>`}
  </ul>`;
}

/** @param {{change: Change, chosen?: import("@preact/signals").Signal<Set<string>>}} props */
function Row({ change, chosen }) {
  const name = html`<span class="name">${change.name}${change.folder ? "/" : ""}</span>${" "}<span class="does">${change.does}</span>
    ${change.why && html`<span class="why">${change.why}</span>`}`;
  if (!chosen) return html`<li class=${change.what}>${name}</li>`;
  const toggle = () => {
    const next = new Set(chosen.peek());
    if (!next.delete(change.key)) next.add(change.key);
    chosen.value = next;
  };
  return html`<li class=${change.what}><label>
    <input type="checkbox" checked=${chosen.value.has(change.key)} onChange=${toggle} /><span>${name}</span>
  </label></li>`;
}
