/**
 * The heartbeat, in a worker: a page that is hidden or busy does not make it late.
 * Takes `{url, mark}` once and `{poke: true}`; tells `{state, since, page, offset, stop}`.
 */
import { heartbeat } from "./heartbeat.js";

const scope = /** @type {any} */ (globalThis);
/** @type {ReturnType<typeof heartbeat> | null} */
let beat = null;
scope.onmessage = (/** @type {{data: any}} */ { data }) => {
  if (data.url) beat = heartbeat(data.url, data.mark, (news) => scope.postMessage(news));
  if (data.poke) beat?.poke();
  if (data.stop) beat?.send({ stop: data.stop });
  if (data.end) beat?.end();
};
