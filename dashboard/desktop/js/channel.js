const [CONNECTING, OPEN, CLOSED] = [0, 1, 3];

/** @typedef {(message: {rfb: number, state: string, size?: number, bytes?: ArrayBuffer}, buffers: ArrayBuffer[]) => void} Send */
/** @typedef {{channel: number, state: string, reason?: string, bytes?: ArrayBuffer}} News */

/**
 * A WebSocket's face over the host's own messages, for hosts that reach Python and nothing else
 * (Jupyter, a Panel app of somebody's own). Python is told how much was taken, so that it need not
 * send faster than that.
 */
export class Channel {
  binaryType = "arraybuffer";
  protocol = "";
  /** @type {number} */
  readyState = CONNECTING;
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((event: {data: ArrayBuffer}) => void) | null} */
  onmessage = null;
  /** @type {((event: {code: number, reason: string, wasClean: boolean}) => void) | null} */
  onclose = null;
  /** @type {(() => void) | null} */
  onerror = null;
  #send;

  /**
   * @param {number} number
   * @param {Send} send
   * @param {boolean} [inline] Whether bytes are part of a message (Panel) or go beside it (Jupyter).
   */
  constructor(number, send, inline = false) {
    this.number = number;
    this.inline = inline;
    this.#send = send;
    queueMicrotask(() => this.#tell("open"));
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    if (this.readyState === OPEN) this.#tell("data", [new Uint8Array(bytes).buffer]);
  }

  close() {
    if (this.readyState === CLOSED) return;
    this.#tell("close");
    this.#end("");
  }

  /**
   * A message of Python's: `open`, `data` with bytes, or `close` with a reason.
   *
   * @param {News} news
   * @param {DataView<ArrayBuffer>[]} [buffers]
   */
  receive({ channel, state, reason, bytes }, buffers = []) {
    if (channel !== this.number || this.readyState === CLOSED) return;
    if (state === "open") {
      this.readyState = OPEN;
      this.onopen?.();
    } else if (state === "data") {
      const [view] = bytes ? [new DataView(bytes)] : buffers;
      this.#tell("taken", [], { size: view.byteLength });
      this.onmessage?.({ data: view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength) });
    } else if (state === "close") {
      this.#end(reason ?? "");
    }
  }

  /** @param {string} reason */
  #end(reason) {
    this.readyState = CLOSED;
    this.onclose?.({ code: 1000, reason, wasClean: true });
  }

  /** @param {string} state @param {ArrayBuffer[]} [buffers] @param {{size?: number}} [more] */
  #tell(state, buffers = [], more = {}) {
    const message = { rfb: this.number, state, ...more };
    if (this.inline && buffers.length) this.#send({ ...message, bytes: buffers[0] }, []);
    else this.#send(message, buffers);
  }
}
