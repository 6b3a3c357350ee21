import { component, html } from "../../js/base.js";
import CSS from "../../views/conversation.css";
import { Conversation } from "../../views/conversation.js";

/** The page's conversation in a notebook. @param {{host: import("../../js/base.js").Host<{}>}} props */
function InNotebook({ host }) {
  return html`<${Conversation} host=${host} bare=${true} />`;
}

export default component("Conversation", InNotebook, { css: CSS });
