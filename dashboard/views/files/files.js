// The session's files beside the conversation: a tree, uploads, and what goes with the next words.

import { effect, signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { component, html } from "../../js/base.js";
import { link } from "../../js/link/link.js";
import { Icon } from "../js/icons.js";
import { hear } from "../js/signs.js";
import { Client } from "./client.js";
import { receive } from "./drops.js";
import { bytes } from "./format.js";
import { FileTree } from "./tree.js";
import { named, Uploads } from "./uploads.js";
import { many, plural, t } from "../../js/words.js";

/** @typedef {{session_id: string, running: boolean, pending: string, stamp: number}} Params */
/** @typedef {import("../../js/base.js").Host<Params>} Host */

const OUTSIDE = "Downloads"; // where files go that come from outside, if no folder was chosen
const LOOK = 2000; // ms between two looks while the tree is open
const SLOW = 20; // a look that took long is followed by a pause so many times as long, …
const STALE = 8000; // … but of so many ms at most

/** One panel's state: what the server says, and what is being done. */
class Files {
  shown = signal(false);
  /** @type {import("@preact/signals").Signal<import("./client.js").Listing | null>} */
  listing = signal(null);
  open = signal(/** @type {Set<string>} */ (new Set()));
  listed = signal(/** @type {Set<string>} */ (new Set())); // folders whose contents have come
  chosen = signal(/** @type {Set<string>} */ (new Set()));
  at = signal("");
  told = signal("");
  #looking = false;
  #again = false;

  /** @param {Host} host */
  constructor(host) {
    this.host = host;
    this.alone = !host.param("running").peek();
    this.shown.value = this.alone;
    this.client = new Client(host.param("session_id").peek());
    this.uploads = new Uploads(
      this.client,
      () => void this.look(),
      (text) => this.tell(text),
    );
  }

  /** Asks the server for what is there; one question at a time. */
  async look() {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    const open = this.open.peek();
    try {
      const found = await this.client.list(open);
      if (found) this.#take(found);
      this.listed.value = open;
      if (this.told.peek() === this.failed) this.tell("");
    } catch (error) {
      this.failed = error instanceof Error ? error.message : String(error);
      if (this.shown.peek()) this.tell(this.failed);
    }
    this.#looking = false;
    if (this.#again) {
      this.#again = false;
      await this.look();
    }
  }

  failed = "";
  asked = false; // the person has just opened the tree: the keyboard goes there

  /** @param {import("./client.js").Listing} found */
  #take(found) {
    this.listing.value = found;
    this.uploads.most = found.most;
    const known = new Set(found.rows.map((row) => row.key));
    const chosen = [...this.chosen.peek()].filter((key) => known.has(key));
    if (chosen.length !== this.chosen.peek().size) this.chosen.value = new Set(chosen);
  }

  /** @param {string} text */
  tell(text) {
    this.told.value = text;
  }

  /** Saves one file, or the chosen ones, or all. @param {string[]} keys */
  async save(keys) {
    if (!link.reachable) return link.presses.refuse();
    this.tell("");
    const rows = this.listing.peek()?.rows ?? [];
    const folder = keys.some((key) => key === "" || rows.find((row) => row.key === key)?.kind === "folder");
    try {
      this.tell(await this.client.download(keys, folder));
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
    }
  }

  /** The one folder that is chosen, or the home. */
  folder() {
    const [key, ...more] = this.chosen.peek();
    const row = this.listing.peek()?.rows.find((each) => each.key === key);
    return more.length === 0 && row?.kind === "folder" ? key : "";
  }

  /** Takes files that were given with words: pasted, dropped on the conversation, attached. @param {import("./uploads.js").Wanted[]} wanted @param {"button" | "drop" | "paste"} source */
  attach(wanted, source) {
    this.uploads.add(wanted, { folder: OUTSIDE, source, attach: true });
  }

  /** @param {import("./uploads.js").Wanted[]} wanted */
  land(wanted) {
    this.uploads.add(wanted, { folder: OUTSIDE, source: "drop", attach: false });
  }

  /** Where the panel puts files, in words. */
  place() {
    const key = this.folder();
    return this.listing.peek()?.rows.find((row) => row.key === key)?.name ?? t("the home folder");
  }

  /** Puts files into the chosen folder, or the home. @param {import("./uploads.js").Wanted[]} wanted @param {"button" | "drop"} source */
  put(wanted, source = "drop") {
    this.uploads.add(wanted, { folder: this.folder(), source, attach: false });
  }

  /** @param {string} token */
  async unattach(token) {
    if (!link.reachable) return link.presses.refuse();
    try {
      await this.client.unattach(token);
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error));
    }
    await this.look();
  }
}

/** @param {{host: Host}} props */
function FilesPanel({ host }) {
  const files = useRef(/** @type {Files | null} */ (null));
  files.current ??= new Files(host);
  const state = files.current;
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const { alone } = state;
  useLayoutEffect(() => (alone ? undefined : beside(state, root)), []);
  useEffect(() => follow(state), []);
  return html`<div class=${alone ? "files alone" : "files"} ref=${root}>
    <input type="file" multiple hidden tabindex="-1" aria-hidden="true"
      onChange=${(/** @type {any} */ event) => given(event, (wanted) => state.attach(wanted, "button"))} />
    ${state.shown.value && !host.param("pending").value ? html`<${Panel} state=${state} />` : html`<${Tray} state=${state} /><${Told} state=${state} />`}
  </div>`;
}

/** Beside a conversation: opened from outside, and everything on the page takes files. @param {Files} state @param {{current: HTMLElement | null}} root */
function beside(state, root) {
  const ends = [
    hear("panel", () => toggle(state)),
    hear("attach", () => root.current?.querySelector("input")?.click()),
    receive(root, state),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** @param {any} event @param {(wanted: import("./uploads.js").Wanted[]) => void} take */
function given(event, take) {
  const wanted = named(event.currentTarget.files ?? []);
  event.currentTarget.value = "";
  take(wanted);
}

/** @param {(event: Event) => void} take Gets the input's own event. */
function chooseFolder(take) {
  const input = document.createElement("input");
  input.type = "file";
  input.webkitdirectory = true;
  input.addEventListener("change", take);
  input.click();
}

/** @param {Files} state */
function toggle(state) {
  state.shown.value = !state.shown.peek();
  state.asked = state.shown.peek();
  state.tell("");
}

/** Looks again when Python says so, and from time to time while the tree is seen. @param {Files} state */
function follow(state) {
  let timer = 0;
  const ends = [
    link.onRestored(() => void state.look()),
    link.onRestored(() => state.uploads.restored()),
    link.watch(() => link.live || state.uploads.lost()),
    effect(() => {
      state.host.param("stamp").value;
      void state.look();
    }),
    effect(() => {
      clearTimeout(timer);
      state.open.value;
      if (state.shown.value) void again();
    }),
  ];
  async function again() {
    const began = performance.now();
    if (!document.hidden) await state.look();
    const pause = Math.min(STALE, Math.max(LOOK, SLOW * (performance.now() - began)));
    clearTimeout(timer);
    if (state.shown.peek()) timer = setTimeout(again, pause);
  }
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}

/** @param {{state: Files}} props */
function Told({ state }) {
  if (!state.told.value) return null;
  return html`<p class="told" role="alert">${state.told}
    <button type="button" class="x" aria-label="Close this message" onClick=${goes(() => state.tell(""))}><${Icon} name="close" /></button></p>`;
}

/** What goes with the next words, and what is on its way. @param {{state: Files}} props */
function Tray({ state }) {
  const attached = state.listing.value?.attached ?? [];
  const uploads = state.uploads.list.value;
  if (attached.length + uploads.length === 0) return null;
  return html`<section class="tray" aria-label="Attachments and uploads">
    ${attached.length > 0 && html`<p class="hint">With your next words, typed or spoken:</p>`}
    <ul>${attached.map((each) => html`<${Chip} key=${each.token} state=${state} each=${each} />`)}
      ${uploads.slice(0, 6).map((each) => html`<${Coming} key=${each.id} state=${state} each=${each} />`)}</ul>
    ${uploads.length > 6 && html`<p class="hint">${plural(uploads.length - 6, "and {n} more file", "and {n} more files")}</p>`}
  </section>`;
}

/** @param {{state: Files, each: import("./client.js").Attached}} props */
function Chip({ state, each }) {
  const picture = each.image && `${state.client.base}/images/${each.image}`;
  return html`<li class="chip">
    ${picture ? html`<img alt="" src=${picture} />` : html`<${Icon} name="file" />`}
    <span class="what"><span class="name">${each.name}</span><span class="size">${bytes(each.size)}</span>
      ${each.note && html`<span class="note">${each.note}</span>`}</span>
    <button type="button" class="x" aria-label=${t("Do not attach {name}; it stays in the files", { name: each.name })}
      title="Do not attach it; it stays in the files" onClick=${goes(() => void state.unattach(each.token))}><${Icon} name="close" /></button>
  </li>`;
}

/** @param {{state: Files, each: import("./uploads.js").Upload}} props */
function Coming({ state, each }) {
  const failed = each.state === "failed";
  const still = each.state === "stalled";
  const share = each.size ? each.sent / each.size : 0;
  return html`<li class=${failed ? "chip failed" : "chip"}>
    <${Icon} name="file" />
    <span class="what"><span class="name">${each.name}</span>
      ${
        failed
          ? html`<span class="note" role="alert">${each.text}</span>`
          : html`<span class="size">${t("{n} of {all}", { n: bytes(each.sent), all: bytes(each.size) })}</span>
            <progress max="1" value=${share} aria-label=${t("Uploading {name}", { name: each.name })}></progress>
            ${still && html`<span class="note" role="status">${each.text}</span>`}`
      }
      ${
        each.again &&
        html`<button type="button" class="again" aria-label=${t("Send {name} again", { name: each.name })}
          onClick=${() => state.uploads.again(each.id)}>Send again</button>`
      }</span>
    <button type="button" class="x" aria-label=${failed ? t("Close the message about {name}", { name: each.name }) : t("Cancel {name}", { name: each.name })}
      onClick=${goes(() => state.uploads.cancel(each.id))}><${Icon} name="close" /></button>
  </li>`;
}

/** @param {{state: Files}} props */
function Panel({ state }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const close = useRef(/** @type {HTMLElement | null} */ (null));
  const listing = state.listing.value;
  const chosen = [...state.chosen.value];
  const running = listing?.running ?? state.host.param("running").value;
  const none = listing !== null && listing.rows.length === 0;
  useLayoutEffect(() => {
    if (state.asked) close.current?.focus({ preventScroll: true });
    state.asked = false;
  }, []);

  const put = (/** @type {any} */ event) =>
    given(event, (wanted) => {
      if (wanted.length === 0) state.tell(t("The folder you chose holds no files."));
      else state.put(wanted, "button");
    });

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.key !== "Escape" || state.alone) return;
    event.stopPropagation();
    toggle(state);
  }

  return html`<section class="panel" data-escape=${state.alone ? undefined : ""} aria-label="Files of this session" onKeyDown=${onKey}>
    <header><h2>Files</h2>
      ${!state.alone && html`<button type="button" class="x" ref=${close} aria-label="Close the files" onClick=${() => toggle(state)}><${Icon} name="close" /></button>`}</header>
    <div class="does">
      <button type="button" disabled=${none} onClick=${() => void state.save(chosen.length ? chosen : [""])}>
        ${chosen.length ? t("Download {n}", { n: chosen.length }) : t("Download all")}</button>
      <button type="button" disabled=${!running} title=${running ? "" : t("Resume the session to put files into it")}
        onClick=${() => input.current?.click()}>${state.folder() ? t("Upload here") : t("Upload")}</button>
      <button type="button" disabled=${!running} title=${running ? t("A folder and everything in it") : t("Resume the session to put files into it")}
        onClick=${() => chooseFolder(put)}>Upload folder</button>
      ${chosen.length > 0 && html`<button type="button" class="plain" onClick=${goes(() => clear(state))}>Clear the choice</button>`}
      <input type="file" multiple hidden tabindex="-1" aria-hidden="true" ref=${input} onChange=${put} />
    </div>
    <${Told} state=${state} />
    ${listing?.notes.map((note) => html`<p class="told" key=${note}>${note}</p>`)}
    ${
      none &&
      html`<p class="empty">${t("There are no files yet. What the agent saves in its home folder is listed here.")}${
        running ? ` ${t("Drop files here, or paste a picture into the text box.")}` : ""
      }</p>`
    }
    ${listing && !none && html`<${FileTree} rows=${listing.rows} open=${state.open} listed=${state.listed} chosen=${state.chosen} at=${state.at} save=${(/** @type {string} */ key) => void state.save([key])} />`}
    <${Tray} state=${state} />
    ${listing && html`<${Used} listing=${listing} />`}
  </section>`;
}

/** For a button that goes away when it is pressed: the focus stays in the panel, where Escape closes it. @param {() => void} act */
function goes(act) {
  return (/** @type {any} */ event) => {
    event.currentTarget.closest(".panel")?.querySelector(".does button:enabled")?.focus({ preventScroll: true });
    act();
  };
}

/** @param {Files} state */
function clear(state) {
  state.chosen.value = new Set();
}

/** @param {{listing: import("./client.js").Listing}} props */
function Used({ listing }) {
  const { files, bytes: size, quota, used, use } = listing;
  return html`<footer>${many(files, "file")}, ${bytes(size)}
    ${quota > 0 && html`<meter min="0" max=${quota} high=${0.9 * quota} value=${used} aria-label="Space used"></meter>`}
    ${use && html`<p class="use">${use}</p>`}</footer>`;
}

export default component("Files", FilesPanel);
