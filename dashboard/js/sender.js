import { link } from "./link/link.js";

/**
 * How a component that is not on `base.js` sends to Python: what is pressed in a gap is refused aloud.
 *
 * @typedef {{type: string, [field: string]: unknown}} Message
 * @param {any} model Panel's.
 * @returns {((message: Message) => boolean) & {ask: (message: Message) => void}} False if it was refused;
 *   `ask` is for what the component asks for again after a gap.
 */
export function sender(model) {
  model.on("msg:custom", (/** @type {any} */ event) => {
    const message = event?.data ?? event;
    if (message?.type === "arrived") link.presses.arrived(message.press);
  });
  const raw = (/** @type {Message} */ message) => model.send_msg(message);
  const send = (/** @type {Message} */ message) => link.send(raw, message);
  return Object.assign(send, { ask: raw });
}
