import { link } from "./link/link.js";

/**
 * How a component that is not on `base.js` sends to Python: what is pressed in a gap is refused aloud.
 *
 * @param {any} model Panel's.
 * @returns {(message: {type: string, [field: string]: unknown}) => boolean} False if it was refused.
 */
export function sender(model) {
  model.on("msg:custom", (/** @type {any} */ event) => {
    const message = event?.data ?? event;
    if (message?.type === "arrived") link.presses.arrived(message.press);
  });
  return (message) => link.send((what) => model.send_msg(what), message);
}
