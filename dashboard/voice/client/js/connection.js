import { Emitter } from "../../../js/emitter.js";

const READY_WITHIN = 10000; // ms from opening to chat_metadata
const AUDIO = { encoding: "linear16", sample_rate: 16000, channels: 1 };

/** @typedef {import("./evi.d.ts").ChatMetadata} ChatMetadata */
/** @typedef {import("./evi.d.ts").Incoming} Incoming */
/** @typedef {{code: number, reason: string, opened: boolean}} Ending */
/** @typedef {{message: [message: Incoming], odd: [text: string], closed: [how: Ending]}} Events */

/**
 * The chat socket's address: the ticket's, with credentials, the audio format and the chat to resume.
 *
 * @param {import("./evi.d.ts").Ticket} ticket
 * @param {string | null} resume
 * @param {string} [base] The page's address.
 */
export function chatUrl(ticket, resume, base) {
  const url = new URL(ticket.url, base);
  if (url.protocol.startsWith("http")) url.protocol = url.protocol.replace("http", "ws");
  /** @type {Record<string, unknown>} */
  const query = { verbose_transcription: "true", ...ticket.query };
  for (const [name, value] of Object.entries(AUDIO)) query[`session_settings[audio][${name}]`] = value;
  if (resume) query.resumed_chat_group_id = resume;
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

/**
 * One chat socket. Emits `message` (any JSON object), `odd` (text that is none), and `closed`
 * exactly once.
 *
 * @extends {Emitter<Events>}
 */
export class Connection extends Emitter {
  #opened = false;
  #closed = false;
  /** @type {ChatMetadata | null} */
  chat = null;

  /** @param {string} url @param {import("./evi.d.ts").Outgoing | null} firstMessage */
  constructor(url, firstMessage) {
    super();
    this.socket = new WebSocket(url);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.#opened = true;
      if (firstMessage) this.send(firstMessage);
    };
    this.socket.onmessage = ({ data }) => this.#receive(data);
    this.socket.onclose = ({ code, reason }) => this.#close(code, reason);
    this.timer = setTimeout(() => this.#close(4408, "no chat_metadata"), READY_WITHIN);
  }

  /** Whether it leads to the server of an address, e.g. the page's own. @param {string} [address] */
  isOf(address) {
    if (!address) return false;
    return new URL(this.socket.url).host === new URL(address).host;
  }

  /** @param {import("./evi.d.ts").Outgoing} message */
  send(message) {
    this.#write(JSON.stringify(message));
  }

  /**
   * Sends a frame of sound, unless the line is so slow that sound piles up.
   *
   * @param {ArrayBuffer} frame
   * @param {boolean} [all] Sends it even so.
   */
  sendAudio(frame, all = false) {
    if (all || this.socket.bufferedAmount < 64000) this.#write(frame);
  }

  close() {
    this.#close(1000, "", true);
  }

  /** @param {string | ArrayBuffer} data */
  #write(data) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(data);
  }

  /** @param {unknown} data */
  #receive(data) {
    if (this.#closed) return;
    const message = parse(data);
    if (message === null) {
      this.emit("odd", String(data).slice(0, 200));
      return;
    }
    if (message.type === "chat_metadata") {
      clearTimeout(this.timer);
      this.chat = message;
    }
    this.emit("message", message);
  }

  /** @param {number} code @param {string} reason @param {boolean} [wanted] */
  #close(code, reason, wanted = false) {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.timer);
    this.socket.close();
    if (!wanted) this.emit("closed", { code, reason, opened: this.#opened });
  }
}

/** @param {unknown} data @returns {Incoming | null} */
function parse(data) {
  try {
    const message = JSON.parse(String(data));
    return message !== null && typeof message === "object" && typeof message.type === "string" ? message : null;
  } catch {
    return null;
  }
}
