import { useLayoutEffect, useReducer, useRef, useState } from "preact/hooks";
import { html } from "../../../js/base.js";
import { Bubble, isNarrow, useSize } from "./bubble.js";
import { Level } from "./meter.js";
import { listDevices } from "./microphone.js";
import { isOff, shownOf } from "./shown.js";
import { t } from "../../../js/words.js";

/** @typedef {import("./core.js").VoiceCore} VoiceCore */
/** @typedef {import("./microphone.js").Device} Device */
/** @typedef {{core: VoiceCore, shown: import("./shown.js").Shown}} Props */

const TYPING = "input, textarea, select, button, a[href], canvas, [contenteditable], [role=textbox]";
const MIC =
  "M12 14a3 3 0 0 0 3-3V5a3 3 0 1 0-6 0v6a3 3 0 0 0 3 3Zm5-3a5 5 0 0 1-10 0H5a7 7 0 0 0 6 6.92V21h2v-3.08A7 7 0 0 0 19 11h-2Z";
const GEAR =
  "M19.4 13a7.5 7.5 0 0 0 0-2l2-1.6-2-3.4-2.4 1a7.6 7.6 0 0 0-1.7-1L15 3.5h-4L10.6 6a7.6 7.6 0 0 0-1.7 1l-2.4-1-2 3.4 2 1.6a7.5 7.5 0 0 0 0 2l-2 1.6 2 3.4 2.4-1a7.6 7.6 0 0 0 1.7 1l.4 2.5h4l.4-2.5a7.6 7.6 0 0 0 1.7-1l2.4 1 2-3.4-2.1-1.6ZM13 15.5a3.5 3.5 0 1 1 0-7 3.5 3.5 0 0 1 0 7Z";

/** The bar at the foot of the page: start or mute, level, push-to-talk, devices, state. @param {{core: VoiceCore}} props */
export function VoiceBar({ core }) {
  const bar = useRef(/** @type {HTMLElement | null} */ (null));
  const [narrow, setNarrow] = useState(true);
  useChanges(core);
  useSpace(core);
  useSize(bar, () => setNarrow(bar.current !== null && isNarrow(bar.current)));
  const shown = shownOf(core);
  return html`<section ref=${bar} class=${narrow ? "sayso-voice narrow" : "sayso-voice"} aria-label="Voice" data-state=${shown.state}>
    <${Main} core=${core} shown=${shown} />
    <${Level} levels=${core.sound.levels} live=${shown.live} />
    <${Push} core=${core} shown=${shown} />
    <${Line} shown=${shown} narrow=${narrow} />
    <${Settings} core=${core} shown=${shown} />
    <${Bubble} bar=${bar} text=${shown.trouble} />
  </section>`;
}

/** Draws again whenever the core has changed. @param {VoiceCore} core */
function useChanges(core) {
  const [, draw] = useReducer((/** @type {number} */ times) => times + 1, 0);
  useLayoutEffect(() => {
    const end = core.on("change", () => draw(undefined));
    draw(undefined); // what changed before one listened
    return () => void end();
  }, []);
}

/** Space is push-to-talk wherever it does not type or press something. @param {VoiceCore} core */
function useSpace(core) {
  useLayoutEffect(() => {
    const onKey = (/** @type {KeyboardEvent} */ event) => pressed(core, event);
    const onBlur = () => core.push(false);
    window.addEventListener("keydown", onKey, true);
    window.addEventListener("keyup", onKey, true);
    window.addEventListener("blur", onBlur);
    return () => {
      window.removeEventListener("keydown", onKey, true);
      window.removeEventListener("keyup", onKey, true);
      window.removeEventListener("blur", onBlur);
    };
  }, []);
}

/** @param {VoiceCore} core @param {KeyboardEvent} event */
function pressed(core, event) {
  if (event.code !== "Space" || !core.pushToTalk || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.type === "keyup") {
    core.push(false);
    return;
  }
  const [target] = event.composedPath();
  if (target instanceof Element && target.closest(TYPING)) return;
  event.preventDefault();
  core.push(true);
}

/** @param {Props} props */
function Main({ core, shown }) {
  const [live, heard] = shown.muted ? [t("Unmute"), t("Unmute voice")] : [t("Mute"), t("Mute voice")];
  const [label, named] = shown.off ? [t("Start"), t("Start voice")] : [live, heard];
  const press = () => {
    if (isOff(core) || core.muted) void core.start();
    else core.mute();
  };
  return html`<button type="button" class="main" aria-label=${named} onClick=${press}>
    <${Icon} path=${MIC} /><span>${label}</span>
  </button>`;
}

/** @param {Props} props */
function Push({ core, shown }) {
  const onPointerDown = (/** @type {PointerEvent & {currentTarget: Element}} */ event) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    core.push(true);
  };
  const release = () => core.push(false);
  const key = (/** @type {boolean} */ on) => (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    core.push(on);
  };
  return html`<button type="button" class="push" title="Hold this button, or the space bar, while you speak"
    hidden=${!shown.pushToTalk || !shown.live} aria-pressed=${`${shown.pushed}`} onPointerDown=${onPointerDown}
    onPointerUp=${release} onPointerCancel=${release} onKeyDown=${key(true)} onKeyUp=${key(false)}>Hold to talk</button>`;
}

/** @param {{shown: Props["shown"], narrow: boolean}} props */
function Line({ shown, narrow }) {
  return html`<div class="line" role="status">
    <span class="word">${(!narrow && shown.failure) || shown.says}</span><span class="advice">${shown.advice}</span>
  </div>`;
}

/** The gear and what it opens. @param {Props} props */
function Settings({ core, shown }) {
  const gear = useRef(/** @type {HTMLElement | null} */ (null));
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  const [open, setOpen] = useState(false);
  const [devices, setDevices] = useState({
    inputs: /** @type {Device[]} */ ([]),
    outputs: /** @type {Device[]} */ ([]),
  });
  const list = async () => setDevices(await listDevices());
  useLayoutEffect(() => {
    const end = core.on("devices", list);
    return () => void end();
  }, []);
  const press = () => {
    if (!panel.current || !gear.current) return;
    panel.current.togglePopover();
    place(panel.current, gear.current);
    void list();
  };
  const onToggle = (/** @type {ToggleEvent & {currentTarget: HTMLElement}} */ { newState, currentTarget }) => {
    setOpen(newState === "open");
    const close = () => currentTarget.matches(":popover-open") && currentTarget.hidePopover(); // its place is another now
    if (newState === "open") window.addEventListener("resize", close, { once: true });
  };
  return html`<button ref=${gear} type="button" class="gear" aria-label="Voice settings" aria-expanded=${`${open}`}
      onClick=${press}><${Icon} path=${GEAR} /></button>
    <div ref=${panel} class="panel" popover="auto" role="dialog" aria-label="Voice settings" onToggle=${onToggle}>
      <${Choice} label="Microphone" name="input" devices=${devices.inputs} chosen=${core.sound.microphone.deviceId}
        choose=${(/** @type {string} */ id) => void core.sound.setInput(id)} />
      <${Choice} label="Loudspeaker" name="output" devices=${devices.outputs} chosen=${core.sound.outputId}
        choose=${(/** @type {string} */ id) => void core.sound.setOutput(id)} />
      <${PushToTalk} core=${core} shown=${shown} />
      <${Endings} core=${core} shown=${shown} />
    </div>`;
}

/** Above the gear: nothing lies over the bar with Stop. @param {HTMLElement} panel @param {HTMLElement} gear */
function place(panel, gear) {
  const box = gear.getBoundingClientRect();
  const right = Math.min(box.right, document.documentElement.clientWidth - 8);
  panel.style.maxHeight = `${Math.max(120, box.top - 16)}px`;
  panel.style.left = `${Math.max(8, right - panel.offsetWidth)}px`;
  panel.style.top = `${Math.max(8, box.top - panel.offsetHeight - 8)}px`;
}

/** @param {{label: string, name: string, devices: Device[], chosen: string, choose: (id: string) => void}} props */
function Choice({ label, name, devices, chosen, choose }) {
  const options = devices.filter(({ id }) => id !== "default");
  const value = options.some(({ id }) => id === chosen) ? chosen : "";
  const onChange = (/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) =>
    choose(event.currentTarget.value);
  return html`<label>${label}<select name=${name} value=${value} onChange=${onChange}>
    <option value="">Default</option>
    ${options.map((device) => html`<option key=${device.id} value=${device.id}>${device.label}</option>`)}
  </select></label>`;
}

/** @param {Props} props */
function PushToTalk({ core, shown }) {
  const onChange = (/** @type {Event & {currentTarget: HTMLInputElement}} */ event) =>
    core.setPushToTalk(event.currentTarget.checked);
  return html`<label class="check">
    <input type="checkbox" name="push" checked=${shown.pushToTalk} onChange=${onChange} />Push to talk (hold Space)
  </label>`;
}

/** @param {Props} props */
function Endings({ core, shown }) {
  const turn = () => {
    if (core.state === "asleep") void core.unmute();
    else core.sleep();
  };
  return html`<div class="row">
    <button type="button" class="plain" disabled=${shown.off} onClick=${turn}>${shown.state === "asleep" ? t("Wake") : t("Sleep")}</button>
    <button type="button" class="plain" disabled=${shown.off} onClick=${() => core.close()}>End voice</button>
  </div>`;
}

/** @param {{path: string}} props */
function Icon({ path }) {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true"><path d=${path} /></svg>`;
}
