/** Takes in a session that was exported as a folder. */
import { link } from "../../../js/link/link.js";
import { send } from "../../files/client.js";
import { t } from "../../../js/words.js";

const GIVEN_UP = 60000; // ms after which what stalls on its way is given up
const UNPACKED = 600000; // ms that the server may take once it has all of it
const GOES_ON = 2000; // ms after a gap in which a line that has outlived it goes on

/**
 * Sends the file; what stalls when the link is back, or for long, is given up.
 *
 * @param {File} file
 * @param {(words: string) => void} say Is told how far it is.
 * @returns {Promise<{id: string, damage?: string}>}
 */
export async function bring(file, say) {
  const control = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let giving;
  let still = false;
  let out = 0;
  const giveUp = (/** @type {number} */ ms) => {
    giving = setTimeout(() => control.abort(), ms);
  };
  const told = (/** @type {number} */ sent, /** @type {boolean} */ stalled) => {
    clearTimeout(giving);
    still = stalled;
    out = sent;
    if (stalled) giveUp(sent < file.size ? GIVEN_UP : UNPACKED);
    say(progress(sent, file.size, stalled));
  };
  const end = link.onRestored(() => {
    if (!still) return;
    clearTimeout(giving);
    giveUp(GOES_ON);
  });
  try {
    return await send("recordings/import", file, told, control.signal);
  } catch (error) {
    if (!control.signal.aborted) throw error;
    const why =
      out < file.size
        ? t("The upload stalled. Try again.")
        : t("The server has not answered. Check the list to see whether it is there.");
    throw new Error(why);
  } finally {
    end();
    clearTimeout(giving);
  }
}

/** @param {number} sent @param {number} size @param {boolean} stalled */
function progress(sent, size, stalled) {
  if (sent >= size) return t("Importing…");
  return stalled
    ? t("Importing… stalled")
    : t("Importing… {share} %", { share: Math.floor((100 * sent) / (size || 1)) });
}
