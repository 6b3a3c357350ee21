// A component that tries everything of `dashboard/js/base.js`; built and served by a test.
import { useSignal } from "@preact/signals";
import { component, html, Slot, useMessages } from "../../dashboard/js/base.js";

/** @typedef {{word: string, number: number}} Params */

/** @param {{host: import("../../dashboard/js/base.js").Host<Params>}} props */
function Probe({ host }) {
  const told = useSignal("");
  useMessages(host, ({ text }) => {
    told.value = text;
  });
  return html`<section data-word=${host.param("word").value}>
    <p class="word">${host.param("word")}</p>
    <p class="told">${told}</p>
    <input aria-label="kept" />
    <button type="button" class="ask" onClick=${() => host.send({ type: "asked", n: host.param("number").value })}>ask</button>
    <button type="button" class="set" onClick=${() => host.set("number", 7)}>set</button>
    <${Fragile} host=${host} />
    <${Slot} host=${host} name="inner" class="inner" />
  </section>`;
}

/** @param {{host: import("../../dashboard/js/base.js").Host<Params>}} props */
function Fragile({ host }) {
  if (host.param("word").value === "break") throw new Error("broken on purpose");
  return null;
}

export default component("Probe", Probe);
