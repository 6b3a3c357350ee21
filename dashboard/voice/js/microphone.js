import { Emitter } from "../../js/emitter.js";
import { VoiceError, classify } from "./errors.js";

/**
 * The microphone as a device: opened and stopped for real (the browser's indicator follows),
 * and held silent between pushes of push-to-talk. Emits `lost` and `devices`.
 */
export class Microphone extends Emitter {
  #stream = null;
  #open = true; // false: push-to-talk, not pushed
  deviceId = "";

  constructor(processing) {
    super();
    this.processing = processing;
    this.onDevices = () => this.emit("devices");
    navigator.mediaDevices?.addEventListener("devicechange", this.onDevices);
  }

  get stream() {
    return this.#stream;
  }

  /** Asks for the device; throws a `VoiceError`. */
  async open() {
    this.stop();
    if (!globalThis.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
      throw new VoiceError("insecure_context");
    }
    this.#stream = await this.#acquire().catch((error) => {
      throw classify(error);
    });
    const [track] = this.#stream.getAudioTracks();
    track.enabled = this.#open;
    track.onended = () => this.emit("lost");
    return this.#stream;
  }

  async #acquire() {
    const wanted = { ...this.processing, channelCount: 1 };
    if (!this.deviceId) return navigator.mediaDevices.getUserMedia({ audio: wanted });
    try {
      return await navigator.mediaDevices.getUserMedia({
        audio: { ...wanted, deviceId: { exact: this.deviceId } },
      });
    } catch (error) {
      if (!["OverconstrainedError", "NotFoundError"].includes(error.name)) throw error;
      this.deviceId = ""; // the remembered device is gone: take the default one
      return navigator.mediaDevices.getUserMedia({ audio: wanted });
    }
  }

  /** Lets sound through or not, keeping the device. */
  gate(open) {
    this.#open = open;
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = open;
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) {
      track.onended = null;
      track.stop();
    }
    this.#stream = null;
  }

  dispose() {
    this.stop();
    navigator.mediaDevices?.removeEventListener("devicechange", this.onDevices);
  }
}

/** The devices to choose from: `{inputs, outputs}`, each `{id, label}`. */
export async function listDevices() {
  const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const of = (kind) =>
    all
      .filter((device) => device.kind === kind && device.deviceId)
      .map(({ deviceId, label }) => ({ id: deviceId, label: label || "Unnamed device" }));
  return { inputs: of("audioinput"), outputs: of("audiooutput") };
}
