/** Files on their way in: a few at once, each with its progress, its end and why it failed. */

import { signal } from "@preact/signals";
import { link } from "../../js/link/link.js";
import { Unreachable } from "./client.js";
import { bytes } from "./format.js";
import { t } from "../../js/words.js";

const AT_ONCE = 2;
const GOES_ON = 2000; // ms after a gap in which a line that has outlived it goes on
const TRIES = 5; // of one whose request is not answered, before the person is asked
const MOST = 1000; // files of one drop

/** @typedef {"waiting" | "sending" | "stalled" | "failed"} State */
/**
 * @typedef {object} Upload
 * @property {number} id
 * @property {string} name
 * @property {number} size
 * @property {number} sent
 * @property {State} state
 * @property {string} text Why it failed, or stalls.
 * @property {boolean} again Whether it can be sent again.
 */
/** @typedef {{file: File, name: string}} Wanted A file, and its name or path below a folder. */
/** @typedef {{id: number, upload: string, tries: number, wanted: Wanted, where: Where}} Job */
/** @typedef {{folder: string, source: "button" | "drop" | "paste", attach: boolean}} Where */

/** @type {Partial<Upload>} */
const STILL = { state: "stalled", text: t("Nothing is getting through at the moment."), again: true };

const OUT = t("Everything has been sent. The server has not answered yet.");

export class Uploads {
  /** What is on its way, or failed and was not yet seen. @type {import("@preact/signals").Signal<Upload[]>} */
  list = signal([]);
  /** @type {Map<number, AbortController>} */
  #running = new Map();
  /** @type {Job[]} */
  #queue = [];
  /** @type {Map<number, Job>} What can be sent again. */
  #jobs = new Map();
  #last = 0;

  /**
   * @param {import("./client.js").Client} client
   * @param {() => void} done Called after each file that came in.
   * @param {(text: string) => void} tell A sentence for the person.
   */
  constructor(client, done, tell) {
    this.client = client;
    this.done = done;
    this.tell = tell;
    this.most = Number.POSITIVE_INFINITY; // bytes of one file, as the server says
  }

  /** After a gap what stalled may do so for ever: what does not go on soon is sent again. */
  restored() {
    for (const { id, state } of this.list.peek()) if (state === "stalled") this.#soon(id);
  }

  /** @param {number} id */
  #soon(id) {
    setTimeout(() => {
      const still = this.list.peek().some((each) => each.id === id && each.state === "stalled");
      if (still && link.live) this.again(id);
    }, GOES_ON);
  }

  /** The link is lost: what is on its way stalls, though nobody knows yet for how long. */
  lost() {
    for (const { id, state } of this.list.peek()) if (state === "sending") this.#change(id, STILL);
  }

  /** Sends one again that stalls or has failed. @param {number} id */
  again(id) {
    const job = this.#jobs.get(id);
    if (!job) return;
    this.#running.get(id)?.abort();
    this.#running.delete(id);
    this.#queue.push(job);
    this.#change(id, { state: "waiting", sent: 0, text: "", again: false });
    this.#next();
  }

  /** @param {Wanted[]} wanted @param {Where} where */
  add(wanted, where) {
    if (wanted.length > MOST) {
      this.tell(
        t("These are {n} files; at most {most} can be uploaded at once. Put them into an archive first.", {
          n: wanted.length,
          most: MOST,
        }),
      );
      return;
    }
    const added = wanted.map((each) => this.#entry(each, where));
    this.list.value = [...this.list.peek(), ...added];
    this.#next();
  }

  /** Gives up one that is on its way, or puts one that failed out of sight. @param {number} id */
  cancel(id) {
    this.#queue = this.#queue.filter((each) => each.id !== id);
    this.#running.get(id)?.abort();
    this.#running.delete(id);
    this.#drop(id);
    this.#next();
  }

  /** @param {Wanted} wanted @param {Where} where @returns {Upload} */
  #entry(wanted, where) {
    this.#last += 1;
    const { size } = wanted.file;
    const upload = { id: this.#last, name: wanted.name, size, sent: 0, text: "", again: false };
    if (size > this.most)
      return { ...upload, state: "failed", text: t("A file can have {size} at most.", { size: bytes(this.most) }) };
    const job = { id: this.#last, upload: crypto.randomUUID(), tries: 0, wanted, where };
    this.#jobs.set(job.id, job);
    this.#queue.push(job);
    return { ...upload, state: "waiting" };
  }

  #next() {
    while (this.#running.size < AT_ONCE) {
      const next = this.#queue.shift();
      if (!next) return;
      void this.#send(next);
    }
  }

  /** @param {Job} job */
  async #send(job) {
    const { id, upload, wanted, where } = job;
    const control = new AbortController();
    const { signal } = control;
    this.#running.set(id, control);
    this.#change(id, { state: "sending" });
    job.tries += 1;
    const again = job.tries > 1;
    /** @type {import("./client.js").Progress} */
    const told = (sent, stalled) => {
      if (signal.aborted) return;
      if (stalled || !link.live) this.#change(id, { ...STILL, sent, ...(sent >= wanted.file.size && { text: OUT }) });
      else this.#change(id, { state: "sending", sent, text: "", again: false });
    };
    try {
      await this.client.put(wanted.file, { ...where, name: wanted.name, upload, again }, told, signal);
      if (!signal.aborted) this.#drop(id);
    } catch (error) {
      if (!signal.aborted) this.#failed(job, error);
    }
    if (this.#running.get(id) === control) this.#running.delete(id);
    this.done();
    this.#next();
  }

  /** @param {Job} job @param {unknown} error */
  #failed({ id, tries }, error) {
    const text = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Unreachable) || tries >= TRIES) this.#change(id, { state: "failed", text, again: true });
    else {
      this.#change(id, { ...STILL, text });
      this.#soon(id);
    }
  }

  /** @param {number} id @param {Partial<Upload>} fields */
  #change(id, fields) {
    this.list.value = this.list.peek().map((each) => (each.id === id ? { ...each, ...fields } : each));
  }

  /** @param {number} id */
  #drop(id) {
    this.#jobs.delete(id);
    this.list.value = this.list.peek().filter((each) => each.id !== id);
  }
}

/**
 * What was dropped, folders with all that is in them.
 *
 * @param {DataTransfer} data
 * @returns {Promise<Wanted[]>}
 */
export async function dropped(data) {
  // The entries must be taken before anything is waited for: the list is emptied then.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return named(data.files);
  const found = await Promise.all(entries.map((entry) => below(entry, "")));
  return found.flat();
}

/** @param {Iterable<File>} files @returns {Wanted[]} */
export function named(files) {
  return [...files].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
}

/** @param {FileSystemEntry} entry @param {string} path @returns {Promise<Wanted[]>} */
async function below(entry, path) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => {
      /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject);
    });
    return [{ file, name: path + entry.name }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {Wanted[]} */
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0 || found.length > MOST) return found;
    for (const each of some) found.push(...(await below(each, `${path}${entry.name}/`)));
  }
}
