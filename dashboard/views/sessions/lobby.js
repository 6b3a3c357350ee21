/** The page when it shows no running session: one that has ended, none, too many, or the list. */
import { useState } from "preact/hooks";
import { component, html, Slot } from "../../js/base.js";
import { inBytes, inFiles } from "../js/format.js";
import { Delete, Exports, SessionList, Sessions, when } from "../js/sessions.js";
import { ThemeSwitch } from "../js/theme.js";
import { t } from "../../js/words.js";

/** @typedef {import("../../js/base.js").Host<any>} Host */
/** @typedef {{text: string, at: number, end: string, said: string}} Task */

/** @type {WeakMap<Host, Sessions>} */
const stores = new WeakMap();

/** @param {Host} host */
function storeOf(host) {
  const known = stores.get(host);
  if (known) return known;
  const made = new Sessions(host);
  stores.set(host, made);
  host.listen((message) => {
    if (message.type !== "deleted" || message.id !== host.param("session").value.id) return;
    location.assign("?view=sessions");
  });
  made.ask("list");
  return made;
}

/** @param {{host: Host, sessions: Sessions}} props */
function Ended({ host, sessions }) {
  const session = host.param("session").value;
  const [open, setOpen] = useState("");
  const failed = host.param("kind").value === "failed";
  const size = sessions.rows.value.find((row) => row.id === session.id)?.size;
  const facts = [
    session.began && t("Begun {when}", { when: when(session.began) }),
    session.last && t("Last used {when}", { when: when(session.last) }),
    size && t("{size} on disk", { size: inBytes(size.bytes) }),
    size && inFiles(size.files),
    session.dollars ? `$${session.dollars.toFixed(2)}` : "",
  ].filter(Boolean);
  const toggle = (/** @type {string} */ what) => () => {
    const now = open === what ? "" : what;
    if (!host.send({ type: "room", name: now })) return;
    setOpen(now);
    if (what === "delete" && now) sessions.ask("count", session.id);
  };
  const press = (/** @type {string} */ what, /** @type {string} */ label, name = "") =>
    html`<button type="button" class=${name} aria-expanded=${open === what} onClick=${toggle(what)}>${label}</button>`;
  const onKey = (/** @type {any} */ event) => {
    if (event.key !== "Escape" || !["delete", "export"].includes(open)) return;
    event.currentTarget.querySelector(".actions [aria-expanded=true]")?.focus();
    toggle(open)();
  };
  return html`<section class="one" aria-label="This session" onKeyDown=${onKey}>
    <p class="facts">${facts.map((fact) => html`<span>${fact}</span>`)}</p>
    <p class="trouble" role="alert" hidden=${!host.param("trouble").value}>${host.param("trouble").value}</p>
    <p class="told" role="alert" hidden=${!sessions.told.value}>${sessions.told.value}</p>
    <div class="actions">
      ${
        failed
          ? html`<a class="button primary" href=${`?session=${encodeURIComponent(session.id)}`}>Try again</a>`
          : html`<button type="button" class="primary" onClick=${() => sessions.ask("resume", session.id)}>Resume</button>`
      }
      ${host.param("rooms").value.map((/** @type {[string, string]} */ [key, label]) => press(key, label))}
      ${press("export", t("Export…"))}
      ${press("delete", t("Delete…"), "danger")}
    </div>
    ${open === "export" && html`<${Exports} row=${session} sessions=${sessions} />`}
    ${open === "delete" && html`<${Delete} row=${{ ...session, running: false }} sessions=${sessions} done=${toggle("delete")} />`}
    <${Slot} host=${host} name="room" class=${host.param("room_shown").value ? `room ${open}` : "room empty"} />
    ${!host.param("room_shown").value && html`<${Tasks} tasks=${session.tasks ?? []} count=${session.count ?? 0} />`}
  </section>`;
}

/** @param {{tasks: Task[], count: number}} props */
function Tasks({ tasks, count }) {
  if (!tasks.length) return null;
  const more = count - tasks.length;
  return html`<h2>What was asked</h2>
    ${more > 0 && html`<p class="none">${t("The last {n} of {all}.", { n: tasks.length, all: count })}</p>`}
    <ol class="tasks">
      ${tasks.map(
        (task) => html`<li>
          <p class="asked">${task.text}</p>
          <p class="said"><b>${task.end || t("Not finished")}</b> ${task.said}</p>
        </li>`,
      )}
    </ol>`;
}

/** @param {{host: Host}} props */
function Lobby({ host }) {
  const sessions = storeOf(host);
  const kind = host.param("kind").value;
  const about = kind === "ended" || kind === "failed";
  const person = host.param("person").value;
  const own = sessions.rows.value.some((row) => row.running);
  const freed = kind === "full" && sessions.known.value && !own;
  const title = kind === "full" ? t("What you have running") : t("Your other sessions");
  return html`<main class="lobby">
    <nav aria-label="Sayso">
      <a href="?session=new">New session</a>
      ${kind !== "list" && html`<a href="?view=sessions">All your sessions</a>`}
      ${person && html`<span>Signed in as <b>${person}</b> <a href="logout">Sign out</a></span>`}
      <${ThemeSwitch} />
    </nav>
    <h1>${host.param("heading").value}</h1>
    ${kind === "ended" && html`<p class="lead"><b>Ended.</b> ${host.param("text").value}</p>`}
    ${kind !== "ended" && host.param("text").value && html`<p class="lead">${host.param("text").value}</p>`}
    ${about && html`<${Ended} host=${host} sessions=${sessions} />`}
    ${!about && kind !== "list" && (own || kind !== "full") && html`<h2>${title}</h2>`}
    ${
      !about &&
      html`<${SessionList} sessions=${sessions} tools=${true}
        only=${kind === "full" ? (/** @type {any} */ row) => row.running : undefined} />`
    }
    ${kind === "full" && freed && html`<p>None of yours is running. Other people’s are; there is room again when they end.</p>`}
    ${kind === "full" && html`<p><a class="button" href=${location.search || "?"}>Try again</a></p>`}
  </main>`;
}

export default component("Sessions", Lobby);
