// The picture, what was said and done at that time, and the controls that move through it.
import { batch, computed, signal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../../../js/base.js";
import { Icon } from "./parts.js";
import { clock, lastAt } from "./words.js";
import { t } from "../../../js/words.js";

/** @typedef {import("./words.js").Timeline} Timeline */
/** @typedef {import("./words.js").Step} Step */
/** @typedef {import("./words.js").Frame} Frame */

const SPEEDS = [0.5, 1, 2, 4, 8, 16];
const AHEAD = 3; // pictures that are fetched before they are needed
const LINGER = 0.9; // seconds for which a press is marked after it
const LARGEST = 1.25; // a picture is never blurred by more
const SLACK = 1e-6;

/**
 * What stands below the picture at a time, and where the mouse was pressed.
 *
 * @param {Timeline} timeline
 * @param {number} time
 * @returns {{heard: string, done: string, bad: boolean, point: [number, number] | null}}
 */
export function captions(timeline, time) {
  const before = timeline.steps.slice(0, lastAt(timeline.steps, time + SLACK, "begin") + 1);
  const said = before.findLast(({ lane }) => lane === "heard" || lane === "said");
  const deed = before.findLast(({ lane }) => lane === "actions");
  const fresh = deed && (!said || deed.begin >= said.begin || said.lane === "said");
  return {
    heard: said ? `${said.lane === "heard" ? t("You") : "Sayso"}: ${said.label}` : "",
    done: fresh ? deed.label : "",
    bad: Boolean(fresh) && deed?.state !== "done",
    point: deed?.point && time <= deed.end + LINGER ? deed.point : null,
  };
}

/** How large a picture is shown. @param {{width: number, height: number}} frame @param {{width: number, height: number}} room */
export function fitted({ width, height }, room) {
  const scale = Math.min(room.width / width, room.height / height, LARGEST);
  return { width: Math.floor(width * scale), height: Math.floor(height * scale) };
}

/** Where the replay of one session is. */
export class Player {
  base = signal("");
  timeline = signal(/** @type {Timeline | null} */ (null));
  time = signal(0);
  playing = signal(false);
  lost = signal(false); // the picture cannot be had
  speed = 2;
  index = computed(() => Math.max(0, lastAt(this.timeline.value?.frames ?? [], this.time.value + SLACK, "time")));
  frame = computed(() => /** @type {Frame | undefined} */ (this.timeline.value?.frames[this.index.value]));
  #tick = 0;

  /** @param {(time: number) => void} moved Is told each time that is shown. */
  constructor(moved) {
    this.moved = moved;
  }

  /** @param {string} base @param {Timeline} timeline @param {number} time */
  show(base, timeline, time) {
    this.play(false);
    batch(() => {
      this.base.value = base;
      this.timeline.value = timeline;
      this.lost.value = false;
    });
    this.seek(time);
  }

  /** @param {number} time */
  seek(time) {
    this.time.value = Math.min(Math.max(0, time), this.timeline.peek()?.seconds ?? 0);
    this.moved(this.time.peek());
  }

  /** @param {boolean} on */
  play(on) {
    cancelAnimationFrame(this.#tick);
    const timeline = this.timeline.peek();
    this.playing.value = on && timeline !== null;
    if (!on || !timeline) return;
    if (this.time.peek() >= timeline.seconds - 0.01) this.seek(0);
    let last = performance.now();
    const tick = (/** @type {number} */ now) => {
      this.#tick = requestAnimationFrame(tick);
      this.seek(this.time.peek() + ((now - last) / 1000) * this.speed);
      last = now;
      if (this.time.peek() >= timeline.seconds) this.play(false);
    };
    this.#tick = requestAnimationFrame(tick);
  }
}

/** @param {{player: Player, timeline: Timeline}} props */
export function Picture({ player, timeline }) {
  const screen = useRef(/** @type {HTMLElement | null} */ (null));
  const [room, setRoom] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const box = screen.current;
    if (!box) return;
    const observer = new ResizeObserver(() => setRoom({ width: box.clientWidth, height: box.clientHeight }));
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  const frame = player.frame.value;
  const index = player.index.value;
  const lost = player.lost.value;
  useLayoutEffect(() => {
    for (const { sha256 } of timeline.frames.slice(index + 1, index + 1 + AHEAD)) {
      new Image().src = `${player.base.peek()}/images/${sha256}`;
    }
  }, [timeline, index]);
  const { heard, done, bad, point } = captions(timeline, player.time.value);
  const size = frame && fitted(frame, room);
  const none = lost ? t("This picture no longer exists.") : t("The agent never looked at the screen in this session.");
  return html`<figure class="picture">
    <div class=${lost ? "screen lost" : "screen"} ref=${screen}>
      <div class="fit" style=${size && { width: `${size.width}px`, height: `${size.height}px` }}>
        ${
          frame &&
          html`<img alt=${t("The screen, picture {n} of {all}", { n: index + 1, all: timeline.frames.length })} decoding="async"
            src=${`${player.base.value}/images/${frame.sha256}`}
            onError=${() => {
              player.lost.value = true;
            }}
            onLoad=${() => {
              player.lost.value = false;
            }} />`
        }
        ${
          frame &&
          point &&
          html`<div class="mark" style=${{ left: `${(100 * point[0]) / frame.width}%`, top: `${(100 * point[1]) / frame.height}%` }}></div>`
        }
      </div>
      ${(lost || !frame) && html`<p class="none">${none}</p>`}
    </div>
    <figcaption><p class="caption">${heard}</p><p class=${bad ? "caption done bad" : "caption done"}>${done}</p></figcaption>
  </figure>`;
}

/** @param {{player: Player, timeline: Timeline, step: (by: number) => void}} props */
export function Transport({ player, timeline, step }) {
  const playing = player.playing.value;
  const [now, all] = [player.time.value, timeline.seconds].map((each) => clock(each, timeline.seconds));
  return html`<div class="transport" role="group" aria-label="Playback">
    <button type="button" class="round" title="Previous step (←)" aria-label="Previous step" onClick=${() => step(-1)}><${Icon} name="back" /></button>
    <button type="button" class="main round" title=${playing ? t("Pause (space)") : t("Play (space)")} aria-label=${playing ? t("Pause") : t("Play")}
      onClick=${() => player.play(!player.playing.peek())}><${Icon} name=${playing ? "pause" : "play"} /></button>
    <button type="button" class="round" title="Next step (→)" aria-label="Next step" onClick=${() => step(1)}><${Icon} name="next" /></button>
    <input type="range" min="0" max=${Math.max(timeline.seconds, 0.001)} step="any" value=${player.time.value}
      aria-label="Time" aria-valuetext=${`${now} of ${all}`}
      onInput=${(/** @type {any} */ event) => player.seek(Number(event.currentTarget.value))} />
    <output class="time">${now} / ${all}</output>
    <select aria-label="Speed" value=${player.speed}
      onChange=${(/** @type {any} */ event) => {
        player.speed = Number(event.currentTarget.value);
      }}>
      ${SPEEDS.map((speed) => html`<option value=${speed}>${speed}×</option>`)}
    </select>
  </div>`;
}
