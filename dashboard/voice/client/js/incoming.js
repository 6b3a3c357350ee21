const SHOWN = 3; // expression scores passed on

/** @typedef {import("./evi.d.ts").Incoming} Incoming */

/** EVI messages that are passed on to Python as they are. @type {Set<Incoming["type"]>} */
export const KNOWN = new Set([
  "chat_metadata",
  "user_message",
  "assistant_message",
  "assistant_end",
  "user_interruption",
  "tool_call",
  "tool_response",
  "tool_error",
  "session_settings",
  "error",
]);

/**
 * Names of the three strongest expressions of an utterance, or "".
 *
 * @param {import("./evi.d.ts").UserMessage} message
 */
export function feelings(message) {
  return message.interim ? "" : Object.keys(trimmed(message).models?.prosody?.scores ?? {}).join(", ");
}

/**
 * The message with only its three strongest expression scores.
 *
 * @template {object} M
 * @param {M & {models?: import("./evi.d.ts").Models}} message
 * @returns {M}
 */
export function trimmed(message) {
  const scores = message.models?.prosody?.scores;
  if (!scores || typeof scores !== "object") return message;
  const strongest = Object.entries(scores)
    .filter(([, score]) => Number.isFinite(score))
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN);
  return { ...message, models: { ...message.models, prosody: { scores: Object.fromEntries(strongest) } } };
}
