/** @typedef {import("./core.js").VoiceState} VoiceState */
import { t } from "../../../js/words.js";
/**
 * @typedef {object} Shown What the bar shows of the voice.
 * @property {VoiceState} state
 * @property {boolean} live Sound goes out, or is about to.
 * @property {boolean} off It would have to be started.
 * @property {boolean} muted
 * @property {boolean} pushToTalk
 * @property {boolean} pushed
 * @property {string} says What the state is, in words.
 * @property {string} failure What went wrong, or "".
 * @property {string} advice What to do about it; else what is wrong with the sound, or how the last utterance sounded.
 * @property {string} trouble All of that which is urgent.
 */
/**
 * @typedef {object} Voice What that is made of; a `VoiceCore` has it.
 * @property {VoiceState} state
 * @property {boolean} muted
 * @property {boolean} pushToTalk
 * @property {boolean} pushed
 * @property {{message: string, advice: string} | null} error
 * @property {string} feelings
 * @property {{hint: string}} sound
 */

/** @type {Record<VoiceState, string>} */
const SAYS = {
  off: t("Voice is off."),
  connecting: t("Connecting…"),
  ready: t("Listening."),
  reconnecting: t("Reconnecting…"),
  muted: t("Muted: the microphone is off."),
  asleep: t("Asleep: the microphone is off."),
  failed: t("Voice is off."),
};
/** @type {Set<VoiceState>} */
const LIVE = new Set(["ready", "reconnecting", "connecting"]);

/** Whether the voice would have to be started. @param {{state: VoiceState}} voice */
export function isOff({ state }) {
  return state === "off" || state === "failed";
}

/** @param {Voice} voice @returns {Shown} */
export function shownOf(voice) {
  const { state, error, sound, feelings, muted, pushToTalk, pushed } = voice;
  return {
    state,
    live: LIVE.has(state),
    off: isOff(voice),
    muted,
    pushToTalk,
    pushed,
    says: says(voice),
    failure: error?.message ?? "",
    advice: error?.advice ?? (sound.hint || feelings),
    trouble: [error?.message, error?.advice ?? sound.hint].filter(Boolean).join(" "),
  };
}

/** @param {Voice} voice */
function says({ state, muted, pushToTalk, pushed }) {
  if (muted && LIVE.has(state)) return `${SAYS[state]} ${t("The microphone is off.")}`;
  if (state !== "ready" || !pushToTalk) return SAYS[state];
  return pushed ? t("Listening.") : t("Hold Space or the button to talk.");
}
