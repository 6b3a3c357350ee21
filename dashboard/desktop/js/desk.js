import { signal } from "@preact/signals";
import { createRef } from "preact";
import { link } from "../../js/link/link.js";
import { Relay } from "../../js/relay.js";
import { Clipboard } from "./clipboard.js";
import { boxWithin, Overlay } from "./overlay.js";
import { Screen } from "./screen.js";
import { t } from "../../js/words.js";

/** @typedef {import("./screen.js").Refused} Refused */
/**
 * @typedef {object} Params
 * @property {string} socket_path
 * @property {boolean} control
 * @property {boolean} paused
 * @property {object} marks
 * @property {import("./marks.js").Label[]} labels
 * @property {string} caption
 * @property {ArrayBuffer | DataView<ArrayBuffer> | null} frame
 */
/** @typedef {import("../../js/base.js").Host<Params>} DeskHost */
/** @typedef {"connecting" | "live" | "frames" | "paused"} Mode */

const KEPT_FOR = 250; // ms
const HINT = t("You have the mouse. Shift+Esc gives it back.");
const NO_PICTURE = t("No live picture: the mouse cannot be handed over yet.");

/** One desktop in a page: what is shown of it, and how the person reaches it. `view.js` draws it. */
export class Desk {
  /** @type {import("@preact/signals").Signal<Mode>} */
  mode = signal("connecting");
  /** What is said in place of the picture. */
  words = signal("");
  hint = signal("");
  /** The address of the still picture. */
  frame = signal("");
  /** @type {import("@preact/signals").Signal<HTMLCanvasElement | null>} What was seen live last. */
  last = signal(null);
  overlay = new Overlay();
  root = /** @type {{current: HTMLElement | null}} */ (createRef());
  target = /** @type {{current: HTMLElement | null}} */ (createRef());
  still = /** @type {{current: HTMLImageElement | null}} */ (createRef());
  hinted = /** @type {{current: HTMLElement | null}} */ (createRef());
  catcher = /** @type {{current: HTMLTextAreaElement | null}} */ (createRef());
  box = /** @type {{current: HTMLElement | null}} */ (createRef());
  /** @type {Clipboard | null} */
  #clipboard = null;
  #kept = false; // `last` is what is to be seen now
  #controlled = false;
  #told = "";
  #size = "";

  /** @param {DeskHost} host */
  constructor(host) {
    this.host = host;
    this.screen = new Screen(
      this.target,
      () => host.param("socket_path").peek(),
      (message, buffers) => host.adapter.send(message, buffers),
    );
    this.relay = new Relay(host.adapter, {
      ticket: (ticket) => this.screen.useTicket(ticket),
      reconnect: () => {
        if (!this.#paused) this.screen.open("reconnect");
      },
      rfb: (message, buffers) => this.screen.receive(message, buffers),
    });
  }

  /** It is drawn: the picture is asked for. Returns what ends it. */
  begin() {
    const ends = [...this.#listen(), ...this.#watchPicture(), ...this.#follow()];
    if (!this.#paused) this.screen.open();
    return () => {
      for (const end of ends) end();
      this.#clipboard?.dispose();
      this.screen.close();
      this.relay.flush();
      this.relay.close();
      URL.revokeObjectURL(this.frame.peek());
    };
  }

  get #paused() {
    return this.host.param("paused").peek();
  }

  get #control() {
    return Boolean(this.host.param("control").peek());
  }

  #listen() {
    const { screen, relay } = this;
    const [root, catcher, box] = [this.root.current, this.catcher.current, this.box.current];
    if (root && catcher && box) {
      this.#clipboard = new Clipboard({
        root,
        catcher,
        box,
        able: () => this.#control && screen.state === "live",
        put: (text) => screen.paste(text),
        key: (keysym, code, down) => screen.key(keysym, code, down),
        pasting: () => screen.pasting(),
        focus: () => screen.focus(),
        tell: (text) => this.#tell(text),
      });
    }
    return [
      screen.on("ticket", (reason) => relay.emit({ type: "local.need_ticket", reason })),
      screen.on("log", (level, text) => relay.log(level, text)),
      screen.on("clipboard", (text) => this.#copied(text)),
      screen.on("state", (_state, error) => this.#show(error)),
      link.watch(() => this.#link()),
      link.onRestored(() => this.#again()),
    ];
  }

  /** The marks lie on the picture, wherever it is and however large. */
  #watchPicture() {
    const sizes = new ResizeObserver(() => this.place());
    const canvases = new MutationObserver(() => {
      if (this.screen.canvas) sizes.observe(this.screen.canvas);
      this.place();
    });
    if (this.root.current) sizes.observe(this.root.current);
    const options = { childList: true, subtree: true, attributeFilter: ["width", "height", "style"] };
    if (this.target.current) canvases.observe(this.target.current, options);
    return [() => sizes.disconnect(), () => canvases.disconnect()];
  }

  /** The values that Python sets. */
  #follow() {
    const { host } = this;
    return [
      host.param("control").subscribe(() => this.#handOver()),
      host.param("frame").subscribe((bytes) => this.#frame(bytes)),
      changes(host.param("paused"), () => this.#pause()),
      changes(host.param("marks"), (marks) => this.#mark(marks)),
      changes(host.param("socket_path"), () => this.screen.open("reconnect")),
    ];
  }

  /** Lays the marks on the picture, and tells Python its size. */
  place() {
    const { canvas, state } = this.screen;
    if (state !== "live" || !canvas || !this.root.current) return this.#placeStill();
    this.overlay.place(boxWithin(this.root.current, canvas), [canvas.width, canvas.height]);
    const size = `${canvas.width}x${canvas.height}`;
    if (!canvas.width || this.#size === size) return;
    this.#size = size;
    this.relay.emit({ type: "local.size", width: canvas.width, height: canvas.height });
  }

  #placeStill() {
    const [root, still] = [this.root.current, this.still.current];
    if (!root || !still?.naturalWidth) return;
    const { naturalWidth: width, naturalHeight: height } = still;
    const box = boxWithin(root, still);
    const scale = Math.min(box.width / width, box.height / height);
    const left = box.left + (box.width - width * scale) / 2;
    const top = box.top + (box.height - height * scale) / 2;
    this.overlay.place({ left, top, width: width * scale, height: height * scale }, [width, height]);
  }

  /** While nobody looks nothing is sent or decoded; the last picture stands until the next one. */
  #pause() {
    if (this.#paused) {
      this.#remember();
      this.screen.close();
      this.screen.state = "connecting";
      this.#show();
    } else {
      this.screen.open("resume");
    }
  }

  /** Without the page's link the picture is the last one: a silent socket would be taken for a still desktop. */
  #link() {
    if (link.live || this.#paused || this.screen.held) return;
    this.#remember();
    this.screen.hold();
    this.#show();
  }

  /** The link is back. */
  #again() {
    if (!this.#paused) this.screen.open("reconnect");
  }

  #remember() {
    const { canvas, state } = this.screen;
    if (state !== "live" || !canvas?.width) return;
    const picture = document.createElement("canvas");
    picture.width = canvas.width;
    picture.height = canvas.height;
    picture.getContext("2d")?.drawImage(canvas, 0, 0);
    this.last.value = picture;
    this.#kept = true;
  }

  /** @returns {Mode} */
  get #mode() {
    if (this.#paused) return "paused";
    if (this.screen.state === "live") return "live";
    return this.frame.peek() ? "frames" : "connecting";
  }

  get #waiting() {
    return this.screen.held ? t("Not live: no connection to the server.") : t("Connecting to the desktop…");
  }

  /** @param {Refused | null} [error] */
  #show(error = null) {
    const mode = this.#mode;
    this.mode.value = mode;
    const waits = mode === "connecting" && (!this.#kept || this.screen.held);
    this.words.value = error?.message ?? (waits ? this.#waiting : "");
    if (mode === "live") this.#drawn();
    this.#hint();
    const event = { type: "local.state", state: mode, ...(error && { error }) };
    if (JSON.stringify(event) !== this.#told) this.relay.emit(event);
    this.#told = JSON.stringify(event);
    this.place();
  }

  /** The kept picture goes when the live one has had time to be drawn. */
  #drawn() {
    this.#kept = false;
    const last = this.last.peek();
    if (!last) return;
    setTimeout(() => {
      if (this.last.peek() === last) this.last.value = null;
    }, KEPT_FOR);
  }

  #handOver() {
    const on = this.#control;
    this.overlay.pointing.value = !on;
    this.screen.control(on);
    if (on && !this.#controlled) void this.#clipboard?.taken();
    this.#controlled = on;
    this.#hint();
  }

  #hint() {
    const words = this.#mode === "live" ? HINT : NO_PICTURE;
    this.hint.value = this.#control ? words : "";
  }

  /** Says something where the hint is, which fades by itself. @param {string} text */
  #tell(text) {
    this.hint.value = text;
    for (const fading of this.hinted.current?.getAnimations() ?? []) {
      fading.cancel();
      fading.play();
    }
  }

  /** @param {unknown} marks */
  #mark(marks) {
    this.place();
    this.overlay.show(marks);
  }

  /** @param {Params["frame"]} bytes */
  #frame(bytes) {
    if (!bytes?.byteLength) return;
    URL.revokeObjectURL(this.frame.peek());
    this.frame.value = URL.createObjectURL(new Blob([bytes]));
    this.#show();
  }

  /** Shift+Escape lets go of the keyboard at once and asks Python to give the mouse back. @param {KeyboardEvent} event */
  onKey = (event) => {
    if (event.key !== "Escape" || !event.shiftKey || !this.#control) return;
    event.preventDefault();
    event.stopPropagation();
    this.screen.blur();
    this.root.current?.focus();
    this.relay.emit({ type: "local.release", reason: "gesture" });
  };

  /** @param {ClipboardEvent} event */
  onPaste = (event) => {
    const text = event.clipboardData?.getData("text/plain");
    if (text && this.#control) this.screen.paste(text);
  };

  /** A text for the desktop's clipboard. @param {string} text */
  give = (text) => this.#clipboard?.given(text);

  /** @param {string} text */
  #copied(text) {
    this.relay.emit({ type: "local.clipboard", text });
    if (this.#control) navigator.clipboard?.writeText(text).catch(() => {}); // not focused
  }
}

/**
 * Runs whenever a value changes, not for the one that it has.
 *
 * @template T
 * @param {import("@preact/signals").ReadonlySignal<T>} value
 * @param {(now: T) => void} run
 */
function changes(value, run) {
  const known = value.peek();
  let begun = false;
  return value.subscribe((now) => {
    if (begun || now !== known) run(now);
    begun = true;
  });
}
