// What lies behind one step: request, answer, usage, latency, the screen before and after.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../../../js/base.js";
import { fetchJson, reason } from "./fetch.js";
import { Failure } from "./parts.js";
import { LANE_WORDS, span, spread } from "./words.js";
import { locale, many, t } from "../../../js/words.js";

/** @typedef {import("./words.js").Step} Step */
/** @typedef {import("./words.js").Timeline} Timeline */
/** @typedef {[name: string, value: string | null | undefined]} Fact */
/** @typedef {{type: string, text: string, name: string, sha256: string, is_error: boolean, blocks: Block[]}} Block */
/** @typedef {{role: string, new: boolean, blocks: Block[]}} Message */
/** @typedef {{count: number, pictures: number, characters: number, prompt_hash: string, prompt_characters: number, left_out: number, messages: Message[]}} Request */

/** @type {Record<string, string>} */
const STATES = {
  done: "",
  failed: "failed",
  skipped: t("not run"),
  cut: t("cut off"),
  open: t("not ended"),
  denied: t("denied"),
};

/** When a step was, how long it took, and how it ended. @param {Timeline} timeline @param {Step} step */
export function headOf(timeline, step) {
  const at = new Date((timeline.began + step.at) * 1000).toLocaleTimeString(locale());
  const took = step.seconds >= 0.001 ? span(step.seconds) : "";
  return [LANE_WORDS[step.lane], at, took, STATES[step.state] ?? step.state].filter(Boolean).join(" · ");
}

/** The pictures of a step, each with where it is. @param {Step} step @returns {{word: string, index: number}[]} */
export function shotsOf(step) {
  if (step.before === step.frame && step.lane !== "actions") return [];
  const shots = [
    { word: t("before"), index: step.before },
    { word: t("after"), index: step.frame },
  ];
  return shots.filter(({ index }) => index >= 0);
}

/** The facts of an action's call. @param {any} action @returns {Fact[]} */
export function callFacts({ target, waited, seconds, approval }) {
  const by = approval?.channel ? ` (${approval.channel})` : "";
  const on = Object.entries(target).map(([key, value]) => `${key} ${value}`);
  return [
    [t("target"), on.join(", ")],
    [t("waited"), waited >= 0.05 ? span(waited) : ""],
    [t("took"), span(seconds)],
    [t("approval"), approval && `${approval.decision || t("open")}${by}, ${approval.rule}`],
  ];
}

/** @param {any} usage @returns {Fact[]} */
export function usageFacts(usage) {
  const cached = usage.cache_read_input_tokens;
  const sent = usage.input_tokens + cached + usage.cache_creation_input_tokens;
  return [
    [t("tokens in"), sent.toLocaleString(locale())],
    [t("of these cached"), cached ? cached.toLocaleString(locale()) : ""],
    [t("tokens out"), usage.output_tokens.toLocaleString(locale())],
    [t("price"), `$${usage.dollars.toFixed(4)}`],
  ];
}

/** @param {{first_output: number | null, total: number | null, retries: number, waited: number, measured: Record<string, number>}} latency @returns {Fact[]} */
export function latencyFacts(latency) {
  return [
    [t("first output"), span(latency.first_output)],
    [t("whole answer"), span(latency.total)],
    [t("retries"), latency.retries ? t("{n}, waited {span}", { n: latency.retries, span: span(latency.waited) }) : ""],
    ...Object.entries(latency.measured).map(([lane, ms]) => /** @type {Fact} */ ([lane, span(ms / 1000)])),
  ];
}

/** @param {string} model @param {Request} request @returns {Fact[]} */
export function requestFacts(model, request) {
  const { prompt_hash: hash } = request;
  const sent = [
    many(request.count, "message"),
    many(request.pictures, "picture"),
    many(request.characters, "character"),
  ];
  return [
    [t("model"), model],
    [t("sent"), sent.join(", ")],
    [
      t("system prompt"),
      hash ? `${hash.slice(0, 12)}, ${many(request.prompt_characters, "character")}` : t("not kept"),
    ],
  ];
}

/**
 * @param {{base: string, timeline: Timeline, step: Step | null, seek: (time: number) => void}} props
 *   `seek` is told where a picture that is pressed belongs.
 */
export function Details({ base, timeline, step, seek }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    if (root.current) root.current.scrollTop = 0;
  }, [timeline, step]);
  return html`<div class="details" ref=${root} tabindex="0" aria-live="polite" aria-label="Details of the step">
    ${
      step
        ? html`<${One} key=${`${base} ${step.seq} ${timeline.events}`} base=${base} timeline=${timeline} step=${step} seek=${seek} />`
        : html`<p class="none">Choose a step to see its details.</p>`
    }
  </div>`;
}

/** @param {{base: string, timeline: Timeline, step: Step, seek: (time: number) => void}} props */
function One({ base, timeline, step, seek }) {
  const { found, failed, ask } = useAnswer(`${base}/steps/${step.seq}`);
  const shots = shotsOf(step);
  return html`<header><h2>${step.label || step.kind}</h2><p class="soft">${headOf(timeline, step)}</p></header>
    ${
      shots.length > 0 &&
      html`<div class="shots">${shots.map((shot) => html`<${Shot} base=${base} timeline=${timeline} step=${step} seek=${seek} ...${shot} />`)}</div>`
    }
    ${failed && html`<${Failure} text=${failed} again=${ask} />`}
    ${found && html`<${Behind} base=${base} step=${step} detail=${found} />`}`;
}

/** What an address answers, asked for at once, and again by `ask`. @param {string} url */
function useAnswer(url, atOnce = true) {
  const [state, setState] = useState({ found: /** @type {any} */ (null), failed: "" });
  const open = useRef(true);
  const ask = () => {
    setState({ found: null, failed: "" });
    fetchJson(url).then(
      (found) => open.current && setState({ found, failed: "" }),
      (error) => open.current && setState({ found: null, failed: reason(error) }),
    );
  };
  useLayoutEffect(() => {
    open.current = true;
    if (atOnce) ask();
    return () => {
      open.current = false;
    };
  }, []);
  return { ...state, ask };
}

/** @param {{base: string, timeline: Timeline, step: Step, seek: (time: number) => void, word: string, index: number}} props */
function Shot({ base, timeline, step, seek, word, index }) {
  const frame = timeline.frames[index];
  const time = word === "before" ? step.begin : Math.max(step.end, frame.time);
  return html`<figure>
    <button type="button" class="shot" aria-label=${t("Show the screen {when}", { when: word })} onClick=${() => seek(time)}>
      <img src=${`${base}/images/${frame.sha256}`} alt=${t("The screen {when}", { when: word })} width=${frame.width} height=${frame.height} loading="lazy" decoding="async" />
    </button><figcaption>${word}</figcaption></figure>`;
}

/** @param {{base: string, step: Step, detail: any}} props */
function Behind({ base, step, detail }) {
  const { action, turn, event, related } = detail;
  return html`${action && html`<${Action} action=${action} />`}
    ${turn && html`<${Turn} base=${base} turn=${turn} />`}
    ${!action && !turn && html`<${Plain} step=${step} event=${event} />`}
    ${related && html`<${Fold} title=${t("What followed ({n})", { n: related.length })}><${Json} value=${related} /><//>`}
    <${Fold} title="The event as it is in the log"><${Json} value=${event} /><//>`;
}

/** @param {{step: Step, event: any}} props */
function Plain({ step, event }) {
  const text = event.text || event.error || event.question || event.reason || event.summary;
  return html`${text && text !== step.label && html`<p class="words">${text}</p>`}
    ${event.advice && html`<p class="words">${event.advice}</p>`}`;
}

/** @param {{action: any}} props */
function Action({ action }) {
  const result = action.ran ? (action.is_error ? "failed" : "done") : t("not run");
  return html`<${Section} title="Call"><p class="code">${action.name}</p><${Json} value=${action.input} /><${Facts} rows=${callFacts(action)} /><//>
    <${Section} title=${t("Result: {result}", { result })}>${
      action.text
        ? html`<pre class=${action.is_error ? "bad" : ""} tabindex="0" aria-label="Result">${action.text}</pre>`
        : html`<p class="soft">No words.</p>`
    }<//>`;
}

/** @param {{base: string, turn: any}} props */
function Turn({ base, turn }) {
  const { request, response, stop_reason: stop } = turn;
  return html`<${Section} title="Request"><${Facts} rows=${requestFacts(turn.model, request)} />
      ${request.prompt_characters > 0 && html`<${Prompt} base=${base} />`}<${Messages} base=${base} request=${request} /><//>
    <${Section} title=${stop ? t("Answer: {how}", { how: stop.replaceAll("_", " ") }) : t("Answer")}>
      ${response.length ? html`<${Blocks} base=${base} blocks=${response} />` : html`<p class="soft">No answer came.</p>`}<//>
    <${Section} title="Usage"><${Facts} rows=${usageFacts(turn.usage)} /><//>
    <${Section} title="Latency"><${Facts} rows=${latencyFacts(turn.latency)} /><//>`;
}

/** Asked for when it is unfolded. @param {{base: string}} props */
function Prompt({ base }) {
  const { found, failed, ask } = useAnswer(`${base}/prompt`, false);
  const toggled = (/** @type {any} */ event) => event.currentTarget.open && !found && !failed && ask();
  return html`<details class="fold" onToggle=${toggled}><summary>System prompt</summary><div>
    ${found && html`<pre class="wrap" tabindex="0" aria-label="System prompt">${found.prompt}</pre>`}
    ${failed && html`<${Failure} text=${failed} again=${ask} />`}</div></details>`;
}

/** @param {{base: string, request: Request}} props */
function Messages({ base, request }) {
  const fresh = request.messages.filter((message) => message.new);
  const earlier = request.messages.filter((message) => !message.new);
  const left = request.left_out + earlier.length;
  const draw = (/** @type {Message} */ message) =>
    html`<div class=${`message ${message.role}`}><div class="role">${message.role}</div><${Blocks} base=${base} blocks=${message.blocks} /></div>`;
  return html`<div class="messages">
    ${
      left > 0 &&
      html`<${Fold} title=${many(left, "earlier message")}>
        ${request.left_out > 0 && html`<p class="soft">${t("{messages} before these.", { messages: many(request.left_out, "message") })}</p>`}${earlier.map(draw)}<//>`
    }
    ${fresh.map(draw)}</div>`;
}

/** @param {{base: string, blocks: Block[]}} props @returns {any} */
function Blocks({ base, blocks }) {
  return blocks.map((block) => html`<${OneBlock} base=${base} block=${block} />`);
}

/** @param {{base: string, block: Block}} props */
function OneBlock({ base, block }) {
  if (block.type === "image")
    return html`<img class="sent" src=${`${base}/images/${block.sha256}`} alt="A picture that was sent" loading="lazy" decoding="async" />`;
  if (block.type === "tool_use") return html`<p class="block"><b>${block.name}</b> <code>${block.text}</code></p>`;
  if (block.type === "tool_result")
    return html`<div class=${block.is_error ? "block result bad" : "block result"}><${Blocks} base=${base} blocks=${block.blocks} /></div>`;
  const words = html`<p class="block">${block.text}</p>`;
  return block.type === "thinking" ? html`<${Fold} title="Thought">${words}<//>` : words;
}

/** @param {{title: string, children?: any}} props */
function Section({ title, children }) {
  return html`<section><h3>${title}</h3>${children}</section>`;
}

/** @param {{title: string, children?: any}} props */
function Fold({ title, children }) {
  return html`<details class="fold"><summary>${title}</summary>${children}</details>`;
}

/** @param {{rows: Fact[]}} props */
function Facts({ rows }) {
  return html`<dl class="facts">${rows.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** @param {{value: unknown}} props */
function Json({ value }) {
  return html`<pre tabindex="0" aria-label="Data">${spread(value)}</pre>`;
}
