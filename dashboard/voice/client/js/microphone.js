import { Emitter } from "../../../js/emitter.js";
import { classify, VoiceError } from "./errors.js";
import { t } from "../../../js/words.js";

/** @typedef {{id: string, label: string}} Device */

/**
 * The microphone as a device: opened and stopped for real (the browser's indicator follows),
 * and held silent between pushes of push-to-talk. Emits `lost` and `devices`.
 *
 * @extends {Emitter<{lost: [], devices: []}>}
 */
export class Microphone extends Emitter {
  /** @type {MediaStream | null} */
  #stream = null;
  #open = true; // false: push-to-talk, not pushed
  deviceId = "";

  /** @param {MediaTrackConstraints} processing The browser's own treatment of the sound. */
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
    const stream = await this.#acquire().catch((error) => {
      throw classify(error);
    });
    this.#stream = stream;
    const [track] = stream.getAudioTracks();
    track.enabled = this.#open;
    track.onended = () => this.emit("lost");
    return stream;
  }

  async #acquire() {
    const wanted = { ...this.processing, channelCount: 1 };
    if (!this.deviceId) return navigator.mediaDevices.getUserMedia({ audio: wanted });
    try {
      return await navigator.mediaDevices.getUserMedia({
        audio: { ...wanted, deviceId: { exact: this.deviceId } },
      });
    } catch (error) {
      if (classify(error).code !== "no_device") throw error;
      this.deviceId = ""; // the remembered device is gone: take the default one
      return navigator.mediaDevices.getUserMedia({ audio: wanted });
    }
  }

  /** Lets sound through or not, keeping the device. @param {boolean} open */
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

/**
 * The devices to choose from.
 *
 * @returns {Promise<{inputs: Device[], outputs: Device[]}>}
 */
export async function listDevices() {
  const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const of = (/** @type {MediaDeviceKind} */ kind) =>
    all
      .filter((device) => device.kind === kind && device.deviceId)
      .map(({ deviceId, label }) => ({ id: deviceId, label: label || t("Unnamed device") }));
  return { inputs: of("audioinput"), outputs: of("audiooutput") };
}
