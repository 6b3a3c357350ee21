import { link } from "../../../js/link/link.js";
import { t } from "../../../js/words.js";

const PATIENCE = 60000; // ms for one answer; a long session takes the server a while

/**
 * What the server answers; an error is a sentence. A request that was made into a gap ends when the link is back.
 *
 * @param {string} url
 * @returns {Promise<any>}
 */
export async function fetchJson(url) {
  const { answer, data } = await asked(url);
  if (answer.ok && !data.error) return data;
  const reason =
    answer.status === 404
      ? t("There is no such session: it may have been deleted, or is somebody else's.")
      : t("The server answered {status}.", { status: answer.status });
  throw new Error(data.error || reason);
}

/** @param {string} url */
async function asked(url) {
  if (!link.reachable) throw new Error(t("There is no connection to the server. Try again when it is back."));
  const signal = link.patience(PATIENCE);
  try {
    const answer = await fetch(url, { signal });
    const data = await answer.json().catch((error) => {
      if (signal.aborted) throw error;
      return {};
    });
    return { answer, data };
  } catch {
    throw new Error(t("The server did not answer. Try again when the page is connected."));
  }
}

/** @param {unknown} error */
export function reason(error) {
  return error instanceof Error ? error.message : String(error);
}
