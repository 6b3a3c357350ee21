/** Files on their way in: a few at once, each with its progress, its end and why it failed. */

import { signal } from "@preact/signals";
import { bytes } from "./format.js";

const AT_ONCE = 2;
const MOST = 1000; // files of one drop

/** @typedef {"waiting" | "sending" | "failed"} State */
/**
 * @typedef {object} Upload
 * @property {number} id
 * @property {string} name
 * @property {number} size
 * @property {number} sent
 * @property {State} state
 * @property {string} text Why it failed.
 */
/** @typedef {{file: File, name: string}} Wanted A file, and its name or path below a folder. */
/** @typedef {{folder: string, source: "button" | "drop" | "paste", attach: boolean}} Where */

export class Uploads {
  /** What is on its way, or failed and was not yet seen. @type {import("@preact/signals").Signal<Upload[]>} */
  list = signal([]);
  /** @type {Map<number, AbortController>} */
  #running = new Map();
  /** @type {{id: number, wanted: Wanted, where: Where}[]} */
  #queue = [];
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

  /** @param {Wanted[]} wanted @param {Where} where */
  add(wanted, where) {
    if (wanted.length > MOST) {
      this.tell(`These are ${wanted.length} files; ${MOST} can come in at once. Put them into an archive first.`);
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
    this.#drop(id);
    this.#next();
  }

  /** @param {Wanted} wanted @param {Where} where @returns {Upload} */
  #entry(wanted, where) {
    this.#last += 1;
    const { size } = wanted.file;
    const upload = { id: this.#last, name: wanted.name, size, sent: 0, text: "" };
    if (size > this.most) return { ...upload, state: "failed", text: `A file may have ${bytes(this.most)} at most.` };
    this.#queue.push({ id: this.#last, wanted, where });
    return { ...upload, state: "waiting" };
  }

  #next() {
    while (this.#running.size < AT_ONCE) {
      const next = this.#queue.shift();
      if (!next) return;
      void this.#send(next.id, next.wanted, next.where);
    }
  }

  /** @param {number} id @param {Wanted} wanted @param {Where} where */
  async #send(id, wanted, where) {
    const control = new AbortController();
    this.#running.set(id, control);
    this.#change(id, { state: "sending" });
    try {
      const told = (/** @type {number} */ sent) => this.#change(id, { sent });
      await this.client.put(wanted.file, { ...where, name: wanted.name }, told, control.signal);
      this.#drop(id);
    } catch (error) {
      if (control.signal.aborted) this.#drop(id);
      else this.#change(id, { state: "failed", text: error instanceof Error ? error.message : String(error) });
    }
    this.#running.delete(id);
    this.done();
    this.#next();
  }

  /** @param {number} id @param {Partial<Upload>} fields */
  #change(id, fields) {
    this.list.value = this.list.peek().map((each) => (each.id === id ? { ...each, ...fields } : each));
  }

  /** @param {number} id */
  #drop(id) {
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
