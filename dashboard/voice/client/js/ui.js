import { Bubble } from "./bubble.js";
import { listDevices } from "./microphone.js";
import { Meter } from "./meter.js";
import { CSS } from "./style.js";
import { element, icon } from "../../../js/dom.js";

const SAYS = {
  off: "Voice is off.",
  connecting: "Connecting…",
  ready: "Listening.",
  reconnecting: "Reconnecting…",
  muted: "Muted: the microphone is off.",
  asleep: "Asleep: the microphone is off.",
  failed: "Voice is off.",
};
const LIVE = new Set(["ready", "reconnecting", "connecting"]);
const TYPING = "input, textarea, select, button, a[href], canvas, [contenteditable], [role=textbox]";

/** The bar at the foot of the page: start or mute, level, push-to-talk, devices, state. */
export class VoiceBar {
  constructor(core) {
    this.core = core;
    this.root = this.#build();
    this.bubble = new Bubble(this.root);
    this.root.append(this.bubble.root);
    this.meter = new Meter(this.canvas, core.sound.levels);
    this.stop = [core.on("change", () => this.#show()), core.on("devices", () => void this.#list())];
    this.onKey = (event) => this.#key(event);
    for (const type of ["keydown", "keyup"]) window.addEventListener(type, this.onKey, true);
    this.onBlur = () => core.push(false);
    window.addEventListener("blur", this.onBlur);
    this.#show();
  }

  dispose() {
    for (const off of this.stop) off();
    this.bubble.dispose();
    for (const type of ["keydown", "keyup"]) window.removeEventListener(type, this.onKey, true);
    window.removeEventListener("blur", this.onBlur);
    this.meter.stop();
  }

  #build() {
    this.main = element("button", { type: "button", class: "main" }, [icon("mic"), element("span")]);
    this.main.onclick = () => this.#press();
    this.canvas = element("canvas", { width: 72, height: 24, "aria-hidden": "true" });
    this.push = this.#pushButton();
    this.word = element("span", { class: "word" });
    this.advice = element("span", { class: "advice" });
    const line = element("div", { class: "line", role: "status" }, [this.word, this.advice]);
    this.panel = this.#settings();
    this.gear = element("button", { type: "button", class: "gear", "aria-label": "Voice settings" }, [icon("gear")]);
    this.gear.onclick = () => this.#toggle();
    this.gear.setAttribute("aria-expanded", "false");
    const parts = [element("style", {}, [CSS]), this.main, this.canvas, this.push, line, this.gear, this.panel];
    return element("section", { class: "sayso-voice", "aria-label": "Voice" }, parts);
  }

  #pushButton() {
    const button = element("button", { type: "button", class: "push" }, ["Hold to talk"]);
    button.title = "Hold this button, or the space bar, while you speak";
    button.onpointerdown = (event) => {
      button.setPointerCapture(event.pointerId);
      this.core.push(true);
    };
    button.onpointerup = button.onpointercancel = () => this.core.push(false);
    const held = (on) => (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      this.core.push(on);
    };
    button.onkeydown = held(true);
    button.onkeyup = held(false);
    return button;
  }

  #settings() {
    this.input = element("select", { name: "input" });
    this.input.onchange = () => void this.core.sound.setInput(this.input.value);
    this.output = element("select", { name: "output" });
    this.output.onchange = () => void this.core.sound.setOutput(this.output.value);
    this.ptt = element("input", { type: "checkbox", name: "push" });
    this.ptt.onchange = () => this.core.setPushToTalk(this.ptt.checked);
    this.sleep = element("button", { type: "button", class: "plain" });
    this.sleep.onclick = () => (this.core.state === "asleep" ? this.core.unmute() : this.core.sleep());
    this.end = element("button", { type: "button", class: "plain" }, ["End voice"]);
    this.end.onclick = () => this.core.close();
    const panel = element("div", { class: "panel", popover: "auto", role: "dialog", "aria-label": "Voice settings" }, [
      element("label", {}, ["Microphone", this.input]),
      element("label", {}, ["Loudspeaker", this.output]),
      element("label", { class: "check" }, [this.ptt, "Push to talk (hold Space)"]),
      element("div", { class: "row" }, [this.sleep, this.end]),
    ]);
    panel.ontoggle = ({ newState }) => {
      this.gear.setAttribute("aria-expanded", String(newState === "open"));
      const close = () => panel.matches(":popover-open") && panel.hidePopover(); // its place is another now
      if (newState === "open") window.addEventListener("resize", close, { once: true });
    };
    return panel;
  }

  #toggle() {
    this.panel.togglePopover();
    const box = this.gear.getBoundingClientRect();
    const right = Math.min(box.right, document.documentElement.clientWidth - 8);
    this.panel.style.maxHeight = `${Math.max(120, box.top - 16)}px`; // nothing lies over the bar with Stop
    this.panel.style.left = `${Math.max(8, right - this.panel.offsetWidth)}px`;
    this.panel.style.top = `${Math.max(8, box.top - this.panel.offsetHeight - 8)}px`;
    void this.#list();
  }

  #press() {
    const { core } = this;
    if (["off", "failed"].includes(core.state) || core.muted) void core.start();
    else core.mute();
  }

  #show() {
    const { core } = this;
    const { state, error } = core;
    const live = LIVE.has(state);
    const label = state === "off" || state === "failed" ? "Start" : core.muted ? "Unmute" : "Mute";
    this.root.dataset.state = state;
    this.main.lastChild.textContent = label;
    this.main.setAttribute("aria-label", `${label} voice`);
    this.word.textContent = error && !this.bubble.narrow ? error.message : this.#says(state);
    this.advice.textContent = error?.advice ?? (core.sound.hint || core.feelings);
    this.bubble.say([error?.message, error?.advice ?? core.sound.hint].filter(Boolean).join(" "));
    this.push.hidden = !core.pushToTalk || !live;
    this.push.setAttribute("aria-pressed", String(core.pushed));
    this.ptt.checked = core.pushToTalk;
    this.sleep.textContent = state === "asleep" ? "Wake" : "Sleep";
    this.sleep.disabled = this.end.disabled = state === "off" || state === "failed";
    this.meter.run(live);
  }

  #says(state) {
    if (this.core.muted && LIVE.has(state)) return `${SAYS[state]} The microphone is off.`;
    if (state !== "ready" || !this.core.pushToTalk) return SAYS[state];
    return this.core.pushed ? "Listening." : "Hold Space or the button to talk.";
  }

  async #list() {
    const { inputs, outputs } = await listDevices();
    fill(this.input, inputs, this.core.sound.microphone.deviceId);
    fill(this.output, outputs, this.core.sound.outputId);
  }

  #key(event) {
    if (event.code !== "Space" || !this.core.pushToTalk || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.type === "keyup") {
      this.core.push(false);
      return;
    }
    const target = event.composedPath()[0];
    if (target instanceof Element && target.closest(TYPING)) return;
    event.preventDefault();
    this.core.push(true);
  }
}

function fill(select, devices, chosen) {
  const options = devices.filter(({ id }) => id !== "default");
  select.replaceChildren(
    element("option", { value: "" }, ["Default"]),
    ...options.map(({ id, label }) => element("option", { value: id }, [label])),
  );
  select.value = options.some(({ id }) => id === chosen) ? chosen : "";
}
