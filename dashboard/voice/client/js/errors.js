import { t } from "../../../js/words.js";

/**
 * Everything that can go wrong with the voice, each with what happened and what to do about it.
 *
 * @type {Record<string, [message: string, advice: string]>}
 */
const TABLE = {
  permission_denied: [
    t("The microphone is blocked for this page."),
    t("Allow it with the icon beside the address, then press Start. You can also type."),
  ],
  no_device: [
    t("No microphone was found."),
    t("Plug one in or choose another in the settings, then press Start. You can also type."),
  ],
  device_busy: [
    t("The microphone could not be opened."),
    t("Close other programs or tabs that use it, then press Start."),
  ],
  device_lost: [
    t("The microphone was disconnected."),
    t("Plug it in again or choose another in the settings, then press Start."),
  ],
  insecure_context: [
    t("Browsers give the microphone to secure pages only."),
    t("Open this page over https, or at localhost on this computer. You can also type."),
  ],
  taken_over: [t("The voice has moved to another tab or window."), t("Press Start to bring it back here.")],
  gesture_needed: [t("The browser needs a click before it can play sound."), t("Press Start.")],
  audio_unsupported: [
    t("This browser cannot process sound as needed."),
    t("Use a current Chrome, Edge, Firefox or Safari."),
  ],
  worklet_failed: [
    t("The sound processing did not load."),
    t("Reload the page. If that does not help, look for a content blocker."),
  ],
  output_failed: [
    t("That loudspeaker could not be used."),
    t("Choose another in the settings; sound goes to the default one."),
  ],
  socket_refused: [
    t("The voice service cannot be reached."),
    t("Check that the server is running and online, then press Start."),
  ],
  connection_lost: [t("The connection to the voice service was lost."), t("Reconnecting automatically.")],
  auth: [
    t("The voice service refused the ticket."),
    t("Reload the page. If that does not help, check the voice keys in the server's settings."),
  ],
  ticket_timeout: [t("The server issued no ticket for the voice service."), t("Reload the page and press Start.")],
  quota: [
    t("The voice service's allowance is used up."),
    t("Add credits there, or unset HUME_API_KEY to use the offline voice. You can also type."),
  ],
  chat_ended: [t("The voice service ended the conversation."), t("Press Start to talk again.")],
  unknown: [t("The voice stopped for an unexpected reason."), t("Press Start to try again.")],
};

/** @type {Record<string, string>} */
const BY_NAME = {
  NotAllowedError: "permission_denied",
  SecurityError: "permission_denied",
  NotFoundError: "no_device",
  OverconstrainedError: "no_device",
  NotReadableError: "device_busy",
  AbortError: "device_busy",
};

/** An error that can be shown: `code`, `message` (what happened), `advice` (what to do). */
export class VoiceError extends Error {
  /** @param {string} code @param {string} [detail] */
  constructor(code, detail = "") {
    const [message, advice] = TABLE[code] ?? TABLE.unknown;
    super(detail ? `${message} (${detail})` : message);
    this.code = code in TABLE ? code : "unknown";
    this.advice = advice;
  }

  toJSON() {
    return { code: this.code, message: this.message, advice: this.advice };
  }
}

/** What the browser threw, as a `VoiceError`. @param {unknown} error */
export function classify(error) {
  if (error instanceof VoiceError) return error;
  const code = BY_NAME[thrown(error)?.name ?? ""];
  return code ? new VoiceError(code) : new VoiceError("unknown", wordsOf(error));
}

/** What an error says. @param {unknown} error */
export function wordsOf(error) {
  return String(thrown(error)?.message ?? error);
}

/** Not everything that a browser throws is an `Error`. @param {unknown} error */
function thrown(error) {
  return /** @type {Partial<Error> | null | undefined} */ (error);
}
