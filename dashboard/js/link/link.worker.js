/**
 * The heartbeat, in a worker: a page that is hidden or busy does not make it late.
 * Takes `{url, mark, key}` once, `{poke: true}`, `{hasten: true}` and `{send: message}`; tells its news.
 */
import { present } from "../page_key.js";
import { heartbeat } from "./heartbeat.js";

const scope = /** @type {any} */ (globalThis);
/** @type {ReturnType<typeof heartbeat> | null} */
let beat = null;
scope.onmessage = (/** @type {{data: any}} */ { data }) => {
  if (data.key) present(scope, data.key, data.url);
  if (data.url) beat = heartbeat(data.url, data.mark, (news) => scope.postMessage(news));
  if (data.poke) beat?.poke();
  if (data.hasten) beat?.hasten();
  if (data.send) beat?.send(data.send);
  if (data.end) beat?.end();
};
