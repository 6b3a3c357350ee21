import { computed, signal } from "@preact/signals";
import { t } from "../../js/words.js";

const KEY = "sayso-notifications";
const TOLD = new Set(["asks", "done", "fails"]);

/** @typedef {"on" | "off" | "unasked"} Choice */

/**
 * Notifications of the system while the page is out of sight: when the agent asks, is done or fails.
 * The browser is asked for its permission when the person turns them on, never before.
 */
export class Notices {
  /** @type {import("@preact/signals").Signal<Choice>} */
  choice = signal(/** @type {Choice} */ (localStorage.getItem(KEY) ?? "unasked"));
  /** @type {import("@preact/signals").Signal<NotificationPermission | "missing">} */
  permission = signal("Notification" in window ? Notification.permission : "missing");
  /** Something was to be told while nobody looked, and the person has not chosen yet. */
  missed = signal(false);
  on = computed(() => this.choice.value === "on" && this.permission.value === "granted");
  /** @type {Notification | null} */
  #shown = null;

  constructor() {
    document.addEventListener("visibilitychange", this.#seen);
    window.addEventListener("focus", this.#seen);
  }

  /** Turns them on, which asks the browser, or off. */
  async toggle() {
    this.missed.value = false;
    if (this.on.peek()) return this.#choose("off");
    if (this.permission.peek() === "default") this.permission.value = await Notification.requestPermission();
    this.#choose("on");
  }

  /** The person wants none, and is not offered them again. */
  decline() {
    this.missed.value = false;
    this.#choose("off");
  }

  /** Tells what happened to somebody who looks elsewhere. @param {string} cue @param {string} text */
  tell(cue, text) {
    if (!TOLD.has(cue) || (document.visibilityState === "visible" && document.hasFocus())) return;
    if (this.on.peek()) this.#show(cue, text);
    else if (this.choice.peek() === "unasked" && this.permission.peek() === "default") this.missed.value = true;
  }

  close() {
    document.removeEventListener("visibilitychange", this.#seen);
    window.removeEventListener("focus", this.#seen);
    this.#shown?.close();
  }

  /** @param {string} cue @param {string} text */
  #show(cue, text) {
    const title =
      { asks: t("Sayso waits for you"), done: t("Sayso: done"), fails: t("Sayso: not done") }[cue] ?? "Sayso";
    this.#shown?.close();
    try {
      this.#shown = new Notification(title, { body: text, tag: "sayso", requireInteraction: cue === "asks" });
    } catch {
      return; // Chrome on Android takes them from service workers only
    }
    this.#shown.onclick = () => {
      window.focus();
      this.#shown?.close();
    };
  }

  #seen = () => {
    if (document.visibilityState === "visible" && document.hasFocus()) this.#shown?.close();
  };

  /** @param {Choice} choice */
  #choose(choice) {
    this.choice.value = choice;
    localStorage.setItem(KEY, choice);
  }
}
