/**
 * The page's own channel: Bokeh's socket, which carries params and messages. It is watched, closed
 * when it is silent, opened again, and the document brought up to date without drawing it again:
 * what a person types, opened and scrolled to stays, and so does a voice call.
 *
 * Bokeh by itself pulls the whole document and replaces it, gives up after five tries, and never
 * notices a line that is silent.
 */

const PROBE = 1000; // ms between two questions on the channel
const SLOW = 1600; // ms without an answer that mean: slow
const DEAD = 8000; // ms without an answer, though the link stands, that mean: closed
const PROOFS = 2; // later questions that the link has answered, that prove a silent channel dead after a gap
const MORE_PROOFS = 3; // the same where no gap was seen
const DOUBT = 3000; // ms for an answer when it is asked whether it has outlived a gap
const AGAIN = 300; // ms between two tries
const BROWSERS_OWN = ["dark_theme", "active", "push_to_talk"]; // what this browser decides, whatever the server holds: theme, tab, microphone
const TRIES = 5; // failures in a row, though the link stands, after which the page is reloaded
const OPENING = 10000; // ms for a socket to open and the document to come

/**
 * @typedef {object} Told
 * @property {(state: "open" | "slow" | "closed") => void} state
 * @property {() => void} restored The document is up to date again.
 * @property {(why: string) => void} hopeless Only reloading the page helps.
 */

export class Channel {
  /** @type {"open" | "slow" | "closed"} */
  state = "open";
  #wanted = false; // the link stands, so that opening may succeed
  #opening = false;
  #giveUp = (/** @type {Error} */ _why) => {};
  #failures = 0;
  #asked = 0; // when the unanswered question was asked; 0 if there is none
  #ended = false;
  #doubted = { since: 0, proofs: 0, refute: () => {} };

  /**
   * @param {any} connection Bokeh's ClientConnection.
   * @param {Told} told
   */
  constructor(connection, told) {
    this.connection = connection;
    this.told = told;
    this.#takeOver();
    this.timer = setInterval(() => void this.#probe(), PROBE);
  }

  end() {
    this.#ended = true;
    clearInterval(this.timer);
  }

  /** Whether the link stands. A channel that is closed is opened as soon as it does. @param {boolean} up */
  allow(up) {
    this.#wanted = up;
    if (up && this.state === "closed") void this.#open();
  }

  /**
   * Has this socket outlived what the link's own has not? If not, another is opened.
   *
   * @param {boolean} gap Whether the link was lost meanwhile.
   */
  async check(gap) {
    if (this.state === "closed") {
      if (gap && this.#opening) this.#close("It was opened into the gap.");
      return this.allow(true);
    }
    this.#doubted.refute();
    const { socket } = this.connection;
    const doubted = { since: Date.now(), proofs: gap ? PROOFS : MORE_PROOFS, refute: () => {} };
    this.#doubted = doubted;
    /** @type {Promise<boolean>} */
    const refuted = new Promise((resolve) => {
      doubted.refute = () => resolve(false);
    });
    const outlived = await Promise.race([this.#answers(DOUBT), refuted]);
    if (this.#doubted !== doubted || this.connection.socket !== socket) return;
    if (outlived) this.#become("open");
    else this.#close("It was silent after a gap.");
  }

  /**
   * The link has answered. What it was asked later than the channel, and on the same line, proves
   * that the channel's answer will not come, however slow line and server are.
   *
   * @param {number} asked Unix ms of the question.
   */
  linkAnswered(asked) {
    const doubted = this.#doubted;
    if (asked < doubted.since) return;
    doubted.proofs -= 1;
    if (doubted.proofs <= 0) doubted.refute();
  }

  /** Bokeh's own handling of a close would try five times and then no more, and only sometimes tell. */
  #takeOver() {
    const { connection } = this;
    connection._on_close = (/** @type {CloseEvent} */ event, /** @type {(e: Error) => void} */ reject) => {
      this.#forget();
      reject(new Error(`Lost websocket connection, ${event.code}`));
      this.#closed();
    };
    connection._repull_session_doc = (
      /** @type {() => void} */ resolve,
      /** @type {(e: unknown) => void} */ reject,
    ) => {
      this.#pull().then(resolve, reject);
    };
  }

  #forget() {
    const { connection } = this;
    connection.socket = null;
    connection._receiver = new connection._receiver.constructor(); // half a message may be left in it
    for (const pending of connection._pending_replies.values()) pending.reject("Disconnected");
    connection._pending_replies.clear();
  }

  #closed() {
    this.#asked = 0;
    this.#become("closed");
    if (this.#wanted && !this.#ended) setTimeout(() => void this.#open(), this.#failures ? AGAIN : 0);
  }

  /** A silent socket's own close would wait for the other end. @param {string} why */
  #close(why) {
    const { socket } = this.connection;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close(1000, why);
    }
    this.#forget();
    this.#giveUp(new Error(why));
    this.#closed();
  }

  async #open() {
    const { connection } = this;
    if (this.#opening || this.#ended || !this.#wanted || connection.socket) return;
    this.#opening = true;
    const late = setTimeout(() => this.#close("It did not open in time."), OPENING);
    try {
      await new Promise((resolve, reject) => {
        this.#giveUp = reject; // a socket that is taken down itself says nothing more
        connection.connect().then(resolve, reject);
      });
      this.#failures = 0;
      this.#become("open");
      this.told.restored();
    } catch (error) {
      this.#failures += 1;
      if (error instanceof Changed) this.told.hopeless(error.message);
    } finally {
      clearTimeout(late);
      this.#opening = false;
    }
    if (this.state !== "closed" || !this.#wanted) return;
    if (this.#failures >= TRIES) this.told.hopeless("The page's channel cannot be opened.");
    else setTimeout(() => void this.#open(), AGAIN);
  }

  async #pull() {
    const { connection } = this;
    const { doc_json: json, buffers } = await connection._pull_doc_json();
    merge(connection.session.document, json, buffers);
  }

  async #probe() {
    if (this.state === "closed") return this.allow(this.#wanted);
    if (this.#asked) {
      const waited = performance.now() - this.#asked;
      if (this.#wanted && waited > DEAD) this.#close("It does not answer.");
      else if (waited > SLOW) this.#become("slow");
      return;
    }
    this.#asked = performance.now();
    const answered = await this.#answers(3 * DEAD);
    this.#asked = 0;
    if (answered && this.state === "slow") this.#become("open");
  }

  /** @param {number} ms @returns {Promise<boolean>} */
  #answers(ms) {
    const { session, socket } = this.connection;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.resolve(false);
    const late = new Promise((resolve) => setTimeout(() => resolve(false), ms));
    const asked = session.request_server_info().then(
      () => true,
      () => false,
    );
    return /** @type {Promise<boolean>} */ (Promise.race([asked, late]));
  }

  /** @param {"open" | "slow" | "closed"} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.told.state(state);
  }
}

/** The server has another document under this page's name. */
class Changed extends Error {}

/**
 * Brings a document up to date with what was pulled: changed values are set on the models that are
 * there, so that nothing else is touched.
 *
 * @param {any} document Bokeh's Document.
 * @param {any} json
 * @param {Map<string, ArrayBuffer>} buffers
 */
export function merge(document, json, buffers) {
  const known = document._all_models;
  const roots = document.roots().map((/** @type {any} */ root) => root.id);
  if (json.roots.length !== roots.length || json.roots.some((/** @type {any} */ root) => !known.has(root.id))) {
    throw new Changed("The page's document is another one.");
  }
  const events = changes(json.roots, (id) => known.has(id));
  try {
    document.apply_json_patch({ events }, buffers);
  } catch (error) {
    throw new Changed(`The page could not be brought up to date: ${error}`);
  }
}

/**
 * What was pulled, as changes of the models that are there; models that are new are defined where
 * they first occur.
 *
 * @param {any} pulled
 * @param {(id: string) => boolean} known
 */
export function changes(pulled, known) {
  /** @type {{kind: "ModelChanged", model: {id: string}, attr: string, new: unknown}[]} */
  const events = [];
  /** @param {any} value @returns {any} */
  function walk(value) {
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== "object" || value instanceof ArrayBuffer) return value;
    if (value.type !== "object" || !known(value.id)) {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, walk(inner)]));
    }
    const model = { id: value.id };
    for (const [attr, inner] of Object.entries(value.attributes ?? {})) {
      if (BROWSERS_OWN.includes(attr)) continue;
      const made = walk(inner);
      events.push({ kind: "ModelChanged", model, attr, new: made });
    }
    return model;
  }
  walk(pulled);
  return events;
}

/**
 * Bokeh's connection of this page, which nothing names: it is seen when a message goes out.
 *
 * @param {() => void} send Sends any message.
 * @returns {any} None if this Bokeh is built otherwise.
 */
export function connectionOf(send) {
  try {
    const { ClientConnection } = /** @type {any} */ (globalThis).Bokeh.require("client/connection");
    const { send: inner } = ClientConnection.prototype;
    let found = null;
    ClientConnection.prototype.send = function (/** @type {unknown} */ message) {
      found = this;
      return inner.call(this, message);
    };
    try {
      send();
    } finally {
      ClientConnection.prototype.send = inner;
    }
    return found;
  } catch {
    return null;
  }
}
