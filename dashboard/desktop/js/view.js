import { adapterFor, mount } from "../../js/adapter.js";
import { element } from "../../js/dom.js";
import { link } from "../../js/link/link.js";
import { Relay } from "../../js/relay.js";
import { Clipboard } from "./clipboard.js";
import { Overlay, boxWithin, layer } from "./overlay.js";
import { Screen } from "./screen.js";
import { CSS } from "./style.js";

const KEPT_FOR = 250; // ms
const HINT = "You have the mouse. Shift+Esc gives it back.";

/** The desktop in the page: picture, marks, caption; mouse and keyboard when `control` is set. */
class DesktopView {
  #told = "";
  #size = "";

  constructor(adapter) {
    this.adapter = adapter;
    this.#build();
    this.screen = new Screen(this.target, () => adapter.get("socket_path"), adapter.send);
    this.relay = new Relay(adapter, {
      ticket: (ticket) => this.screen.useTicket(ticket),
      clipboard: ({ text }) => this.screen.paste(String(text)),
      reconnect: () => adapter.get("paused") || this.screen.open("reconnect"),
      rfb: (message, buffers) => this.screen.receive(message, buffers),
    });
    this.#listen();
    this.watch();
    if (!adapter.get("paused")) this.screen.open();
  }

  /** Follows the values that Python sets; anew after each rendering. */
  watch() {
    const { adapter } = this;
    adapter.on("change:control", () => this.#control());
    adapter.on("change:paused", () => this.#pause());
    adapter.on("change:marks", () => this.#mark());
    adapter.on("change:caption", () => this.#caption());
    adapter.on("change:frame", () => this.#frame());
    adapter.on("change:socket_path", () => this.screen.open("reconnect"));
    adapter.on("remove", () => this.dispose());
    this.#control();
    this.#caption();
    this.#frame();
  }

  dispose() {
    this.clipboard.dispose();
    this.observer.disconnect();
    this.canvases.disconnect();
    this.screen.close();
    this.relay.flush();
    this.relay.close();
    for (const end of this.unlink) end();
    URL.revokeObjectURL(this.still.src);
    shown.delete(this.adapter.key);
  }

  #build() {
    this.target = layer("screen");
    this.still = element("img", { class: "still", alt: "The desktop, as a still picture", hidden: "" });
    this.overlay = new Overlay();
    this.state = element("div", { class: "state", role: "status" });
    this.caption = element("div", { class: "caption", "aria-hidden": "true" });
    this.hint = element("div", { class: "hint", role: "status" });
    const layers = [this.still, this.target, this.overlay.root, this.state, this.caption, this.hint];
    const options = { class: "sayso-desktop", role: "region", "aria-label": "Desktop", tabindex: "0" };
    this.root = element("div", options, [element("style", {}, [CSS]), ...layers]);
  }

  #listen() {
    const { root, screen, relay } = this;
    screen.on("ticket", (reason) => relay.emit({ type: "local.need_ticket", reason }));
    screen.on("log", (level, text) => relay.log(level, text));
    screen.on("clipboard", (text) => this.#copied(text));
    screen.on("state", (_state, error) => this.#show(error));
    this.unlink = [link.watch(() => this.#link()), link.onRestored(() => this.#again())];
    root.addEventListener("keydown", (event) => this.#key(event), true);
    root.addEventListener("paste", (event) => this.#pasted(event));
    this.clipboard = new Clipboard({
      root,
      able: () => Boolean(this.adapter.get("control")) && screen.state === "live",
      put: (text) => screen.paste(text),
      key: (keysym, code, down) => screen.key(keysym, code, down),
      pasting: () => screen.pasting(),
      focus: () => screen.focus(),
      tell: (text) => this.#tell(text),
    });
    this.observer = new ResizeObserver(() => this.#place());
    this.observer.observe(root);
    this.canvases = new MutationObserver(() => this.#watchCanvas());
    this.canvases.observe(this.target, { childList: true, subtree: true, attributeFilter: ["width", "height", "style"] });
    this.still.onload = () => this.#place();
  }

  #watchCanvas() {
    if (this.screen.canvas) this.observer.observe(this.screen.canvas);
    this.#place();
  }

  #place() {
    const { canvas } = this.screen;
    const live = this.screen.state === "live" && canvas;
    if (live) this.overlay.place(boxWithin(this.root, canvas), [canvas.width, canvas.height]);
    else if (this.still.naturalWidth) this.#placeStill();
    if (live && canvas.width && this.#size !== `${canvas.width}x${canvas.height}`) {
      this.#size = `${canvas.width}x${canvas.height}`;
      this.relay.emit({ type: "local.size", width: canvas.width, height: canvas.height });
    }
  }

  #placeStill() {
    const { naturalWidth: width, naturalHeight: height } = this.still;
    const box = boxWithin(this.root, this.still);
    const scale = Math.min(box.width / width, box.height / height);
    const left = box.left + (box.width - width * scale) / 2;
    const top = box.top + (box.height - height * scale) / 2;
    this.overlay.place({ left, top, width: width * scale, height: height * scale }, [width, height]);
  }

  /** While nobody looks nothing is sent or decoded; the last picture stands until the next one. */
  #pause() {
    if (this.adapter.get("paused")) {
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
    if (link.live || this.adapter.get("paused") || this.screen.held) return;
    this.#remember();
    this.screen.hold();
    this.#show();
  }

  /** The link is back. */
  #again() {
    if (!this.adapter.get("paused")) this.screen.open("reconnect");
  }

  #remember() {
    const { canvas, state } = this.screen;
    if (state !== "live" || !canvas?.width) return;
    const last = element("canvas", { class: "last", width: canvas.width, height: canvas.height, "aria-hidden": "true" });
    last.getContext("2d").drawImage(canvas, 0, 0);
    this.last?.remove();
    this.last = last;
    this.target.before(last);
  }

  get #mode() {
    if (this.adapter.get("paused")) return "paused";
    if (this.screen.state === "live") return "live";
    return this.still.src ? "frames" : "connecting";
  }

  get #waiting() {
    return this.screen.held ? "Not live: no connection to the server." : "Connecting to the desktop…";
  }

  #show(error = null) {
    const mode = this.#mode;
    this.still.hidden = mode !== "frames";
    this.root.dataset.state = mode;
    const waits = mode === "connecting" && (!this.last || this.screen.held);
    this.state.textContent = error?.message ?? (waits ? this.#waiting : "");
    if (mode === "live") this.#drawn();
    this.#hint();
    const event = { type: "local.state", state: mode, ...(error && { error }) };
    if (JSON.stringify(event) !== this.#told) this.relay.emit(event);
    this.#told = JSON.stringify(event);
    this.#place();
  }

  /** The kept picture goes when the live one has had time to be drawn. */
  #drawn() {
    const { last } = this;
    this.last = null;
    if (last) setTimeout(() => last.remove(), KEPT_FOR);
  }

  #control() {
    const on = Boolean(this.adapter.get("control"));
    this.root.classList.toggle("control", on);
    this.overlay.pointing(!on);
    this.screen.control(on);
    if (on && !this.controlled) void this.clipboard.taken();
    this.controlled = on;
    this.#hint();
  }

  #hint() {
    const on = Boolean(this.adapter.get("control"));
    this.hint.textContent = !on ? "" : this.#mode === "live" ? HINT : "No live picture: the mouse cannot be handed over yet.";
  }

  /** Says something where the hint is, which fades by itself. */
  #tell(text) {
    this.hint.textContent = text;
    for (const fading of this.hint.getAnimations()) {
      fading.cancel();
      fading.play();
    }
  }

  #mark() {
    this.#place();
    this.overlay.show(this.adapter.get("marks"));
  }

  #caption() {
    this.caption.textContent = this.adapter.get("caption") ?? "";
  }

  #frame() {
    const bytes = this.adapter.get("frame");
    if (!bytes?.byteLength) return;
    URL.revokeObjectURL(this.still.src);
    this.still.src = URL.createObjectURL(new Blob([bytes]));
    this.#show();
  }

  /** Shift+Escape lets go of the keyboard at once and asks Python to give the mouse back. */
  #key(event) {
    if (event.key !== "Escape" || !event.shiftKey || !this.adapter.get("control")) return;
    event.preventDefault();
    event.stopPropagation();
    this.screen.blur();
    this.root.focus();
    this.relay.emit({ type: "local.release", reason: "gesture" });
  }

  #copied(text) {
    this.relay.emit({ type: "local.clipboard", text });
    if (this.adapter.get("control")) navigator.clipboard?.writeText(text).catch(() => {}); // not focused
  }

  #pasted(event) {
    const text = event.clipboardData?.getData("text/plain");
    if (text && this.adapter.get("control")) this.screen.paste(text);
  }
}

const shown = new WeakMap(); // a host may render twice: the picture must survive that

function render(host) {
  const adapter = adapterFor(host);
  const known = shown.get(adapter.key);
  if (known) known.watch();
  const view = known ?? new DesktopView(adapter);
  shown.set(adapter.key, view);
  if (host.view) return view.root;
  mount(host.el, view.root);
  return () => view.dispose();
}

export default { render };
