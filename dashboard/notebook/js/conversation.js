import CSS from "../../views/conversation.css";
import { render as conversation } from "../../views/conversation.js";
import { mount } from "../../js/adapter.js";

/** The page's conversation in a notebook: the same view, in a shadow of its own for its style. */
function render({ model, el }) {
  const host = document.createElement("div");
  host.style.height = "100%";
  const shadow = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = CSS;
  const page = {
    send_msg: (message) => model.send(message),
    on: (what, listener) => model.on(what, (data) => listener(data)),
  };
  shadow.append(style, conversation({ model: page }));
  mount(el, host);
}

export default { render };
