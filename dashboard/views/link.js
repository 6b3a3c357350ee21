// Watches the page's link to the server, says what is wrong with it, and repairs it.

import { signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { component, html } from "../js/base.js";
import { Channel, connectionOf } from "../js/link/channel.js";
import { heartbeat } from "../js/link/heartbeat.js";
import { follow as followTyping, forget, giveBack, keep } from "../js/link/keep.js";
import { link } from "../js/link/link.js";
import { patience } from "../js/link/reloads.js";
// @ts-expect-error The bundler makes it the worker's text.
import workerCode from "../js/link/link.worker.js";
import { locale, t } from "../js/words.js";

/** @typedef {import("../js/base.js").Host<{session: string, task: string, mark: string}>} Host */

const TOLD_AFTER = 250; // ms that a page may take to be back before anything is said

/** Everything that happens to the link, brought together: worker, channel, browser. */
class Guard {
  /** @type {Channel | null} */
  channel = null;
  #state = /** @type {import("../js/link/watch.js").LinkState} */ ("starting");
  #since = 0;
  #hello = 0;
  #lostAt = 0;
  /** Ends when it is known whether the channel has outlived the gap. @type {Promise<void> | null} */
  #checking = null;
  #reloading = false;
  #left = false;
  #ends = /** @type {(() => void)[]} */ ([]);

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.mark = host.param("mark").value;
    link.shown = () => ({ session: host.param("session").value, task: host.param("task").value });
    const connection = connectionOf(() => host.send({ type: "hello" }));
    if (connection) {
      this.channel = new Channel(connection, {
        state: () => this.#judge(),
        restored: () => this.#judge(),
        hopeless: (why) => this.reload(why),
      });
    }
    this.beat = this.#beat();
    this.#ends.push(host.listen(({ type, receipt }) => type === "taken" && link.taken(receipt)));
    link.also = (message) => this.beat.send(message);
    this.#listen();
    this.#ends.push(link.presses.follow(window), followTyping());
    link.stopping.resume();
    giveBack(this.host.param("session").value);
  }

  end() {
    this.beat.end();
    this.channel?.end();
    for (const end of this.#ends) end();
  }

  /** The page reloads itself, at the same place. @param {string} why */
  reload(why) {
    if (this.#reloading || this.#left) return;
    this.#reloading = true;
    console.info("The page reloads itself:", why);
    this.#judge();
    setTimeout(
      () => {
        keep(this.host.param("session").value);
        link.presses.leave();
        location.reload();
      },
      patience(sessionStorage, Date.now()),
    );
  }

  /** In a worker where there may be one; a page without is as slow as its timers. */
  #beat() {
    const url = new URL("link", document.baseURI).href;
    const tell = (/** @type {any} */ news) => this.#hear(news);
    try {
      const code = URL.createObjectURL(new Blob([workerCode], { type: "text/javascript" }));
      const worker = new Worker(code);
      URL.revokeObjectURL(code);
      worker.onmessage = ({ data }) => tell(data);
      worker.postMessage({ url, mark: this.mark, key: /** @type {any} */ (globalThis).saysoKey });
      return {
        poke: () => worker.postMessage({ poke: true }),
        hasten: () => worker.postMessage({ hasten: true }),
        send: (/** @type {object} */ message) => worker.postMessage({ send: message }),
        end: () => worker.terminate(),
      };
    } catch {
      return heartbeat(url, this.mark, tell);
    }
  }

  /** @param {import("../js/link/heartbeat.js").News} news */
  #hear({ state, since, page, hello, offset, asked, stop, said }) {
    if (offset !== undefined) link.offset = offset;
    if (stop) link.stopping.answered(stop);
    if (said?.id) link.said(said);
    if (asked !== undefined) this.channel?.linkAnswered(asked);
    if (page === false) this.reload("The server has no such page any more.");
    if (state) {
      this.#state = state;
      this.#since = since ?? 0;
    }
    const up = this.#state === "up" || this.#state === "slow";
    if (page === true && hello) this.#greeted(hello);
    this.channel?.allow(up && page !== false);
    this.#judge();
  }

  /** The server answers, on another socket than before: the channel may have died with the old one. */
  #greeted(/** @type {number} */ hello) {
    const again = this.#hello > 0 && hello !== this.#hello;
    this.#hello = hello;
    link.hurry();
    if (!again) return;
    if (!this.channel) return this.reload("The page's channel is not known.");
    const gap = this.#state === "down";
    const check = this.channel.check(gap);
    this.beat.poke(); // the link is asked the same, at once
    this.#checking = gap || !link.live ? check : null;
    void check.then(() => {
      if (this.#checking === check) this.#checking = null;
      this.#judge();
    });
  }

  #judge() {
    const channel = this.channel?.state ?? "open";
    const stale = channel === "closed" || this.#checking !== null;
    const down = this.#state === "down" || (stale && this.#state === "slow");
    const lost = down || stale;
    const before = link.live;
    if (!lost) this.#lostAt = 0;
    else this.#lostAt ||= this.#since || Date.now();
    if (this.#reloading) link.become("reloading", this.#lostAt || Date.now());
    else if (down) link.become("lost", this.#lostAt);
    else if (stale) link.become("restoring", this.#lostAt);
    else link.become(channel === "slow" || this.#state === "slow" ? "slow" : "live", 0);
    if (link.live && !before) link.restored();
  }

  #listen() {
    const poke = () => this.beat.poke();
    const seen = () => {
      if (document.visibilityState === "visible") {
        forget();
        poke();
      } else keep(this.host.param("session").value); // a hidden tab may be discarded without a word
    };
    const shown = (/** @type {PageTransitionEvent} */ { persisted }) => {
      if (persisted) poke();
    };
    // A socket that breaks off is kept for its page to come back; one that is left is not, even if
    // the browser keeps the page for its Back: it is reloaded then, with what was typed in it.
    const hidden = (/** @type {PageTransitionEvent} */ { persisted }) => {
      link.leave();
      if (this.mark) void fetch("goodbye", { method: "POST", body: this.mark, keepalive: true }).catch(() => {});
      keep(this.host.param("session").value);
      if (persisted) return;
      this.#left = true;
      this.end();
    };
    this.#on(window, "click", stay);
    this.#on(document, "visibilitychange", seen);
    this.#on(document, "resume", poke);
    this.#on(window, "online", poke);
    this.#on(window, "offline", poke);
    this.#on(window, "focus", () => this.beat.hasten());
    this.#on(window, "pageshow", shown);
    this.#on(window, "pagehide", hidden);
  }

  /** @param {EventTarget} target @param {string} name @param {(event: any) => void} run */
  #on(target, name, run) {
    target.addEventListener(name, run);
    this.#ends.push(() => target.removeEventListener(name, run));
  }
}

/** A link that leads to the server would lead to the browser's own error: in a gap it is refused. @param {MouseEvent} event */
function stay(event) {
  if (link.reachable || event.defaultPrevented) return;
  const leads = event.composedPath().some((node) => node instanceof HTMLAnchorElement && toTheServer(node.href));
  if (!leads) return;
  event.preventDefault();
  link.presses.refuse();
}

/** @param {string} href */
function toTheServer(href) {
  const url = new URL(href, location.href);
  const here = url.pathname === location.pathname && url.search === location.search && url.hash !== "";
  return url.origin === location.origin && url.protocol.startsWith("http") && !here;
}

/** @param {number} ms */
function clock(ms) {
  return new Date(ms).toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** @type {Record<import("../js/link/link.js").Standing, (since: number) => string>} */
const WORDS = {
  live: () => "",
  slow: () => "",
  lost: (since) => t("No connection to the server. What you see is from {time}. Trying again…", { time: clock(since) }),
  restoring: () => t("Connected again. Updating the page…"),
  reloading: () => t("Connected again. Reloading the page…"),
};

/** @type {Record<import("../js/link/stopper.js").StopState, string>} */
const STOP = {
  none: "",
  sending: "",
  unanswered: t("Stopping… the server has not answered yet."),
  stopped: t("Stopped."),
  idle: t("Nothing is running in this session."),
  later: t("The task that was running has ended. The one begun after it continues."),
  refused: t("Stop was not carried out."),
};

/** What is said now, as one line and its kind. */
function said() {
  const { stopping, standing, since } = link;
  const stop = stopping.state === "refused" && stopping.text ? stopping.text : STOP[stopping.state];
  const lost = link.live ? "" : WORDS[standing](since);
  return { lost, stop, press: link.presses.told, kind: lost ? "lost" : stopping.state };
}

/** @param {{host: Host}} props */
function LinkGuard({ host }) {
  useLayoutEffect(() => {
    const guard = new Guard(host);
    const end = follow();
    return () => {
      guard.end();
      end();
    };
  }, []);
  const line = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => (line.current ? makeRoom(line.current) : undefined), []);
  const { lost, stop, press, kind } = shown.value;
  return html`<div ref=${line} class=${`link ${lost || stop || press ? "on" : ""} ${kind}`}>
    <p class="lost" role="status">${lost}</p>
    <p class="stop" role="status">${stop}</p>
    <p class="press" role="alert">${press}</p>
  </div>`;
}

/**
 * The line has a row of its own: views begin below `--sayso-notice`, so that it covers nothing.
 *
 * @param {HTMLElement} line
 */
function makeRoom(line) {
  const { style } = document.documentElement;
  const seen = new ResizeObserver(() => style.setProperty("--sayso-notice", `${line.offsetHeight}px`));
  seen.observe(line);
  return () => {
    seen.disconnect();
    style.removeProperty("--sayso-notice");
  };
}

const shown = signal(said());

/** Draws what is said, once it has been so for a moment; marks the whole page. */
function follow() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  let answered = false; // whether Stop took so long that its end is worth a line
  const draw = () => {
    clearTimeout(later);
    later = undefined;
    const { state } = link.stopping;
    if (state === "sending") answered = false;
    if (state === "unanswered") answered = true;
    const quick = state === "stopped" && !answered;
    shown.value = quick ? { ...said(), stop: "" } : said();
    mark(link.live);
  };
  const end = link.watch(() => {
    const already = link.since > 0 && Date.now() - link.since > TOLD_AFTER;
    const pressed = link.presses.told !== shown.value.press;
    if (link.live || shown.value.lost || already || pressed) draw();
    else later ??= setTimeout(draw, TOLD_AFTER);
    if (link.stopping.state !== "none") draw();
  });
  draw();
  return () => {
    end();
    clearTimeout(later);
  };
}

/** Everything that was live is dimmed, in every shadow: styles name `--sayso-stale` as their filter. @param {boolean} live */
function mark(live) {
  const { style, dataset } = document.documentElement;
  dataset.link = live ? "live" : "lost";
  if (live) style.removeProperty("--sayso-stale");
  else style.setProperty("--sayso-stale", "grayscale(1) opacity(.5)");
}

export default component("LinkGuard", LinkGuard);
