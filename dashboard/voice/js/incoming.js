const SHOWN = 3; // expression scores passed on

/** EVI messages that are passed on to Python as they are. */
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

/** Names of the three strongest expressions of an utterance, or "". */
export function feelings(message) {
  return message.interim ? "" : Object.keys(trimmed(message).models?.prosody?.scores ?? {}).join(", ");
}

/** The message with only its three strongest expression scores. */
export function trimmed(message) {
  const scores = message.models?.prosody?.scores;
  if (scores === null || typeof scores !== "object") return message;
  const strongest = Object.entries(scores)
    .filter(([, score]) => Number.isFinite(score))
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN);
  return { ...message, models: { ...message.models, prosody: { scores: Object.fromEntries(strongest) } } };
}
