import { mount } from "../../js/adapter.js";
import { element } from "../../js/dom.js";
import CSS from "./bar.css";

/** Who has the mouse, a line to type in, and Stop: everything that a person may do to a session. */
class Bar {
  constructor(model) {
    this.model = model;
    this.word = element("span", { class: "word" });
    this.detail = element("span", { class: "detail" });
    this.usage = element("span", { class: "usage" });
    const dot = element("span", { class: "dot", "aria-hidden": "true" });
    const badge = element("div", { class: "badge", role: "status" }, [dot, this.word, this.detail, this.usage]);
    this.mouse = this.#button("mouse", "Take the mouse", () => ({ type: this.#yours ? "give" : "take" }));
    this.stop = this.#button("stop", "Stop", () => ({ type: "stop" }));
    const parts = [element("style", {}, [CSS]), badge, this.#form(), this.mouse, this.stop];
    this.root = element("section", { class: "sayso-bar", "aria-label": "Session" }, parts);
    for (const name of ["who", "detail", "usage", "running", "able"]) model.on(`change:${name}`, () => this.show());
    model.on("msg:custom", (message) => this.#refused(message));
    this.show();
  }

  /** Words of this line that were not taken stand in it again, before what was typed since. */
  #refused({ refused }) {
    if (!refused || refused !== this.sent) return;
    this.sent = "";
    this.input.value = [refused, this.input.value].filter(Boolean).join(" ");
  }

  get #yours() {
    return this.model.get("who") === "yours";
  }

  show() {
    const { model } = this;
    this.root.dataset.who = model.get("who");
    this.word.textContent = this.#yours ? "you have the mouse" : model.get("who");
    this.detail.textContent = model.get("detail");
    this.usage.textContent = model.get("usage");
    this.mouse.textContent = this.#yours ? "Give it back" : "Take the mouse";
    this.mouse.disabled = !model.get("able");
    this.stop.classList.toggle("live", model.get("running"));
    this.form.hidden = this.stop.hidden = !model.get("talks");
  }

  #button(name, text, message) {
    const button = element("button", { type: "button", class: name }, [text]);
    button.onclick = () => this.model.send(message());
    return button;
  }

  #form() {
    const options = { type: "text", placeholder: "Type what to do…", "aria-label": "Type what to do", maxlength: "4000" };
    const input = element("input", { ...options, autocomplete: "off" });
    this.input = input;
    this.form = element("form", {}, [input, element("button", {}, ["Send"])]);
    input.onkeydown = (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault(); // JupyterLab keeps a form from being sent by it
      this.form.requestSubmit();
    };
    this.form.onsubmit = (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text) this.model.send({ type: "say", text });
      this.sent = text;
      input.value = "";
    };
    return this.form;
  }
}

function render({ model, el }) {
  mount(el, new Bar(model).root);
}

export default { render };
