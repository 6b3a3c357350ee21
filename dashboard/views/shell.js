// The rail of views. Talk stays in the page, hidden, while another view is shown: its sound goes on.

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useMemo } from "preact/hooks";
import { component, html, Slot } from "../js/base.js";
import { live, stopWord } from "../js/link/hooks.js";
import { link } from "../js/link/link.js";
import { Icon } from "./js/icons.js";
import { Notices } from "./js/notify.js";
import { Sounds } from "./js/sounds.js";
import { t } from "../js/words.js";

/**
 * @typedef {object} Params
 * @property {string} place
 * @property {{key: string, title: string, icon: string}[]} places
 * @property {boolean} running
 * @property {boolean} pending
 * @property {{name?: string, sound?: string, text?: string, n?: number}} cue
 * @property {any} document
 */
/** @typedef {import("../js/base.js").Host<Params>} Host */

// A reload, and the browser's own history, come back to the view.
/** @param {string} place */
function remember(place) {
  const url = new URL(location.href);
  if ((url.searchParams.get("view") || "talk") === place) return;
  if (place === "talk") url.searchParams.delete("view");
  else url.searchParams.set("view", place);
  history.pushState(null, "", url);
}

/**
 * Bokeh takes models that the server sent for the browser's own until the browser's next message,
 * and sends them back whole; a component's cannot be written out, so its first message would fail.
 *
 * @param {any} doc
 */
function knowTheServersModels(doc) {
  if (!doc?._new_models || doc.saysoKnows) return;
  doc.saysoKnows = true;
  const apply = doc.apply_json_patch;
  doc.apply_json_patch = (/** @type {any[]} */ ...patch) => {
    const own = new Set(doc._new_models);
    apply.apply(doc, patch);
    for (const made of doc._new_models) if (!own.has(made)) doc._new_models.delete(made);
  };
}

/** The browser's own history. @param {(place: string) => void} go */
function followBrowser(go) {
  const back = () => go(new URL(location.href).searchParams.get("view") || "talk");
  window.addEventListener("popstate", back);
  return () => window.removeEventListener("popstate", back);
}

/** @param {{host: Host}} props */
function Shell({ host }) {
  const [sounds, notices] = useMemo(() => /** @type {const} */ ([new Sounds(), new Notices()]), []);
  const place = host.param("place").value;
  const away = place !== "talk";
  const way = useGo(host);
  useLayoutEffect(() => {
    knowTheServersModels(host.adapter.get("document"));
    const end = followBrowser(way.go);
    const quiet = host.param("cue").subscribe(({ name, sound, text }) => {
      if (sound) void sounds.play(sound);
      if (name) notices.tell(name, text ?? "");
    });
    return () => {
      quiet();
      end();
      sounds.close();
      notices.close();
    };
  }, []);
  useLayoutEffect(() => remember(place), [place]);
  return html`<div class=${away ? "frame away" : "frame"}>
    <nav class="rail" aria-label="Views">
      <${Views} host=${host} way=${way} />
      <div class="foot">
        <${Bell} notices=${notices} />
        <${Speaker} sounds=${sounds} />
        <${Stop} host=${host} />
      </div>
    </nav>
    <div class="talk-slot" inert=${away}><${Slot} host=${host} name="talk" class="fill" /></div>
    <main class="room-slot"><${Slot} host=${host} name="room" class="fill" /></main>
    <${Offer} notices=${notices} />
  </div>`;
}

/** Leads to a view: at once, or when the connection is back. @param {Host} host */
function useGo(host) {
  const wanted = useSignal(""); // until the page is there, or anywhere else
  const place = host.param("place");
  const send = () => wanted.peek() && link.live && host.send({ type: "go", place: wanted.peek() });
  const go = (/** @type {string} */ key) => {
    wanted.value = key === place.peek() ? "" : key;
    const title = host
      .param("places")
      .peek()
      .find((each) => each.key === key)?.title;
    if (wanted.peek() && !link.live)
      link.presses.tell(t("{view} opens when the connection is back.", { view: title ?? t("Talk") }));
    send();
  };
  useLayoutEffect(() => link.onRestored(send), []);
  useLayoutEffect(() => {
    if (wanted.peek()) link.presses.tell(""); // it is there
    wanted.value = "";
  }, [place.value]);
  return { go, wanted };
}

/** @param {{host: Host, way: ReturnType<typeof useGo>}} props */
function Views({ host, way }) {
  const { go, wanted } = way;
  const later = live.value ? "" : wanted.value;
  const here = host.param("place").value;
  const waits = host.param("pending").value && here !== "talk";
  return html`<div class="list">
    ${host.param("places").value.map(
      ({
        key,
        title,
        icon,
      }) => html`<button key=${key} type="button" class=${waits && key === "talk" ? "item waits" : "item"} data-key=${key}
        aria-current=${key === here ? "page" : null} aria-busy=${key === later}
        title=${key === later ? t("Opens when the connection is back") : null} onClick=${() => go(key)}>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d=${icon} /></svg><span>${title}</span>
      </button>`,
    )}
  </div>`;
}

/** For where Talk's own Stop is out of sight; the style knows. @param {{host: Host}} props */
function Stop({ host }) {
  const live = host.param("running").value ? "stop live" : "stop";
  return html`<button type="button" class=${live} title="Stop the agent (Escape)"
    onClick=${() => link.stop()}>${stopWord()}</button>`;
}

/** @param {{sounds: Sounds}} props */
function Speaker({ sounds }) {
  const on = sounds.on.value;
  return html`<button type="button" class="sounds" aria-pressed=${on} aria-label=${on ? t("Sounds are on") : t("Sounds are off")}
    title=${on ? t("Sounds when the agent begins, asks, is done or fails: on") : t("Sounds are off")} onClick=${() => sounds.toggle()}>
    <${Icon} name=${on ? "speaker" : "silent"} /></button>`;
}

/** What the bell says of itself. @param {Notices} notices */
function bellSays({ on, permission, choice }) {
  if (permission.value === "missing") return t("This browser has no notifications");
  if (permission.value === "denied") return t("Notifications are blocked: allow them for this page in the browser");
  if (on.value) return t("Notifications while you look elsewhere: on");
  return choice.value === "on"
    ? t("Notifications are not allowed yet")
    : t("Notifications while you look elsewhere: off");
}

/** @param {{notices: Notices}} props */
function Bell({ notices }) {
  const says = bellSays(notices);
  const able = notices.permission.value !== "missing" && notices.permission.value !== "denied";
  return html`<button type="button" class="sounds bell" aria-pressed=${notices.on.value} aria-label=${says} title=${says}
    aria-disabled=${!able} onClick=${() => able && void notices.toggle()}><${Icon} name=${notices.on.value ? "bell" : "nobell"} /></button>`;
}

/** Offered once, to somebody who was not looking when there was something to tell. @param {{notices: Notices}} props */
function Offer({ notices }) {
  if (!notices.missed.value) return null;
  return html`<div class="offer" role="status">
    <span>Something happened while you were away. Get a notification next time?</span>
    <button type="button" class="yes" onClick=${() => void notices.toggle()}>Notify me</button>
    <button type="button" onClick=${() => notices.decline()}>No, thanks</button>
  </div>`;
}

export default component("Shell", Shell);
