// Replay: sessions on the left, one of them (or two) in the middle, what lies behind a step on the right.
import { batch, computed, signal } from "@preact/signals";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { component, html, useMessages } from "../../../js/base.js";
import { link } from "../../../js/link/link.js";
import { Compare, Comparison } from "./compare.js";
import { Details } from "./details.js";
import { Exporter, ExportMenu, Gathered } from "./exporter.js";
import { fetchJson, reason } from "./fetch.js";
import { Lanes } from "./lanes.js";
import { SessionList, Shelf } from "./list.js";
import { Picture, Player, Transport } from "./player.js";
import { VirtualList } from "./virtual.js";
import { clock, factsOf, LANE_WORDS, lastAt, nameOf } from "./words.js";
import { many, plural, t } from "../../../js/words.js";

/** @typedef {import("../../../js/base.js").Host<{}>} Host */
/** @typedef {import("./words.js").Step} Step */
/** @typedef {import("./words.js").Timeline} Timeline */
/** @typedef {import("./list.js").Row} Row */
/** @typedef {"empty" | "loading" | "failed" | "one" | "two"} Mode */
/** @typedef {{mode: Mode, title: string, text: string, again: (() => void) | null}} Scene */
/** @typedef {{rows: Row[], here: string, mp4: boolean, open: {name?: string, against?: string}, exports: import("./exporter.js").Made[]}} Listed */

const ADDRESS = "replay";
const MOMENT = "at"; // seconds of the timeline
const SETTLED = 300; // ms after which a moment is put into the address
const COPIED = 2000; // ms for which it is said that the link was copied
const HEIGHT = 30; // px of a step's row
const NARROW = "(max-width: 760px)";
const NEAR = 0.006; // seconds within which an address means a step: it has hundredths
const SLACK = 1e-6;

/** The steps of a list that hold what is looked for. @param {Step[]} steps @param {string} query */
export function matchingSteps(steps, query) {
  const wanted = query.trim().toLowerCase();
  return steps.filter((step) => step.lane !== "cost" && step.label.toLowerCase().includes(wanted));
}

/** The address of a recording at a moment. @param {URL} url Is changed. @param {string} name @param {number} time */
export function addressed(url, name, time) {
  url.searchParams.set("view", "replay");
  url.searchParams.set(ADDRESS, name);
  if (time > 0) url.searchParams.set(MOMENT, String(Math.round(time * 100) / 100));
  else url.searchParams.delete(MOMENT);
  return url;
}

/** The view: what is shown, and what is done with it. */
class Replay {
  name = signal("");
  timeline = signal(/** @type {Timeline | null} */ (null));
  against = signal("");
  scene = signal(
    /** @type {Scene} */ ({
      mode: "empty",
      title: t("Choose a session"),
      text: t("Its timeline, pictures, and everything that was sent and answered are shown here."),
      again: null,
    }),
  );
  told = signal({ text: "", href: "" });
  newer = signal(0); // events that came since
  copied = signal("");
  query = signal("");
  step = signal(/** @type {Step | null} */ (null)); // the chosen one
  behind = signal(/** @type {Step | null} */ (null)); // the one whose details are shown
  at = signal({ index: -1 }); // its row, or that of the time
  picking = signal(!matchMedia(NARROW).matches);
  found = computed(() => matchingSteps(this.timeline.value?.steps ?? [], this.query.value));
  title = computed(() => (this.name.value ? this.titleOf(this.name.value) : t("Replay")));
  others = computed(() => this.shelf.rows.value.filter((row) => `session/${row.id}` !== this.name.value));
  #loads = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #settling;

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    const send = (/** @type {{type: string}} */ message) => host.send(message);
    this.exporter = new Exporter(send);
    this.comparison = new Comparison();
    this.player = new Player((time) => this.#moved(time));
    this.shelf = new Shelf({
      send,
      open: (name) => void this.open(name),
      compare: (name) => void this.compare(name),
      tell: (text) => this.tell(text),
    });
  }

  // What the server tells -------------------------------------------------------------

  /** @param {any} message */
  hear(message) {
    /** @type {Record<string, () => void>} */
    const acts = {
      sessions: () => this.#listed(message),
      deleted: () => this.#gone(message.id),
      counted: () => this.shelf.counted(message),
      told: () => this.tell(message.text),
      export: () => this.exporter.told(message),
      discarded: () => this.exporter.discarded(message.url),
      grown: () => this.#grown(message),
    };
    acts[message.type]?.();
  }

  /** @param {Listed} message */
  #listed({ rows, here, mp4, open, exports }) {
    const name = this.name.peek();
    this.shelf.show(rows, here);
    this.exporter.mp4.value = mp4;
    this.exporter.kept(exports);
    this.exporter.of(name, this.title.peek());
    if (open.name && (open.name !== name || open.against)) {
      void this.#openBoth(open.name, open.against);
    } else if (!name) this.#begin(rows, here);
  }

  /** What the address names, else the page's own session, else the latest. @param {Row[]} rows @param {string} here */
  #begin(rows, here) {
    const address = new URL(location.href).searchParams;
    const remembered = address.get(ADDRESS);
    const first = rows.find((row) => row.id === here) ?? rows[0];
    if (remembered) void this.open(remembered, { time: Number(address.get(MOMENT)) || 0 });
    else if (first) void this.open(`session/${first.id}`);
  }

  /** @param {string} name @param {string} [against] */
  async #openBoth(name, against) {
    await this.open(name);
    if (against) await this.compare(against);
  }

  /** @param {string} id */
  #gone(id) {
    if (this.name.peek() === `session/${id}`) {
      this.name.value = "";
      this.#show("empty", t("The session was deleted"), t("Choose another one."));
    }
    if (id === this.shelf.here.peek()) location.assign("?view=replay");
  }

  /** @param {{name: string, events: number}} message */
  #grown({ name, events }) {
    const timeline = this.timeline.peek();
    if (name === this.name.peek() && timeline) this.newer.value = events - timeline.events;
  }

  /** After a gap: what there is now, and how the exports stand whose end may have been told in it. */
  again() {
    if (this.name.peek()) this.host.send({ type: "opened", name: this.name.peek() });
    this.host.send({ type: "list", exports: this.exporter.running });
  }

  renew() {
    this.host.send({ type: "list" });
    void this.open(this.name.peek(), { keep: true });
  }

  /** @param {string} text */
  tell(text, href = "") {
    this.told.value = { text, href };
  }

  // One session -----------------------------------------------------------------------

  /** @param {string} name */
  base(name) {
    return `recordings/${name}`;
  }

  /** @param {string} name */
  async open(name, { keep = false, time: wanted = 0 } = {}) {
    if (!link.reachable) return link.presses.refuse(); // what is shown stays
    this.#loads += 1;
    const load = this.#loads;
    const time = keep ? this.player.time.peek() : wanted;
    this.player.play(false);
    this.tell("");
    this.name.value = name;
    this.shelf.shown.value = name;
    this.#remember(time);
    this.host.send({ type: "opened", name });
    if (!keep && this.timeline.peek()) this.query.value = ""; // what a reloaded page was given back stays
    if (!keep) this.#show("loading", t("Reading the session…"));
    try {
      const timeline = await fetchJson(`${this.base(name)}/timeline`);
      if (load === this.#loads) batch(() => this.#showTimeline(timeline, time));
    } catch (error) {
      const again = () => void this.open(name, { keep, time: wanted });
      if (load === this.#loads) this.#show("failed", t("This session cannot be shown"), reason(error), again);
    }
  }

  /** @param {Timeline} timeline @param {number} time */
  #showTimeline(timeline, time) {
    const name = this.name.peek();
    this.timeline.value = timeline;
    this.against.value = "";
    this.newer.value = 0;
    this.step.value = null;
    this.behind.value = null;
    this.at.value = { index: -1 };
    this.exporter.of(name, this.title.peek());
    if (matchMedia(NARROW).matches) this.picking.value = false;
    if (!timeline.events) return this.#show("empty", t("Nothing happened yet"), t("Give the session a task in Talk."));
    this.#show("one");
    this.player.show(this.base(name), timeline, time);
    const step = time && this.found.peek().find(({ begin }) => Math.abs(begin - time) < NEAR);
    if (step) this.choose(step);
  }

  /** @param {string} name */
  titleOf(name) {
    return this.shelf.rows.value.find((row) => `session/${row.id}` === name)?.name ?? nameOf(name);
  }

  /** @param {string} query */
  find(query) {
    batch(() => {
      this.query.value = query;
      const step = this.step.peek();
      this.at.value = { index: step ? this.found.peek().indexOf(step) : -1 };
    });
  }

  /** @param {Step | undefined} step */
  choose(step) {
    if (!step) return;
    this.player.play(false);
    batch(() => {
      this.step.value = step;
      this.behind.value = step;
      this.player.seek(step.begin);
      this.at.value = { index: this.found.peek().indexOf(step) };
    });
  }

  /** @param {number} by */
  next(by) {
    if (this.against.peek()) return this.comparison.step(by);
    const found = this.found.peek();
    const step = this.step.peek();
    const at = step ? found.indexOf(step) : lastAt(found, this.player.time.peek(), "begin");
    this.choose(found[Math.min(found.length - 1, Math.max(0, at + by))]);
  }

  /** @param {number} time */
  #moved(time) {
    const playing = this.player.playing.peek();
    if (playing || this.step.peek()?.begin !== time) {
      this.step.value = null;
      const index = lastAt(this.found.peek(), time + SLACK, "begin");
      if (index !== this.at.peek().index) this.at.value = { index };
    }
    clearTimeout(this.#settling);
    if (!playing) this.#settling = setTimeout(() => this.#remember(this.player.time.peek()), SETTLED);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || !this.timeline.peek()) return;
    const target = /** @type {Element} */ (event.target);
    if (target.closest("input:not([type=range]), select, textarea, details[open] .panel")) return;
    const pressing = target.closest("button, summary, a");
    if (event.key === "ArrowLeft") this.next(-1);
    else if (event.key === "ArrowRight") this.next(1);
    else if (event.key === " " && !pressing && !this.against.peek()) this.player.play(!this.player.playing.peek());
    else return;
    event.preventDefault();
  }

  // Two -----------------------------------------------------------------------------------

  /** @param {string} name */
  async compare(name) {
    if (!link.reachable) return link.presses.refuse();
    this.#loads += 1;
    const load = this.#loads;
    const [own, mine] = [this.name.peek(), this.timeline.peek()];
    try {
      const [timeline, data] = await Promise.all([
        fetchJson(`${this.base(name)}/timeline`),
        fetchJson(`${this.base(own)}/against/${name}`),
      ]);
      if (load !== this.#loads || !mine) return;
      const side = (/** @type {string} */ which, /** @type {Timeline} */ line) => ({
        base: this.base(which),
        title: this.titleOf(which),
        timeline: line,
      });
      this.player.play(false);
      batch(() => {
        this.against.value = name;
        this.#show("two");
        this.comparison.show(side(own, mine), side(name, timeline), data);
      });
    } catch (error) {
      if (load === this.#loads) this.tell(t("These two cannot be compared. {reason}", { reason: reason(error) }));
    }
  }

  alone() {
    this.against.value = "";
    this.#show("one");
  }

  // The page --------------------------------------------------------------------------------

  /** @param {Mode} mode @param {(() => void) | null} again */
  #show(mode, title = "", text = "", again = null) {
    batch(() => {
      this.scene.value = { mode, title, text, again };
      if (mode === "empty" || mode === "failed") this.timeline.value = null;
    });
  }

  /** @param {number} time */
  #remember(time) {
    const url = new URL(location.href);
    const name = this.name.peek();
    if (url.searchParams.get("view") === "replay" && name) history.replaceState(null, "", addressed(url, name, time));
  }

  /** The link has the moment, but not the session that the page works in. */
  async copyLink() {
    this.player.play(false);
    const time = this.player.time.peek();
    const { href } = addressed(new URL(location.pathname, location.href), this.name.peek(), time);
    try {
      await navigator.clipboard.writeText(href);
      this.copied.value = t("Copied {time}", { time: clock(time, this.timeline.peek()?.seconds) });
      setTimeout(() => {
        this.copied.value = "";
      }, COPIED);
    } catch {
      this.tell(t("The browser does not let this page copy. Here is the link: "), href);
    }
  }

  /** The view is left. */
  forget() {
    this.player.play(false);
    clearTimeout(this.#settling);
    const url = new URL(location.href);
    if (!url.searchParams.has(ADDRESS) || url.searchParams.get("view") === "replay") return;
    url.searchParams.delete(ADDRESS);
    url.searchParams.delete(MOMENT);
    history.replaceState(null, "", url);
  }
}

/** @param {{host: Host}} props */
function App({ host }) {
  const replay = useMemo(() => new Replay(host), []);
  useMessages(host, (message) => replay.hear(message));
  useLayoutEffect(() => {
    const restored = link.onRestored(() => replay.again());
    host.send({ type: "ready" });
    return () => {
      restored();
      replay.forget();
    };
  }, []);
  const toggled = (/** @type {any} */ event) => {
    replay.picking.value = event.currentTarget.open;
  };
  return html`<div class="replay">
    <details class="pick" open=${replay.picking.value} onToggle=${toggled}><summary>Sessions</summary><${SessionList} shelf=${replay.shelf} /></details>
    <${Stage} replay=${replay} /></div>`;
}

/** @param {{replay: Replay}} props */
function Stage({ replay }) {
  const { mode, title, text, again } = replay.scene.value;
  const { text: told, href } = replay.told.value;
  const timeline = replay.timeline.value;
  const shown = mode === "one" || mode === "two";
  return html`<section class="stage" aria-label="Replay" data-mode=${mode} onKeyDown=${(/** @type {KeyboardEvent} */ event) => replay.key(event)}>
    <${Head} replay=${replay} />
    ${told && html`<p class="told" role="alert">${told}${href && html`<a href=${href}>${href}</a>`}</p>`}
    ${
      !shown &&
      html`<div class="empty"><h2>${title}</h2><p>${text}</p>${again && html`<button type="button" onClick=${again}>Try again</button>`}</div>`
    }
    ${timeline && timeline.events > 0 && html`<${Work} replay=${replay} timeline=${timeline} hidden=${mode !== "one"} />`}
    <${Compare} comparison=${replay.comparison} hidden=${mode !== "two"} />
  </section>`;
}

/** @param {{replay: Replay}} props */
function Head({ replay }) {
  const { mode } = replay.scene.value;
  const timeline = replay.timeline.value;
  const against = replay.against.value;
  const newer = replay.newer.value;
  const others = replay.others.value;
  const shown = mode === "one" || mode === "two";
  const compare = (/** @type {any} */ event) => {
    const select = event.currentTarget;
    if (select.value) void replay.compare(select.value);
    select.value = against; // until they are side by side
  };
  return html`<header class="head">
    <div class="what"><h1>${replay.title.value}</h1><p class="soft">${timeline && factsOf(timeline)}</p></div>
    ${newer > 0 && !against && html`<button type="button" class="quiet" onClick=${() => replay.renew()}>${plural(newer, "Show {n} newer event", "Show {n} newer events")}</button>`}
    ${mode === "two" && html`<button type="button" class="quiet" onClick=${() => replay.alone()}>Back to one</button>`}
    ${
      timeline &&
      others.length > 0 &&
      html`<select aria-label="Compare with" value=${against} onChange=${compare}><option value="">Compare with…</option>
        ${others.map((row) => html`<option key=${row.id} value=${`session/${row.id}`}>${row.name}</option>`)}</select>`
    }
    ${
      mode === "one" &&
      html`<button type="button" title="A link to this session at this moment" onClick=${() => void replay.copyLink()}>${replay.copied.value || t("Copy link")}</button>`
    }
    <${ExportMenu} exporter=${replay.exporter} hidden=${!shown} /><${Gathered} exporter=${replay.exporter} />
  </header>`;
}

/** @param {{replay: Replay, timeline: Timeline, hidden: boolean}} props */
function Work({ replay, timeline, hidden }) {
  const { player } = replay;
  const seek = (/** @type {number} */ time) => player.seek(time);
  const choose = (/** @type {Step} */ step) => replay.choose(step);
  return html`<div class="work" hidden=${hidden}>
    <${Picture} player=${player} timeline=${timeline} />
    <div class="beside"><${Steps} replay=${replay} timeline=${timeline} />
      <${Details} base=${player.base.value} timeline=${timeline} step=${replay.behind.value} seek=${seek} /></div>
    <${Transport} player=${player} timeline=${timeline} step=${(/** @type {number} */ by) => replay.next(by)} />
    <${Lanes} timeline=${timeline} time=${player.time} seek=${seek} choose=${choose} />
  </div>`;
}

/** @param {{replay: Replay, timeline: Timeline}} props */
function Steps({ replay, timeline }) {
  const found = replay.found.value;
  const draw = (/** @type {Step} */ step) => ({
    class: `lane-${step.lane} state-${step.state}`,
    title: step.label,
    children: html`<time>${clock(step.begin, timeline.seconds)}</time><span class="lane">${LANE_WORDS[step.lane]}</span><span class="label">${step.label}</span>`,
  });
  const find = (/** @type {any} */ event) => replay.find(event.currentTarget.value);
  return html`<div class="finder">
      <input type="search" placeholder="Find a step" aria-label="Find a step" value=${replay.query.value} onInput=${find} />
      <span class="soft">${many(found.length, "step")}</span></div>
    <${VirtualList} label="Steps" height=${HEIGHT} items=${found} at=${replay.at.value} draw=${draw}
      choose=${(/** @type {number} */ index) => replay.choose(found[index])} />`;
}

export default component("Replay", App);
