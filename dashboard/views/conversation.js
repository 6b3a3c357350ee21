// The conversation. All text goes in as text, never as HTML.

import { useComputed, useSignal } from "@preact/signals";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { component, html, useMessages } from "../js/base.js";
import { live } from "../js/link/hooks.js";
import { link } from "../js/link/link.js";
import { Follow } from "./js/follow.js";
import { Icon } from "./js/icons.js";
import { Choices, One } from "./js/items.js";
import { PutBackDialog } from "./js/putback.js";
import { Search, SearchBar, showFound } from "./js/search.js";
import { hear } from "./js/signs.js";
import { Store, waits } from "./js/store.js";

/** @typedef {import("./js/items.js").Context} Context */
/** @typedef {import("./js/store.js").Item} Item */

const EXAMPLES = [
  "Open the text editor and type hello world.",
  "Create a file called shopping list with the text milk, eggs and bread.",
  "What can I say?",
];

/** @param {{host: import("../js/base.js").Host<{}>, bare: boolean}} props */
export function Conversation({ host, bare }) {
  const [store, follow] = useMemo(() => /** @type {const} */ ([new Store(), new Follow()]), []);
  const search = useMemo(() => new Search(store), []);
  const context = useMemo(() => ({ host, store, follow }), []);
  const list = useRef(/** @type {HTMLElement | null} */ (null));
  useMessages(host, (frame) => {
    if (!frame.operations) return;
    const fresh = store.apply(frame);
    if ((frame.reset && !frame.again) || fresh.some((item) => mine(item, bare))) follow.now();
  });
  useLayoutEffect(() => {
    const ends = [
      link.onRestored(() => host.send({ type: "ready", again: true })),
      hear("sent", () => follow.now()),
      hear("search", () => {
        search.open.value = true;
      }),
      showFound(search, () => list.current, follow),
    ];
    follow.attach(list.current);
    host.send({ type: "ready" });
    return () => {
      follow.attach(null);
      for (const end of ends) end();
    };
  }, []);
  return html`<section class="conversation">
    <${SearchBar} search=${search} />
    ${bare && html`<${Finder} search=${search} />`}
    <div class="room">
      <div class="list" role="log" aria-label="Conversation" tabindex="0" ref=${list} onScroll=${() => follow.scrolled()}>
        <${Items} context=${context} />
      </div>
      <${Empty} context=${context} />
      <${More} follow=${follow} />
    </div>
    <${Queue} context=${context} />
    <${Dock} context=${context} />
    <${PutBackDialog} host=${host} done=${() => follow.now()} />
  </section>`;
}

/** Whether a person at this page said it: the list goes to its end for that. @param {Item} item @param {boolean} bare */
function mine({ kind, source }, bare) {
  return kind === "heard" && (source === "voice" || bare);
}

/** What was said and done, in order; what waits for the person is in the dock meanwhile. @param {{context: Context}} props */
function Items({ context }) {
  const drawn = context.store.entries.value.map((entry) => {
    entry.drawn ??= html`<${Settled} key=${entry.id} entry=${entry} context=${context} />`;
    return entry.drawn;
  });
  return html`<div class="flow">${drawn}</div>`;
}

/** @param {{entry: import("./js/store.js").Entry, context: Context}} props */
function Settled({ entry, context }) {
  const waiting = useComputed(() => waits(entry.item.value));
  return waiting.value ? null : html`<${One} entry=${entry} context=${context} />`;
}

/** Approvals and questions stand below the list until they are answered, and cover nothing. @param {{context: Context}} props */
function Dock({ context }) {
  const cards = context.store.waiting.value;
  return html`<div class=${cards.length > 0 ? "dock full" : "dock"} role="region" aria-label="Waiting for you" aria-live="assertive">
    ${cards.map((entry) => html`<${One} key=${entry.id} entry=${entry} context=${context} />`)}
  </div>`;
}

/** What was said and is still to be done, in order, however far up its words stand. @param {{context: Context}} props */
function Queue({ context }) {
  const queue = context.store.queue.value;
  if (queue.length === 0) return null;
  return html`<section class="queue" aria-label="Still to be done">
    <div class="title">Still to be done</div>
    <ol>
      ${queue.map((entry) => html`<${Waiting} key=${entry.id} entry=${entry} context=${context} />`)}
    </ol>
  </section>`;
}

/** @param {{entry: import("./js/store.js").Entry, context: Context}} props */
function Waiting({ entry, context }) {
  const { text, mark } = entry.item.value;
  return html`<li>
    <div class="request" title=${text}>${text}</div>
    <div class="fate">${mark}</div>
    <${Choices} entry=${entry} context=${context} />
  </li>`;
}

/** @param {{follow: Follow}} props */
function More({ follow }) {
  return follow.away.value && html`<button type="button" class="more" onClick=${() => follow.now()}>↓ Latest</button>`;
}

/** In a notebook nothing else has a button for it. @param {{search: Search}} props */
function Finder({ search }) {
  if (search.open.value) return null;
  const open = () => {
    search.open.value = true;
  };
  return html`<button type="button" class="finder" aria-label="Search the conversation" title="Search the conversation" onClick=${open}>
    <${Icon} name="search" />
  </button>`;
}

/** @param {{context: Context}} props */
function Empty({ context }) {
  const none = useComputed(() => context.store.entries.value.length === 0);
  const sent = useSignal(false);
  if (!none.value) return null;
  const say = async (/** @type {string} */ text) => {
    sent.value = true;
    await link.deliverAtLast(context.host, { type: "say", text });
    sent.value = false;
  };
  return html`<div class="empty">
    <h2>What shall I do?</h2>
    <p>Say it or type it. You can cut in at any time.</p>
    ${EXAMPLES.map(
      (text) =>
        html`<button type="button" class="example" disabled=${sent.value} onClick=${() => void say(text)}>${text}</button>`,
    )}
    ${sent.value && !live.value && html`<p role="status">Not sent yet: no connection.</p>`}
  </div>`;
}

/** @param {{host: import("../js/base.js").Host<{}>}} props */
function InPage({ host }) {
  return html`<${Conversation} host=${host} bare=${false} />`;
}

export default component("Conversation", InPage);
