import { Emitter } from "../../../js/emitter.js";
import { link } from "../../../js/link/link.js";
import { chatUrl, Connection } from "./connection.js";
import { VoiceError } from "./errors.js";

const TICKET_WITHIN = 10000; // ms
const FIRST_DELAY = 300; // ms, then doubling
const LAST_DELAY = 10000;
const TRIES = { first: 4, later: 30 }; // before the first chat of a start, and after it
const KEPT = 100; // control messages held through an outage
const REFUSED = new Set([1008, 4001, 4003, 4401, 4403]);
const RESUME_FAILED = new Set(["E0708", "E0710"]);
const UNREACHABLE = "unreachable"; // for now: a later ticket may be had
const NO_CREDIT = new Set(["E0300"]);

/** @typedef {import("./evi.d.ts").ChatMetadata} ChatMetadata */
/** @typedef {import("./evi.d.ts").Incoming} Incoming */
/** @typedef {import("./evi.d.ts").Outgoing} Outgoing */
/** @typedef {import("./evi.d.ts").Settings} Settings */
/** @typedef {import("./evi.d.ts").Ticket} Ticket */
/** @typedef {"off" | "connecting" | "ready" | "reconnecting"} LineState */
/** @typedef {"ticket" | "retry" | "admit" | "handover"} Timer */
/** @typedef {"start" | "reconnect" | "handover"} Reason Why a ticket is asked for. */
/**
 * @typedef {object} Events
 * @property {[state: LineState, error: VoiceError | null]} state
 * @property {[message: Incoming]} message
 * @property {[level: import("../../../js/relay.js").Level, text: string]} log
 * @property {[reason: Reason]} ticket Python is to send a fresh ticket.
 */
/**
 * @typedef {object} Options
 * @property {number} handoverAfter Seconds.
 * @property {() => boolean} isQuiet Whether nobody speaks and no answer is awaited.
 * @property {string} [base] The page's address.
 */

/**
 * The line to the voice service: one chat after another, kept up by itself.
 *
 * @extends {Emitter<Events>}
 */
export class Line extends Emitter {
  /** @type {LineState} */
  state = "off";
  /** @type {ChatMetadata | null} */
  chat = null;
  /** @type {string | null} */
  provider = null;
  /** @type {Connection | null} */
  #current = null;
  /** @type {Connection | null} While one chat is handed over to another. */
  #next = null;
  /** @type {string | null} */
  #resume = null;
  /** @type {Settings} */
  #settings = {};
  /** @type {Outgoing[]} */
  #kept = [];
  #failures = 0;
  #refusals = 0;
  #hadChat = false;
  /** @type {Partial<Record<Timer, ReturnType<typeof setTimeout>>>} */
  #timers = {};
  /** @type {VoiceError | null} */
  #lastError = null;

  /** @param {Options} options */
  constructor(options) {
    super();
    this.options = options;
    this.onOnline = () => {
      if (this.#timers.retry) this.#ask("reconnect");
    };
    globalThis.addEventListener("online", this.onOnline);
    this.unlink = [link.watch(() => this.#link()), link.onRestored(() => this.#again())];
  }

  open() {
    this.#failures = 0;
    this.#refusals = 0;
    this.#hadChat = false;
    this.#become("connecting");
    this.#ask("start");
  }

  /** Ends the chat. @param {VoiceError | null} [error] Why, if nobody asked for it. */
  close(error = null) {
    for (const name of /** @type {Timer[]} */ (Object.keys(this.#timers))) this.#clear(name);
    for (const connection of [this.#current, this.#next]) connection?.close();
    this.#current = this.#next = this.chat = null;
    this.#kept = [];
    if (!error) this.#resume = null;
    this.#become("off", error);
  }

  dispose() {
    this.close();
    globalThis.removeEventListener("online", this.onOnline);
    for (const end of this.unlink) end();
  }

  /** Control messages wait for the line; sound does not. @param {Outgoing} message */
  send(message) {
    if (message.type === "session_settings") this.#remember(message);
    if (this.state === "ready") this.#current?.send(message);
    else if (this.state !== "off" && this.#kept.length < KEPT) this.#kept.push(message);
    else this.emit("log", "warning", `not sent, no line: ${message.type}`);
  }

  /** @param {ArrayBuffer} frame */
  sendAudio(frame) {
    if (this.state === "ready") this.#current?.sendAudio(frame);
  }

  /** Sound from before the chat, however much it is. @param {ArrayBuffer[]} frames */
  replay(frames) {
    for (const frame of frames) this.#current?.sendAudio(frame, true);
  }

  /** What Python answers. @param {Ticket | import("./evi.d.ts").Refusal} ticket */
  useTicket(ticket) {
    if (!this.#timers.ticket) return; // asked for no longer
    this.#clear("ticket");
    if ("error" in ticket) {
      const error = Object.assign(new VoiceError(ticket.error.code), ticket.error);
      if (this.#current || (this.#hadChat && error.code === UNREACHABLE)) this.#broken(error);
      else this.close(error);
      return;
    }
    this.provider = ticket.provider ?? null;
    this.#settings = { ...this.#settings, ...ticket.settings };
    this.#connect(ticket);
  }

  /** The server that gives tickets does not answer. A chat with the same server is silent with it. */
  #link() {
    if (link.live || this.state === "off") return;
    const [current, next] = [this.#current, this.#next];
    if (next?.isOf(this.options.base)) this.#next = null;
    if (next?.isOf(this.options.base)) next.close();
    if (!current?.isOf(this.options.base)) return;
    this.#current = this.chat = null;
    current.close();
    this.#clear("handover");
    this.#become("reconnecting", new VoiceError("connection_lost"));
  }

  #again() {
    const waits = this.state === "connecting" || this.state === "reconnecting";
    if (waits && !this.#next) this.#ask("reconnect");
  }

  /** @param {Reason} reason */
  #ask(reason) {
    this.#clear("retry");
    if (!link.live) return; // `#again` asks
    this.#after("ticket", TICKET_WITHIN, () => this.#broken(new VoiceError("ticket_timeout")));
    this.emit("ticket", reason);
  }

  /** @param {Ticket} ticket */
  #connect(ticket) {
    const { audio: _declared, ...settings } = this.#settings;
    const first = Object.keys(settings).length > 0 ? { type: "session_settings", ...settings } : null;
    const connection = new Connection(chatUrl(ticket, this.#resume, this.options.base), first);
    this.#next?.close();
    this.#next = connection;
    connection.on("odd", (text) => this.emit("log", "warning", `not a message: ${text}`));
    connection.on("message", (message) => this.#receive(connection, message));
    connection.on("closed", (how) => this.#closed(connection, how));
  }

  /** @param {Connection} connection @param {Incoming} message */
  #receive(connection, message) {
    if (message.type === "chat_metadata") this.#admit(connection);
    if (message.type === "error") this.#noteError(message);
    if (connection === this.#current || message.type === "error") this.emit("message", message);
  }

  /**
   * A chat that takes over from another waits for a quiet moment: an answer may be on its way.
   *
   * @param {Connection} connection
   * @param {number} [left] How often it is asked for at most.
   */
  #admit(connection, left = 80) {
    if (this.#current && left > 0 && !this.options.isQuiet()) {
      this.#after("admit", 250, () => this.#admit(connection, left - 1));
    } else this.#promote(connection);
  }

  /** A chat has begun: it becomes the current one, and the one before it ends. @param {Connection} connection */
  #promote(connection) {
    const { chat } = connection;
    if (connection !== this.#next || !chat) return;
    this.#current?.close();
    this.#current = connection;
    this.#next = null;
    this.chat = chat;
    this.#resume = chat.chat_group_id ?? null;
    this.#failures = this.#refusals = 0;
    this.#hadChat = true;
    this.#lastError = null;
    this.#become("ready");
    for (const kept of this.#kept.splice(0)) connection.send(kept);
    this.#after("handover", this.options.handoverAfter * 1000, () => this.#handOver(240));
  }

  /**
   * Waits for a quiet moment, then opens the next chat.
   *
   * @param {number} left How often it is asked for, every 250 ms, at most.
   */
  #handOver(left) {
    if (left > 0 && !this.options.isQuiet()) {
      this.#after("handover", 250, () => this.#handOver(left - 1));
      return;
    }
    this.#clear("handover");
    this.emit("log", "info", "handing the chat over before its time limit");
    this.#ask("handover");
  }

  /** @param {Connection} connection @param {import("./connection.js").Ending} how */
  #closed(connection, { code, reason, opened }) {
    if (connection !== this.#current && connection !== this.#next) return;
    this.emit("log", "warning", `socket closed: ${code} ${reason}`.trim());
    const wasCurrent = connection === this.#current;
    if (wasCurrent) this.#current = null;
    else this.#next = null;
    if (this.#next) {
      this.#become("reconnecting", new VoiceError("connection_lost")); // died while handing over
    } else if (this.#lastError?.code === "quota" && !this.#current) {
      this.close(this.#lastError); // a fresh ticket would not help
    } else if (REFUSED.has(code) && !this.#current) {
      this.#refused(reason);
    } else if (wasCurrent && code === 1000) {
      this.close(this.#lastError ?? new VoiceError("chat_ended", reason));
    } else {
      this.#broken(this.#lastError ?? new VoiceError(opened ? "connection_lost" : "socket_refused"));
    }
  }

  /** A ticket may have died on the way: one fresh one is tried. @param {string} reason */
  #refused(reason) {
    this.#refusals += 1;
    const error = new VoiceError("auth", reason);
    if (this.#refusals > 1) this.close(error);
    else this.#broken(error);
  }

  /** @param {VoiceError} error */
  #broken(error) {
    this.#clear("handover");
    if (this.#current) {
      this.#after("handover", 10000, () => this.#handOver(0)); // the old chat still stands
      return;
    }
    this.#failures += 1;
    if (error.code === "quota" || this.#failures >= (this.#hadChat ? TRIES.later : TRIES.first)) {
      this.close(error);
      return;
    }
    this.chat = null;
    this.#become(this.#hadChat ? "reconnecting" : "connecting", error);
    const delay = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** (this.#failures - 1));
    this.#after("retry", delay * (0.75 + Math.random() / 2), () => this.#ask("reconnect"));
  }

  /** @param {import("./evi.d.ts").ChatError} error */
  #noteError({ code, slug, message }) {
    if (RESUME_FAILED.has(code)) this.#resume = null;
    const detail = `${slug ?? code}: ${message ?? ""}`;
    this.#lastError = NO_CREDIT.has(code) ? new VoiceError("quota", detail) : null;
    this.emit("log", "error", detail);
  }

  /** Settings hold for one chat: the lasting ones are told to each new chat again. @param {Outgoing} message */
  #remember({ type: _type, ...rest }) {
    const settings = /** @type {Settings} */ (rest);
    const { context } = settings;
    if (context && context.type !== "persistent") delete settings.context;
    if (context === null) delete this.#settings.context;
    for (const [name, value] of Object.entries(settings)) {
      if (value !== null) this.#settings[name] = value;
    }
  }

  /** @param {LineState} state @param {VoiceError | null} [error] */
  #become(state, error = null) {
    this.state = state;
    this.emit("state", state, error);
  }

  /** @param {Timer} name @param {number} ms @param {() => void} action */
  #after(name, ms, action) {
    this.#clear(name);
    const timer = setTimeout(() => {
      delete this.#timers[name];
      action();
    }, ms);
    this.#timers[name] = timer;
  }

  /** @param {Timer} name */
  #clear(name) {
    clearTimeout(this.#timers[name]);
    delete this.#timers[name];
  }
}
