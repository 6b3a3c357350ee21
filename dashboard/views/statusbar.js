/** The line at the top. The badge says with colour, shape and word who has the mouse. */
import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { component, html } from "../js/base.js";
import { live } from "../js/link/hooks.js";
import { SessionList, Sessions } from "./js/sessions.js";
import { ThemeSwitch } from "./js/theme.js";
import { language, t } from "../js/words.js";

/** @typedef {import("../js/base.js").Host<any>} Host */
/** @typedef {{id: string, label: string, text: string, place?: string}} Notice */

/** @type {Record<string, string>} */
const WHO = {
  idle: t("Ready"),
  listening: t("Listening"),
  thinking: t("Thinking"),
  speaking: t("Speaking"),
  acting: t("Acting"),
  held: t("Holding"),
  waiting: t("Waiting for you"),
  yours: t("You have the mouse"),
  stopped: t("Stopped"),
  disconnected: t("Not connected"),
};
const NARROW = matchMedia("(max-width: 760px)");
const narrow = signal(NARROW.matches);
NARROW.addEventListener("change", () => {
  narrow.value = NARROW.matches;
});
const MOST = 12; // sessions in the menu

/** @param {string} who */
const word = (who) => WHO[who] ?? who;

/** @param {number} n */
function short(n) {
  if (n < 1000) return `${n}`;
  return n < 1e6 ? `${(n / 1000).toFixed(n < 1e4 ? 1 : 0)}k` : `${(n / 1e6).toFixed(1)}M`;
}

/** @param {number} seconds */
function span(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

/**
 * What opens below its own label, and closes by Escape or a press elsewhere.
 *
 * @param {{label: any, name: string, opened?: () => void, children?: any}} props
 */
function Menu({ label, name, opened, children }) {
  const box = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  const away = useRef((/** @type {Event} */ event) => {
    if (box.current && !event.composedPath().includes(box.current)) box.current.open = false;
  });
  useEffect(() => () => document.removeEventListener("click", away.current), []);
  const onToggle = () => {
    const open = box.current?.open;
    document[open ? "addEventListener" : "removeEventListener"]("click", away.current);
    if (open) opened?.();
  };
  const onKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !box.current?.open) return;
    box.current.open = false;
    box.current.querySelector("summary")?.focus();
    event.stopPropagation();
  };
  return html`<details ref=${box} class=${`menu ${name}`} onToggle=${onToggle} onKeyDown=${onKey}>
    <summary>${label}</summary><div class="panel">${children}</div>
  </details>`;
}

/** @param {{host: Host, sessions: Sessions}} props */
function SessionMenu({ host, sessions }) {
  const person = host.param("person").value;
  return html`<${Menu} name="sessions" opened=${() => sessions.ask("list")}
    label=${html`<span class="name" title=${host.param("session")}>${host.param("session")}</span>`}>
    <${SessionList} sessions=${sessions} here=${host.param("session_id").value} most=${MOST}
      replay=${(/** @type {string} */ id) => host.send({ type: "replay", id })} />
    <p class="ends"><a href="?session=new">New session</a> <a href="?view=sessions">All sessions</a>
      <${Languages} names=${host.param("languages").value} />
      ${person && html`<span>${t("Signed in as {name}", { name: person })} <a href="logout">Sign out</a></span>`}</p>
  <//>`;
}

/** The page in another language: this browser keeps what is chosen. @param {{names: Record<string, string>}} props */
function Languages({ names }) {
  return Object.entries(names)
    .filter(([code]) => code !== language())
    .map(
      ([code, name]) =>
        html`<a key=${code} class="language" lang=${code} hreflang=${code} href=${inLanguage(code)}>${name}</a>`,
    );
}

/** This address, for a page in a language. @param {string} code */
function inLanguage(code) {
  const here = new URL(location.href);
  here.searchParams.set("language", code);
  return here.search;
}

/** @param {{host: Host}} props */
function Badge({ host }) {
  const known = host.param("who").value;
  const up = live.value; // else what is known of the session is old
  const who = up ? known : "disconnected";
  const detail = up ? host.param("detail").value : t("Last known: {state}", { state: word(known) });
  const pending = up && host.param("pending").value;
  useEffect(() => {
    document.title = `${pending ? `● ${pending}` : word(who)} – Sayso`;
  }, [who, pending]);
  return html`<div class=${`badge who-${who}`} role="status" title=${detail}>
    <span class="dot"></span><span class="word">${word(who)}</span>
    <span class="detail">${detail.startsWith(word(who)) ? "" : detail}</span>
  </div>`;
}

/** @param {{host: Host, notice: Notice, title?: boolean}} props */
function Told({ host, notice, title = false }) {
  const change = (/** @type {any} */ event) => {
    event.target.closest("details").open = false;
    host.send({ type: "go", view: "settings", place: notice.place });
  };
  return html`${title && html`<h3>${notice.label}</h3>`}
    <p>${notice.text}</p>
    ${notice.place && html`<button type="button" class="change" onClick=${change}>Change in Settings</button>`}`;
}

/** @param {{host: Host, notice: Notice}} props */
function NoticeMenu({ host, notice }) {
  return html`<${Menu} name=${`notice notice-${notice.id}`} label=${notice.label}>
    <${Told} host=${host} notice=${notice} />
  <//>`;
}

/** All notices in one menu, where there is no room for each. @param {{host: Host, notices: Notice[]}} props */
function Notices({ host, notices }) {
  if (notices.length === 0) return null;
  const worst = notices.some(({ id }) => id === "confined") ? "notice-confined" : "";
  const sign = html`<span role="img" aria-label="About this session">i</span>`;
  return html`<${Menu} name=${`notice ${worst}`} label=${sign}>
    ${notices.map((notice) => html`<${Told} key=${notice.id} host=${host} notice=${notice} title=${true} />`)}
  <//>`;
}

/** @param {{host: Host}} props */
function Meters({ host }) {
  const since = host.param("since").value;
  const [, setNow] = useState(0);
  useEffect(() => {
    if (!since || !live.value) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [since, live.value]);
  const warning = host.param("warning").value;
  const { dollars, tokens } = host.param("allowed").value;
  return html`<div class=${`meters ${warning ? "close" : ""}`} title=${warning}>
    <span title=${t("Spent in this session; a task may spend {price}", { price: `$${dollars}` })}>$${host.param("dollars").value.toFixed(2)}</span>
    <span title=${t("Tokens used in this session; the limit is {limit}", { limit: short(tokens ?? 0) })}>${t("{n} tok", { n: short(host.param("tokens").value) })}</span>
    <span title="Time on the running task">${since ? span(Date.now() / 1000 - since) : "0:00"}</span>
  </div>`;
}

/** @type {WeakMap<Host, Sessions>} */
const stores = new WeakMap();

/** The page's address names its session, and the page leaves when that has ended. @param {Host} host */
function storeOf(host) {
  const known = stores.get(host);
  if (known) return known;
  const made = new Sessions(host);
  stores.set(host, made);
  host.param("gone").subscribe((/** @type {string} */ where) => {
    if (where) location.assign(where);
  });
  const here = new URL(location.href);
  const id = host.param("session_id").value;
  if (id && here.searchParams.get("session") !== id) {
    here.searchParams.set("session", id);
    history.replaceState(null, "", here);
  }
  return made;
}

/** @param {{host: Host}} props */
function StatusBar({ host }) {
  const sessions = storeOf(host);
  /** @type {Notice[]} */
  const notices = host.param("notices").value;
  return html`<div class="bar">
    <${SessionMenu} host=${host} sessions=${sessions} />
    <${Badge} host=${host} />
    <div class=${narrow.value ? "notices few" : "notices"}>
      ${
        narrow.value
          ? html`<${Notices} host=${host} notices=${notices} />`
          : notices.map((notice) => html`<${NoticeMenu} key=${notice.id} host=${host} notice=${notice} />`)
      }
    </div>
    <${Meters} host=${host} />
    <${ThemeSwitch} />
  </div>`;
}

export default component("Status bar", StatusBar);
