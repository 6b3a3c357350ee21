/**
 * The messages of Hume's EVI chat as far as the page reads or writes them, and what a ticket holds.
 * The service may leave out any field and send what is not listed: what is read is looked at first.
 */

/** Of the sound, or of words, by the name of the expression. */
export type Models = {
  prosody?: { scores: Record<string, number> | null } | null;
};

/** The first message of a chat; `chat_group_id` resumes its conversation in another one. */
export type ChatMetadata = {
  type: "chat_metadata";
  chat_id: string;
  chat_group_id?: string | null;
};

/** What the person said, or is saying (`interim`). */
export type UserMessage = {
  type: "user_message";
  interim?: boolean;
  from_text?: boolean;
  models?: Models;
};

export type AssistantMessage = {
  type: "assistant_message";
  id?: string | null;
  models?: Models;
};

/** A piece of one message's voice: a WAV file in base64, pieces numbered by `index`. */
export type AudioOutput = {
  type: "audio_output";
  id: string;
  index?: number;
  data: string;
  is_final_chunk?: boolean;
};

export type AssistantEnd = {
  type: "assistant_end";
};

/** The person speaks: what sounds is to be cut. */
export type UserInterruption = {
  type: "user_interruption";
};

export type ChatError = {
  type: "error";
  code: string;
  slug?: string;
  message?: string;
};

/** Passed on to Python, and not read here. */
export type Passed = {
  type: "tool_call" | "tool_response" | "tool_error" | "session_settings" | "assistant_prosody";
};

/** What the service sends. */
export type Incoming =
  | ChatMetadata
  | UserMessage
  | AssistantMessage
  | AudioOutput
  | AssistantEnd
  | UserInterruption
  | ChatError
  | Passed;

/** A control message to the service. */
export type Outgoing = {
  type: string;
  [field: string]: unknown;
};

/** Fields of `session_settings`, told to each new chat again. */
export type Settings = {
  context?: { text: string; type?: "persistent" | "temporary" } | null;
  [field: string]: unknown;
};

/** What Python answers to `local.need_ticket`: where a chat is opened and with what, or why not. */
export type Ticket = {
  url: string;
  query?: Record<string, string | number | null | undefined>;
  settings?: Settings;
  provider?: string | null;
};

export type Refusal = {
  error: { code: string; message: string; advice: string };
};
