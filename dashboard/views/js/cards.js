import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../../js/base.js";
import { live } from "../../js/link/hooks.js";
import { link } from "../../js/link/link.js";
import { left } from "./format.js";
import { t } from "../../js/words.js";

/** @typedef {import("./items.js").Part} Part */

/** @type {Record<string, string>} */
const DECISIONS = {
  allow: t("Allowed"),
  deny: t("Denied"),
  void: t("No longer asked"),
  timeout: t("No answer in time: denied"),
  alternative: t("Something else was asked for"),
};
const PATIENCE = 5000; // ms after which an answer that had no effect may be given again

/**
 * Says an answer once; it may be said again when nothing came of it. One that was given while there
 * is no connection is sent when there is one.
 *
 * @param {Part} part
 */
function answering({ entry, context }) {
  return (/** @type {{type: string, [field: string]: unknown}} */ message, /** @type {string} */ word) => {
    if (entry.sent.peek()) return;
    const again = () => {
      entry.sent.value = "";
    };
    entry.sent.value = word;
    void link.deliverAtLast(context.host, message).then((taken) => setTimeout(again, taken ? PATIENCE : 0));
    context.follow.now();
  };
}

/** That an answer waits for the connection. @param {{entry: Part["entry"]}} props */
function Unsent({ entry }) {
  if (live.value || !entry.sent.value) return null;
  return html`<div class="hint" role="status">Not sent yet: no connection. Your answer will be sent when it is back.</div>`;
}

/** @param {Part} part */
export function Approval(part) {
  const { item, entry, context } = part;
  const say = answering(part);
  const title = html`<div class="label">May I?</div><div class="text">${item.text}</div>`;
  if (item.decision) {
    const word = item.for_good
      ? t("Always allowed: {grant}", { grant: item.grant })
      : item.remembered
        ? t("Allowed for this session: {grant}", { grant: item.grant })
        : (DECISIONS[item.decision] ?? item.decision);
    return html`${title}<div class="verdict">${word}</div>`;
  }
  const decide = (/** @type {string} */ decision, more = {}) =>
    say({ type: "approve", id: item.id, decision, ...more }, decision);
  const sent = Boolean(entry.sent.value);
  return html`${title}
    <div class="buttons">
      <button type="button" class="allow" disabled=${sent} onClick=${() => decide("allow")}>${item.lasting ? t("Once") : t("Allow")}</button>
      <button type="button" class="deny" disabled=${sent} onClick=${() => decide("deny")}>Deny</button>
      ${
        item.grant &&
        html`<button type="button" class="remember" disabled=${sent} aria-describedby=${`grant-${item.id}`}
          onClick=${() => decide("allow", { remember: true })}>${item.lasting ? t("For this session") : t("Allow for this session")}</button>`
      }
      ${
        item.lasting &&
        html`<button type="button" class="remember" disabled=${sent} aria-describedby=${`grant-${item.id}`}
          onClick=${() => decide("allow", { always: true })}>Always</button>`
      }
    </div>
    <${Unsent} entry=${entry} />
    <div class="hint">${item.phrase && !item.text.includes(item.phrase) && `${t("Or type “{phrase}”; with a voice on, say it.", { phrase: item.phrase })} `}
      <${Countdown} until=${item.until ?? 0} ahead=${context.store.ahead} /></div>
    ${
      item.grant &&
      html`<div class="hint grant" id=${`grant-${item.id}`}>${item.lasting ? t("This allows {grant} You can take it back in Settings.", { grant: item.grant }) : t("For this session: {grant} You can take it back in Settings.", { grant: item.grant })}</div>`
    }`;
}

/**
 * What no answer means, and how long there is to give one.
 *
 * @param {{until: number, ahead: import("@preact/signals").Signal<number>}} props
 */
function Countdown({ until, ahead }) {
  const now = useSignal(Date.now() / 1000);
  useEffect(() => {
    if (!until) return;
    const timer = setInterval(() => {
      now.value = Date.now() / 1000;
    }, 250);
    return () => clearInterval(timer);
  }, [until]);
  if (!until) return t("Waits until you answer.");
  const seconds = until - ahead.value - now.value;
  return html`No answer in <span class=${seconds < 15 ? "countdown soon" : "countdown"} role="timer">${left(seconds)}</span> means no.`;
}

/** @param {Part} part */
export function Question(part) {
  const { item, entry } = part;
  const say = answering(part);
  const title = html`<div class="label">A question for you</div><div class="text">${item.text}</div>`;
  if (item.answer !== null) return html`${title}<div class="verdict">${item.answer}</div>`;
  const sent = Boolean(entry.sent.value);
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = entry.draft.peek().trim();
    if (text) say({ type: "answer", id: item.id, text }, text);
  };
  const type = (/** @type {any} */ event) => {
    entry.draft.value = event.currentTarget.value;
  };
  if (item.yes_or_no) {
    const button = (/** @type {string} */ word, /** @type {string} */ kind) =>
      html`<button type="button" class=${kind} disabled=${sent} onClick=${() => say({ type: "answer", id: item.id, text: word }, word)}>${word}</button>`;
    return html`${title}<div class="buttons">${button(t("Yes"), "allow")}${button(t("No"), "deny")}</div><${Unsent} entry=${entry} />`;
  }
  return html`${title}
    <form class="buttons" onSubmit=${submit}>
      <input type="text" autocomplete="off" maxlength="4000" aria-label="Your answer" placeholder="Your answer, or say it"
        value=${entry.draft} disabled=${sent} onInput=${type} />
      <button class="allow" disabled=${sent}>Answer</button>
    </form><${Unsent} entry=${entry} />`;
}
