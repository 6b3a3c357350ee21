/** Files that are pasted or dropped somewhere on Talk. */

import { dropped, named } from "./uploads.js";
import { t } from "../../js/words.js";

/**
 * @typedef {object} Receiver
 * @property {(wanted: import("./uploads.js").Wanted[], source: "drop" | "paste") => void} attach Goes with the next words.
 * @property {(wanted: import("./uploads.js").Wanted[]) => void} land Goes to the desktop.
 * @property {(wanted: import("./uploads.js").Wanted[]) => void} put Goes where the panel's buttons put it.
 * @property {() => string} place Where that is, in words.
 * @property {(text: string) => void} tell
 */

const DESKTOP = t("Drop to put it into the desktop's Downloads folder");
const WORDS = t("Drop to attach it to your next words");

/** Whether something with files is dragged. @param {DragEvent} event */
function brings(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** Whether the pointer is over something of that class. @param {DragEvent} event @param {"screen" | "panel"} name */
function over(event, name) {
  return event.composedPath().some((node) => node instanceof Element && node.classList.contains(name));
}

/** Whether Talk is the view that is seen. @param {{current: HTMLElement | null}} root */
function seen(root) {
  return (root.current?.getClientRects().length ?? 0) > 0 || document.fullscreenElement !== null;
}

/**
 * Takes what is pasted into the text box or dropped on the page; returns what ends that.
 *
 * @param {{current: HTMLElement | null}} root
 * @param {Receiver} receiver
 */
export function receive(root, receiver) {
  const sign = document.createElement("div");
  sign.className = "drop-sign";
  sign.setAttribute("role", "status");
  /** @param {string} text */
  function show(text) {
    if (!text) return sign.remove();
    sign.textContent = text;
    if (!sign.isConnected) root.current?.append(sign);
  }

  /** @param {Event} event */
  function onPasted(event) {
    if (!(event instanceof CustomEvent) || !seen(root)) return;
    event.preventDefault();
    receiver.attach(named(event.detail.files), "paste");
  }
  /** @param {DragEvent} event */
  function onOver(event) {
    if (!brings(event) || !seen(root)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
    if (over(event, "panel")) show(t("Drop to put it into {folder}", { folder: receiver.place() }));
    else show(over(event, "screen") ? DESKTOP : WORDS);
  }
  /** @param {DragEvent} event */
  function onLeave(event) {
    if (event.relatedTarget === null) show("");
  }
  /** @param {DragEvent} event */
  async function onDrop(event) {
    if (!brings(event) || !event.dataTransfer || !seen(root)) return;
    event.preventDefault();
    event.stopPropagation();
    show("");
    const panel = over(event, "panel");
    const desktop = over(event, "screen");
    try {
      const wanted = await dropped(event.dataTransfer);
      if (wanted.length === 0) receiver.tell(t("What you dropped holds no files."));
      else if (panel) receiver.put(wanted);
      else if (desktop || wanted.some(({ name }) => name.includes("/"))) receiver.land(wanted);
      else receiver.attach(wanted, "drop");
    } catch {
      receiver.tell(t("What you dropped cannot be read. It may have been moved in the meantime."));
    }
  }
  window.addEventListener("sayso-files", onPasted);
  document.addEventListener("dragover", onOver, true);
  document.addEventListener("dragleave", onLeave, true);
  document.addEventListener("drop", onDrop, true);
  return () => {
    window.removeEventListener("sayso-files", onPasted);
    document.removeEventListener("dragover", onOver, true);
    document.removeEventListener("dragleave", onLeave, true);
    document.removeEventListener("drop", onDrop, true);
  };
}
