// @ts-expect-error The bundler makes it the worklet's text.
import capture from "./capture.worklet.js";
// @ts-expect-error The same.
import player from "./player.worklet.js";
import { VoiceError, wordsOf } from "./errors.js";
import { t } from "../../../js/words.js";

const LAST_WORDS = 120; // ms

/** @typedef {AudioContext & {setSinkId?: (id: string) => Promise<void>}} Context As far as the browser has it. */

/** The page's sound machinery: one context, the capture node and the player node. */
export class Audio {
  /** @type {Context | null} */
  #context = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AudioWorkletNode | null} */
  capture = null;
  /** @type {AudioWorkletNode | null} */
  player = null;

  /** @param {{onState: (state: string) => void}} options */
  constructor({ onState }) {
    this.onState = onState;
  }

  /**
   * Opens the context (a person must have clicked on the page) and loads both worklets.
   *
   * @param {string} sinkId The loudspeaker.
   */
  async open(sinkId) {
    if (this.#context) return this.#context.resume();
    if (!globalThis.AudioWorkletNode) throw new VoiceError("audio_unsupported");
    /** @type {Context} */
    const context = new AudioContext({ latencyHint: "interactive" });
    this.#context = context;
    context.onstatechange = () => this.onState(context.state);
    void context.resume();
    try {
      await Promise.all([load(context, capture), load(context, player)]);
    } catch (error) {
      this.close();
      throw new VoiceError("worklet_failed", wordsOf(error));
    }
    this.capture = new AudioWorkletNode(context, "sayso-capture", { numberOfOutputs: 1 });
    this.player = new AudioWorkletNode(context, "sayso-player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.player.connect(context.destination);
    this.capture.connect(context.destination); // silent: a node that leads nowhere is not run
    if (sinkId) await this.setSink(sinkId).catch(() => {}); // a remembered device that has gone
    await running(context);
  }

  get running() {
    return this.#context?.state === "running";
  }

  get latency() {
    return this.#context?.outputLatency || this.#context?.baseLatency || 0;
  }

  resume() {
    return this.#context?.resume();
  }

  /**
   * Leads a microphone's stream to the capture node; null leaves silence.
   *
   * @param {MediaStream | null} stream
   */
  listenTo(stream) {
    this.#source?.disconnect();
    this.#source = (stream && this.#context?.createMediaStreamSource(stream)) ?? null;
    if (this.capture) this.#source?.connect(this.capture);
  }

  /** Chooses the loudspeaker ("" is the default one). @param {string} id */
  async setSink(id) {
    if (!this.#context?.setSinkId) throw new VoiceError("output_failed", t("not possible in this browser"));
    await this.#context.setSinkId(id);
  }

  /** A short sign of two tones: rising for a question, falling for anything else. @param {string} [kind] */
  chime(kind) {
    const context = this.#context;
    if (!context) return;
    const [first, second] = kind === "question" ? [660, 880] : [660, 520];
    tone(context, first, context.currentTime);
    tone(context, second, context.currentTime + 0.14);
  }

  /** Ends the sound, once its last fade and what it reports have come through. */
  close() {
    const context = this.#context;
    this.#context = null;
    this.#source = null;
    if (context) setTimeout(() => context.close(), LAST_WORDS);
  }
}

/** @param {AudioContext} context @param {string} code */
async function load(context, code) {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {AudioContext} context */
async function running(context) {
  const late = new Promise((resolve) => setTimeout(resolve, 3000));
  await Promise.race([context.resume(), late]);
  if (context.state !== "running") throw new VoiceError("gesture_needed");
}

/** @param {AudioContext} context @param {number} frequency Hz. @param {number} at The context's time. */
function tone(context, frequency, at) {
  const oscillator = new OscillatorNode(context, { frequency });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setTargetAtTime(0.12, at, 0.01);
  gain.gain.setTargetAtTime(0, at + 0.1, 0.03);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.4);
}
