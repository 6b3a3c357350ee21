import RFB from "@novnc/novnc";
import { Emitter } from "../../js/emitter.js";
import { Channel } from "./channel.js";

const TICKET_WITHIN = 10000; // ms
const FIRST_DELAY = 500; // ms, then doubling
const LAST_DELAY = 8000;
const FETCHED_WITHIN = 700; // ms that keys wait at most for a text that is being pasted
const SETTLED = 150; // ms without another fetch after which it is there
/** @type {[keysym: number, code: string][]} */
const HELD = [
  [0xffe1, "ShiftLeft"],
  [0xffe2, "ShiftRight"],
  [0xffe3, "ControlLeft"],
  [0xffe4, "ControlRight"],
  [0xffe9, "AltLeft"],
  [0xffea, "AltRight"],
  [0xffeb, "MetaLeft"],
  [0xffec, "MetaRight"],
];

/** @type {Set<() => void>} Called when a text has gone to a desktop that asked for it. */
const fetches = new Set();
const { extendedClipboardProvide } = RFB.messages;
RFB.messages.extendedClipboardProvide = (...given) => {
  extendedClipboardProvide(...given);
  for (const fetched of fetches) fetched();
};

/** @typedef {{code: string, message: string, advice: string}} Refused Why there is no ticket. */
/** @typedef {"connecting" | "live"} ScreenState */
/**
 * @typedef {object} Ticket What Python answers to `local.need_ticket`.
 * @property {Record<string, string>} [query] Opens the socket.
 * @property {Refused} [error]
 * @property {number} [channel] Over the host's own messages, instead of a socket.
 * @property {boolean} [inline] Bytes are part of the channel's messages; else they go beside them.
 */
/**
 * @typedef {object} Events
 * @property {[state: ScreenState, error: Refused | null]} state
 * @property {[reason: string]} ticket
 * @property {[text: string]} clipboard
 * @property {[level: import("../../js/relay.js").Level, text: string]} log
 */

/**
 * The picture, kept up by itself: a fresh ticket for each try.
 *
 * @extends {Emitter<Events>}
 */
export class Screen extends Emitter {
  /** @type {ScreenState} */
  state = "connecting";
  held = false; // the page's link is lost
  /** @type {RFB | null} */
  #rfb = null;
  /** @type {Channel | null} */
  #channel = null;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer = undefined;
  #asked = false;
  #control = false;
  /** @type {string | null} For the desktop's clipboard, once it may be set. */
  #text = null;
  /** @type {(() => void)[] | null} Keys and texts that must not overtake a text that is being pasted. */
  #waiting = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #patience = undefined;

  /**
   * @param {{current: HTMLElement | null}} target Where the picture is put.
   * @param {() => string} address Of the socket.
   * @param {import("./channel.js").Send} send For a channel.
   */
  constructor(target, address, send) {
    super();
    this.target = target;
    this.address = address;
    this.send = send;
  }

  open(reason = "start") {
    this.held = false;
    this.#drop();
    this.#asked = true;
    this.#later(TICKET_WITHIN, () => this.#lost("no ticket"));
    this.#become("connecting");
    this.emit("ticket", reason);
  }

  /** @param {Ticket} ticket */
  useTicket({ query, error, channel, inline }) {
    if (!this.#asked) return;
    this.#asked = false;
    clearTimeout(this.#timer);
    if (error) this.#lost(error.message, error);
    else this.#connect(channel === undefined ? this.#url(query ?? {}) : this.#open(channel, inline));
  }

  /**
   * Bytes and news of a channel over the host's own messages.
   *
   * @param {import("./channel.js").News} message
   * @param {DataView<ArrayBuffer>[]} [buffers]
   */
  receive(message, buffers) {
    this.#channel?.receive(message, buffers);
  }

  /** No tries until `open`: a socket that hangs while it opens keeps all others back. */
  hold() {
    this.close();
    this.held = true;
    this.#become("connecting");
  }

  close() {
    this.held = false;
    this.#asked = false;
    clearTimeout(this.#timer);
    this.#drop();
  }

  /** Mouse and keyboard to the person, or back: no key stays down on the desktop. @param {boolean} on */
  control(on) {
    this.#control = on;
    if (!this.#rfb) return;
    if (!on) this.#letGo();
    this.#rfb.viewOnly = !on;
    if (on) {
      this.#rfb.focus();
      if (this.#text !== null) this.paste(this.#text);
    }
  }

  /** Lets go of the keyboard without giving the mouse back. */
  blur() {
    this.#letGo();
    this.#rfb?.blur();
  }

  /** @param {string} text */
  paste(text) {
    if (this.#waiting) {
      this.#waiting.push(() => this.paste(text));
      return;
    }
    const rfb = this.state === "live" && this.#control ? this.#rfb : null;
    this.#text = rfb ? null : text;
    rfb?.clipboardPasteFrom(text);
  }

  focus() {
    this.#rfb?.focus();
  }

  /** A key to the desktop, while the person has the mouse. @param {number} keysym @param {string} code @param {boolean} [down] */
  key(keysym, code, down) {
    if (this.state === "live" && this.#control) this.#rfb?.sendKey(keysym, code, down);
  }

  /**
   * The keys just sent paste: those that follow wait until the program has fetched the text, which
   * takes it a way to the browser and back. Without that they would be typed before it.
   */
  pasting() {
    if (this.state !== "live") return;
    if (this.#waiting) {
      this.#waiting.push(() => this.pasting());
      return;
    }
    this.#waiting = [];
    fetches.add(this.#fetched);
    this.#wait(FETCHED_WITHIN);
  }

  #fetched = () => this.#wait(SETTLED);

  /** @param {number} ms */
  #wait(ms) {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#goOn(), ms);
  }

  #goOn() {
    clearTimeout(this.#patience);
    fetches.delete(this.#fetched);
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    while (waiting.length && !this.#waiting) waiting.shift()?.();
    const again = /** @type {(() => void)[] | null} */ (this.#waiting);
    again?.push(...waiting); // there is another paste among them
  }

  get canvas() {
    return this.target.current?.querySelector("canvas") ?? null;
  }

  #letGo() {
    while (this.#waiting) this.#goOn();
    if (this.state !== "live" || !this.#rfb || this.#rfb.viewOnly) return;
    for (const [keysym, code] of HELD) this.#rfb.sendKey(keysym, code, false);
  }

  /** @param {Record<string, string>} query */
  #url(query) {
    const url = new URL(this.address(), document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  }

  /** @param {number} number @param {boolean} [inline] */
  #open(number, inline) {
    this.#channel = new Channel(number, this.send, inline);
    return this.#channel;
  }

  /** @param {string | Channel} where */
  #connect(where) {
    if (!this.target.current) return;
    const rfb = new RFB(this.target.current, where, { shared: true });
    this.#rfb = rfb;
    rfb.scaleViewport = true;
    rfb.resizeSession = false;
    rfb.background = "transparent";
    rfb.viewOnly = !this.#control;
    const { sendKey } = rfb;
    rfb.sendKey = (...key) => {
      if (rfb === this.#rfb && this.#waiting) this.#waiting.push(() => this.key(...key));
      else sendKey.apply(rfb, key);
    };
    rfb.addEventListener("connect", () => {
      if (rfb === this.#rfb) this.#live();
    });
    rfb.addEventListener("disconnect", () => {
      if (rfb === this.#rfb) this.#lost("disconnected");
    });
    rfb.addEventListener("securityfailure", ({ detail }) => this.emit("log", "error", detail.reason ?? "refused"));
    rfb.addEventListener("clipboard", ({ detail }) => this.emit("clipboard", detail.text));
  }

  #live() {
    this.#failures = 0;
    this.#become("live");
    this.control(this.#control);
  }

  /** @param {string} why @param {Refused | null} [error] */
  #lost(why, error = null) {
    this.#asked = false;
    this.#drop();
    this.emit("log", "warning", why);
    this.#become("connecting", error);
    const delay = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** this.#failures);
    this.#failures += 1;
    this.#later(delay, () => this.open("reconnect"));
  }

  #drop() {
    this.#waiting = null;
    this.#goOn();
    const rfb = this.#rfb;
    this.#rfb = null;
    rfb?.disconnect();
  }

  /** @param {ScreenState} state @param {Refused | null} [error] */
  #become(state, error = null) {
    this.state = state;
    this.emit("state", state, error);
  }

  /** @param {number} ms @param {() => void} action */
  #later(ms, action) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, ms);
  }
}
