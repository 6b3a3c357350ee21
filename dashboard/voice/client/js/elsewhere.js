const CHANNEL = "sayso.voice";

/** One tab of a browser has the voice at a time: who starts takes it, who had it is told. */
export class Elsewhere {
  #channel = globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;

  /** @param {() => void} lost */
  constructor(lost) {
    if (!this.#channel) return;
    this.#channel.onmessage = ({ data }) => {
      if (data === "taken") lost();
    };
  }

  take() {
    this.#channel?.postMessage("taken");
  }

  dispose() {
    this.#channel?.close();
  }
}
