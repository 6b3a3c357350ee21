/** The voice's bundle: the page's bar, and the same in a notebook. */
import { useLayoutEffect, useState } from "preact/hooks";
import { Boundary, component, html } from "../../../js/base.js";
import CSS from "./bar.css";
import { VoiceCore } from "./core.js";
import { VoiceBar } from "./ui.js";

/** A conversation outlives a bar that cannot be drawn. @param {{host: import("./core.js").VoiceHost}} props */
function Voice({ host }) {
  const [core] = useState(() => new VoiceCore(host));
  useLayoutEffect(() => () => core.dispose(), []);
  return html`<${Boundary} host=${host} where="Voice bar"><${VoiceBar} core=${core} /><//>`;
}

export default component("Voice", Voice, { css: CSS, single: true });
