/** The page's link as signals, for components on `base.js`: what is drawn from them follows it. */
import { batch, signal } from "@preact/signals";
import { link } from "./link.js";
import { t } from "../words.js";

/** Whether what the page shows is so now. */
export const live = signal(link.live);

/** @type {import("@preact/signals").Signal<import("./stopper.js").StopState>} */
export const stopState = signal(link.stopping.state);

link.watch(() =>
  batch(() => {
    live.value = link.live;
    stopState.value = link.stopping.state;
  }),
);

/** What the button says that stops: whether the server has answered yet is beside it. */
export function stopWord() {
  return stopState.value === "unanswered" ? t("Stopping…") : t("STOP");
}
