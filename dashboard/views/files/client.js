/**
 * The server's routes for one session's files. Each request brings a ticket that is good for a
 * minute; a refusal is an `Error` whose message is a sentence for the person.
 */

import { link } from "../../js/link/link.js";
import { t } from "../../js/words.js";

/**
 * @typedef {object} Row
 * @property {string} key
 * @property {string} in Key of the folder that it is in; empty at the top.
 * @property {string} name
 * @property {"file" | "folder" | "link" | "other" | "more"} kind
 * @property {number} size Bytes.
 * @property {number} time Unix seconds.
 * @property {boolean | number} new
 * @property {number} [files]
 */
/**
 * @typedef {object} Attached What goes with the next words.
 * @property {string} token
 * @property {string} name
 * @property {number} size
 * @property {string} kind
 * @property {string} note
 * @property {string} image Hash of the picture, if it is one.
 */
/**
 * @typedef {object} Listing
 * @property {Row[]} rows
 * @property {number} files
 * @property {number} bytes
 * @property {number} since
 * @property {number} quota Bytes that the home may hold; 0 for no limit.
 * @property {number} used Bytes in the home as last measured, programs' own included.
 * @property {string} use The same in words, and who keeps the limit.
 * @property {string[]} notes
 * @property {boolean} running
 * @property {number} most Bytes of one file.
 * @property {number} most_chosen
 * @property {Attached[]} attached
 */

const LOST = t("The server cannot be reached. Try again when the page is connected.");
const BROKE_OFF = t("The connection was lost; nothing was kept.");
const UNANSWERED = t("The connection was lost before the server answered.");
const PATIENCE = 30_000; // ms for one answer
const STALLED = 10_000; // ms in which nothing goes out, or nothing is answered, after which the person is told
const FRESH = 45_000; // ms; the server's tickets are good for 60 s

/** Nothing has answered: whether it was done is not known. */
export class Unreachable extends Error {}

export class Client {
  #ticket = "";
  #until = 0;
  #etag = "";
  /** @type {Listing | null} */
  #last = null;

  /** @param {string} sessionId */
  constructor(sessionId) {
    this.base = `sessions/${encodeURIComponent(sessionId)}`;
  }

  /**
   * The tree; null when nothing has changed since the last time.
   *
   * @param {Iterable<string>} open Keys of unfolded folders.
   * @returns {Promise<Listing | null>}
   */
  async list(open) {
    const query = new URLSearchParams([...open].map((key) => ["open", key]));
    const answer = await this.#ask("list", query, { headers: this.#etag ? { "If-None-Match": this.#etag } : {} });
    if (answer.body === null) return null;
    this.#last = answer.body;
    this.#etag = answer.etag;
    return this.#last;
  }

  /** The next listing is whole, whatever the last one was. */
  forget() {
    this.#etag = "";
  }

  /**
   * Has the browser save files and folders; several come as an archive. Resolves to what an
   * archive will not hold, in a sentence; empty if it holds all.
   *
   * @param {string[]} keys
   * @param {boolean} whole Whether one alone comes as an archive as well.
   * @returns {Promise<string>}
   */
  async download(keys, whole) {
    const query = new URLSearchParams(keys.map((key) => ["path", key]));
    if (whole) query.set("zip", "1");
    query.set("check", "1");
    const { name, note } = (await this.#ask("get", query)).body;
    query.delete("check");
    query.set("ticket", await this.#pass());
    const anchor = document.createElement("a");
    anchor.href = `${this.base}/files/get?${query}`;
    anchor.download = name;
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    return note ?? "";
  }

  /** @param {string} token */
  async unattach(token) {
    await this.#ask("unattach", new URLSearchParams({ token }), { method: "POST" });
  }

  /**
   * Sends a file. Sent again with the same `upload` it comes in once: whether it has is asked first.
   *
   * @param {File} file
   * @param {{name: string, folder: string, source: string, attach: boolean, upload: string, again: boolean}} how
   * @param {Progress} told
   * @param {AbortSignal} signal
   */
  async put(file, { name, folder, source, attach, upload, again }, told, signal) {
    if (again) {
      const { came } = (await this.#ask("came", new URLSearchParams({ upload }))).body;
      if (came) return came;
    }
    const query = new URLSearchParams({ name, folder, source, upload });
    if (attach) query.set("attach", "1");
    query.set("ticket", await this.#pass());
    return send(`${this.base}/files/put?${query}`, file, told, signal);
  }

  /** @param {string} route @param {URLSearchParams} query @param {RequestInit} [options] */
  async #ask(route, query, options = {}) {
    query.set("ticket", await this.#pass());
    return answered(`${this.base}/files/${route}?${query}`, options);
  }

  async #pass() {
    if (performance.now() > this.#until) {
      const answer = await answered(`${this.base}/files/ticket`, { method: "POST" });
      this.#ticket = answer.body.ticket;
      this.#until = performance.now() + FRESH;
    }
    return this.#ticket;
  }
}

/**
 * What the server answers, whole; a line that swallows everything must not keep the panel waiting for ever.
 *
 * @param {string} url @param {RequestInit} options
 * @returns {Promise<{body: any, etag: string}>} The body is null when nothing has changed.
 */
async function answered(url, options) {
  let answer;
  let body;
  try {
    answer = await fetch(url, { cache: "no-store", signal: link.patience(PATIENCE), ...options });
    body = answer.status === 304 ? null : JSON.parse((await answer.text()) || "{}");
  } catch {
    if (answer && !answer.ok) throw new Error(t("The server refused it ({status}).", { status: answer.status }));
    throw new Unreachable(LOST);
  }
  if (answer.ok || body === null) return { body, etag: answer.headers.get("ETag") ?? "" };
  throw new Error(body.error || t("The server refused it ({status}).", { status: answer.status }));
}

/** @typedef {(sent: number, stalled: boolean) => void} Progress Hears how many bytes are out, and whether it has stalled. */

/**
 * `fetch` does not say how far an upload is; this does.
 *
 * @param {string} url
 * @param {File} file
 * @param {Progress} told
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export function send(url, file, told, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    let out = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const moved = (/** @type {number} */ sent) => {
      out = sent;
      clearTimeout(timer);
      timer = setTimeout(() => told(out, true), STALLED);
      told(out, false);
    };
    request.upload.onprogress = ({ loaded }) => moved(loaded);
    request.onloadend = () => clearTimeout(timer);
    request.onload = () => {
      const answer = request.response ?? {};
      if (request.status === 200) resolve(answer);
      else reject(new Error(answer.error || t("The server refused it ({status}).", { status: request.status })));
    };
    request.onerror = () => reject(new Error(out < file.size ? BROKE_OFF : UNANSWERED));
    request.onabort = () => reject(new Error(t("Cancelled; nothing was kept.")));
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) reject(new Error(t("Cancelled; nothing was kept.")));
    else {
      moved(0);
      request.send(file);
    }
  });
}
