// The Lab: tabs, and the address.
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { component, html } from "../../../js/base.js";
import { link } from "../../../js/link/link.js";
import { App, address, key, PLACE, placeOf } from "./app.js";
import { Compare } from "./compare.js";
import { Design } from "./design.js";
import { List } from "./list.js";
import { Live } from "./live.js";
import { Prompts } from "./prompts.js";
import { Trial } from "./trial.js";
import { t } from "../../../js/words.js";

/** @typedef {import("./app.js").Place} Place */

const TABS = [
  { name: "list", title: t("Experiments"), View: List, keeps: false },
  { name: "design", title: t("Design"), View: Design, keeps: false },
  { name: "live", title: t("Run"), View: Live, keeps: true },
  { name: "compare", title: t("Compare"), View: Compare, keeps: true },
  { name: "trial", title: t("Trial"), View: Trial, keeps: true },
  { name: "prompts", title: t("Prompts"), View: Prompts, keeps: false },
]; // `keeps`: the experiment stays chosen
const BESIDE = 40; // px that are seen of the tab before the chosen one

const shows = () => new URL(location.href).searchParams.get("view") === "lab";

/** @param {{host: import("../../../js/base.js").Host<import("./app.js").Params>}} props */
function Lab({ host }) {
  const app = useMemo(() => new App(host), []);
  const at = app.now("at");
  const tab = TABS.find(({ name }) => name === at.tab) ?? TABS[0];
  const fault = app.now("fault");
  const reading = app.now("reading");
  useAddress(app, at);
  return html`<div class=${reading ? "lab loading" : "lab"} data-tab=${tab.name} aria-busy=${reading ? "true" : undefined}>
    <${Tabs} app=${app} shown=${tab.name} />
    <div class="fault" role="alert" hidden=${!fault}>${fault}</div>
    <div class="panel" role="tabpanel" tabindex="-1"><${tab.View} key=${tab.name} app=${app} /></div></div>`;
}

/** The address names the place, and leads to it. @param {App} app @param {Place} at */
function useAddress(app, at) {
  useLayoutEffect(() => {
    const put = () => {
      const url = address(at, new URL(location.href));
      if (url && url.href !== location.href) history.pushState(null, "", url);
    };
    put();
    queueMicrotask(put); // the rail writes its part of the address when it leads here; ours comes after it
  }, [at]);
  useLayoutEffect(() => {
    const back = () => {
      if (shows()) app.show(placeOf(location.search));
    };
    window.addEventListener("popstate", back);
    const restored = link.onRestored(back); // what went on in a gap, and where the browser has gone in it
    return () => {
      restored();
      window.removeEventListener("popstate", back);
      const url = new URL(location.href);
      for (const name of ["lab", ...PLACE.map(key)]) url.searchParams.delete(name);
      if (!shows()) history.replaceState(null, "", url);
    };
  }, []);
}

/** @param {{app: App, shown: string}} props */
function Tabs({ app, shown }) {
  const bar = useRef(/** @type {HTMLElement | null} */ (null));
  const { name, done, planned } = app.now("current");
  useLayoutEffect(() => {
    const item = /** @type {HTMLElement | null | undefined} */ (bar.current?.querySelector("[aria-selected=true]"));
    if (bar.current && item) bar.current.scrollLeft = Math.max(0, item.offsetLeft - bar.current.offsetLeft - BESIDE);
  }, [shown]);
  const open = (/** @type {typeof TABS[number]} */ tab) =>
    app.show({ ...(tab.keeps ? app.kept() : {}), tab: tab.name });

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || !bar.current) return;
    const items = /** @type {HTMLElement[]} */ ([...bar.current.children]);
    const next = items[(items.indexOf(/** @type {HTMLElement} */ (event.target)) + step + items.length) % items.length];
    next.focus();
    next.click();
    event.preventDefault();
  }

  return html`<div class="tabs" role="tablist" aria-label="Lab" ref=${bar} onKeyDown=${onKey}>${TABS.map((tab) => {
    const on = tab.name === shown;
    const busy = tab.name === "live" && name;
    return html`<button type="button" role="tab" class=${busy ? "tab busy" : "tab"} data-tab=${tab.name} aria-selected=${String(on)} tabindex=${on ? 0 : -1}
      title=${busy ? `${name}: ${done} of ${planned}` : ""} onClick=${() => open(tab)}>${tab.title}</button>`;
  })}</div>`;
}

export default component("Lab", Lab);
