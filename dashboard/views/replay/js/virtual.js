// A list of which only the rows in sight exist. Arrow keys move the chosen row.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../../../js/base.js";
import { broughtIntoSight, existing, rowAfter } from "../../js/rows.js";

/** @typedef {{index: number}} At The chosen row, -1 for none; another object brings it into sight again. */
/** @typedef {{class: string, title?: string, children: any}} Row */

const OVER = 8; // rows beyond what is in sight, above and below

let lists = 0;

/**
 * @template T
 * @param {{
 *   label: string, height: number, items: T[], at: At, draw: (item: T, index: number) => Row,
 *   choose: (index: number) => void, style?: Record<string, string>, focus?: object,
 * }} props Another `focus` puts the keyboard into the list.
 */
export function VirtualList({ label, height, items, at, draw, choose, style, focus }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const [id] = useState(() => `rows-${++lists}`);
  const [sight, setSight] = useState({ top: 0, room: 0 });
  const look = () => {
    const box = root.current;
    if (box) setSight({ top: box.scrollTop, room: box.clientHeight });
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(look);
    if (root.current) observer.observe(root.current);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const box = root.current;
    if (!box) return;
    if (at.index >= 0) {
      const list = { top: box.scrollTop, room: box.clientHeight, height };
      box.scrollTop = broughtIntoSight(list, at.index);
    }
    look();
  }, [at, items]);
  useLayoutEffect(() => {
    if (focus) root.current?.focus({ preventScroll: true });
  }, [focus]);

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const to = rowAfter(event.key, { current: at.index, count: items.length, room: sight.room, height });
    if (to === null) return;
    event.preventDefault();
    event.stopPropagation();
    choose(to);
  }

  const { first, count } = existing({ ...sight, height, count: items.length }, OVER);
  const rows = items.slice(first, first + count).map((item, n) => {
    const index = first + n;
    const row = draw(item, index);
    return html`<div key=${index} id=${`${id}-${index}`} role="option" class=${`row ${row.class}`} title=${row.title}
      style=${{ transform: `translateY(${index * height}px)`, height: `${height}px` }}
      aria-selected=${String(index === at.index)} aria-posinset=${index + 1} aria-setsize=${items.length}
      onClick=${() => choose(index)}>${row.children}</div>`;
  });
  // A listbox must hold options.
  return html`<div class="rows" ref=${root} role=${rows.length ? "listbox" : "group"} tabindex="0" aria-label=${label} style=${style}
    aria-activedescendant=${at.index >= 0 ? `${id}-${at.index}` : undefined} onScroll=${look} onKeyDown=${onKey}>
    <div class="space" style=${{ height: `${items.length * height}px` }}>${rows}</div></div>`;
}
