/**
 * What a person presses is never lost without a word. Where there is no connection it is refused at
 * once, by the name of its control; what was sent before the gap could be noticed is sent again
 * after it, with a receipt, so that it is carried out once (`Bundled` in `dashboard/js/component.py`).
 *
 * What a component sends of itself, when nobody has pressed anything, goes as it is.
 *
 * @typedef {{press?: string, [field: string]: unknown}} Message
 * @typedef {object} Open What was sent and is not known to have arrived.
 * @property {string} name
 * @property {(message: any) => void} send
 * @property {Message} message
 * @property {boolean} late The link was lost meanwhile.
 * @typedef {object} Parts
 * @property {() => boolean} live
 * @property {() => void} changed
 * @property {(run: () => void, ms: number) => void} after
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem">} store Outlives a reload.
 */
import { t } from "../words.js";

const KEY = "sayso-presses";
// A change is not told beyond its shadow; it comes right after one of these.
const PRESSING = ["click", "submit", "keydown", "input", "pointerdown"];
const TYPED = "input, textarea";
const CONTROLS = "button, a, input, select, textarea, summary, [role=option], [role=treeitem], [tabindex]";
const LONGEST = 60; // letters of a control's name
const SHOWN = 8000; // ms that something is said once there is a connection

export class Presses {
  /** What is to be said of the last press; empty if nothing. */
  told = "";
  /** Whether the page's link is watched: in a notebook nobody gives receipts. */
  watched = false;
  /** The name of the control whose press is being handled; null if none is. @type {string | null} */
  #pressing = null;
  /** @type {Map<string, Open>} */
  #open = new Map();
  #said = 0;

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
  }

  /**
   * From now on it is known what is pressed; returns what ends that.
   *
   * @param {Window} page
   */
  follow(page) {
    this.watched = true;
    const note = (/** @type {Event} */ event) => {
      const left = event.type === "pointerdown" ? beingTyped(document) : null; // it is changed by leaving it
      this.#pressing = nameOf(left ? [left] : event.composedPath());
      this.parts.after(() => {
        this.#pressing = null;
      }, 0);
    };
    for (const type of PRESSING) page.addEventListener(type, note, true);
    this.#recall();
    return () => {
      this.watched = false;
      for (const type of PRESSING) page.removeEventListener(type, note, true);
    };
  }

  /**
   * Sends a message; false if it was refused, which is said then.
   *
   * @param {(message: any) => void} send
   * @param {Message} message
   */
  send(send, message) {
    if (!this.watched || this.#pressing === null) {
      send(message);
      return true;
    }
    if (!this.parts.live()) {
      this.refuse(this.#pressing);
      return false;
    }
    const press = crypto.randomUUID();
    const sent = { ...message, press };
    this.#open.set(press, { name: this.#pressing, send, message: sent, late: false });
    send(sent);
    return true;
  }

  /** Says that what was pressed is not done. @param {string} [name] */
  refuse(name = this.#pressing ?? "") {
    this.tell(
      t("No connection: {name} was not done. Press it again when the connection is back.", { name: quoted(name) }),
    );
  }

  /** The server has it. @param {string} press */
  arrived(press) {
    const open = this.#open.get(press);
    this.#open.delete(press);
    if (open?.late) this.tell(t("{name} was sent now that the connection is back.", { name: quoted(open.name) }));
  }

  /** The link is lost: what has not arrived waits for it. */
  lost() {
    for (const open of this.#open.values()) open.late = true;
    const names = this.#names();
    if (names)
      this.tell(t("{names} has not reached the server yet. It will be sent when the connection is back.", { names }));
  }

  /** The link is back. */
  restored() {
    for (const { send, message } of this.#open.values()) send(message);
    if (this.told) this.#fade();
  }

  /** The page is reloaded: the one after it says what became of nothing. */
  leave() {
    const names = this.#names();
    if (names) this.parts.store.setItem(KEY, names);
  }

  #recall() {
    const names = this.parts.store.getItem(KEY);
    this.parts.store.removeItem(KEY);
    if (names)
      this.tell(t("The connection was lost before the server answered {names}. Check whether it was done.", { names }));
  }

  #names() {
    return [...new Set([...this.#open.values()].map(({ name }) => quoted(name)))].join(", ");
  }

  /** Says it in the page's own line, of every view. @param {string} text */
  tell(text) {
    this.told = text;
    this.#said += 1;
    this.parts.changed();
    if (this.parts.live()) this.#fade();
  }

  #fade() {
    const mine = this.#said;
    this.parts.after(() => {
      if (mine !== this.#said || !this.parts.live()) return;
      this.told = "";
      this.parts.changed();
    }, SHOWN);
  }
}

/** The box that has the keyboard. @param {Document | ShadowRoot} root @returns {Element | null} */
function beingTyped(root) {
  const active = root.activeElement;
  if (active?.shadowRoot) return beingTyped(active.shadowRoot);
  return active?.matches(TYPED) ? active : null;
}

/** @param {string} name */
function quoted(name) {
  return name ? `“${name}”` : t("What you pressed");
}

/** What a person calls the control that an event went to. @param {EventTarget[]} path */
export function nameOf(path) {
  const control = path.find((node) => node instanceof Element && node.matches(CONTROLS));
  const name = control instanceof Element ? named(control) : "";
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}

/** What stands in a control; of several parts the first, which is its title. @param {any} control @returns {string} */
function titleOf(control) {
  const parts = [...(control.childNodes ?? [])].filter((part) => part.textContent?.trim());
  const title = parts.every((part) => part instanceof Element) ? parts[0] : control;
  return title?.childElementCount > 1 ? titleOf(title) : (title?.textContent ?? "");
}

/** @param {any} control */
function named(control) {
  const by = control.getAttribute("aria-labelledby");
  const root = control.getRootNode();
  const places = [
    control.getAttribute("aria-label"),
    by && root.getElementById?.(by)?.textContent,
    control.labels?.[0]?.querySelector("span")?.firstChild?.textContent ?? control.labels?.[0]?.textContent,
    control.matches("select, input, textarea") ? "" : titleOf(control),
    control.title,
  ];
  return (places.find((text) => text?.trim()) ?? "").trim().replace(/\s+/g, " ");
}
