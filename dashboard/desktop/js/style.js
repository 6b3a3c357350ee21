/** Only the page's own variables, so that both themes fit; fallbacks for a page without them. */
export const CSS = `
.sayso-desktop {
  --accent: var(--mui-palette-primary-main, var(--panel-primary-color, #0b63c5));
  --mark: #ff5a1f; /* on any wallpaper, in either theme */
  --warm: var(--mui-palette-warning-main, var(--panel-warning-color, #ed6c02));
  --paper: var(--mui-palette-background-paper, var(--panel-surface-color, #fff));
  --text: var(--mui-palette-text-primary, var(--panel-on-background-color, #1c1b1f));
  position: relative; width: 100%; height: 100%; min-height: 120px; overflow: hidden;
  border-radius: 8px; background: var(--mui-palette-action-hover, rgba(128, 128, 128, .12));
  font: 14px/1.3 var(--mui-font-body2, var(--panel-font-family, system-ui, sans-serif));
}
.sayso-desktop:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
.sayso-desktop.control { box-shadow: inset 0 0 0 3px var(--warm); }
.sayso-desktop .screen, .sayso-desktop .still { position: absolute; inset: 3px; }
.sayso-desktop .still { width: calc(100% - 6px); height: calc(100% - 6px); object-fit: contain; }
.sayso-desktop .still[hidden] { display: none; }
.sayso-desktop .last { position: absolute; inset: 3px; width: calc(100% - 6px); height: calc(100% - 6px); object-fit: contain; }
.sayso-desktop .overlay { position: absolute; pointer-events: none; overflow: hidden; }
.sayso-desktop .mark { animation: sayso-fade 1.6s ease-in forwards; }
.sayso-desktop .mark :is(circle, rect, line) {
  fill: none; stroke: var(--mark); stroke-width: 3; vector-effect: non-scaling-stroke;
  filter: drop-shadow(0 0 1px #fff) drop-shadow(0 0 2px rgba(0, 0, 0, .7));
}
.sayso-desktop .mark circle { fill: color-mix(in srgb, var(--mark) 28%, transparent); }
.sayso-desktop .mark rect { fill: color-mix(in srgb, var(--mark) 12%, transparent); }
.sayso-desktop .mark.next { animation: sayso-about 1s steps(4) infinite alternate; }
.sayso-desktop .mark.next :is(circle, rect) { stroke-dasharray: 7 4; fill: none; }
.sayso-desktop .mark text {
  font-size: 15px; font-weight: 600; fill: #fff; stroke: #111; stroke-width: 4px; paint-order: stroke;
}
.sayso-desktop .pointer { fill: var(--mark); stroke: #fff; stroke-width: 1.5; transition: transform .12s ease-out; }
.sayso-desktop .state, .sayso-desktop .caption, .sayso-desktop .hint {
  position: absolute; left: 50%; transform: translateX(-50%); max-width: 90%; box-sizing: border-box;
  padding: 6px 12px; border-radius: 8px; pointer-events: none; text-align: center;
  background: var(--paper); color: var(--text); box-shadow: 0 1px 4px rgba(0, 0, 0, .3);
}
.sayso-desktop :is(.state, .caption, .hint):empty { display: none; }
.sayso-desktop .state { top: 45%; }
.sayso-desktop .hint { top: 8px; }
.sayso-desktop.control[data-state=live] .hint { animation: sayso-fade 8s ease-in forwards; }
.sayso-desktop .catcher { position: absolute; left: 0; top: 0; width: 1px; height: 1px; opacity: 0; border: 0; padding: 0; resize: none; pointer-events: none; }
.sayso-desktop .paste {
  position: fixed; inset: 0; margin: auto; width: min(400px, 90vw); height: fit-content; box-sizing: border-box; padding: 16px;
  border: 1px solid var(--mui-palette-divider, #bbb); border-radius: 10px; background: var(--paper); color: var(--text);
}
.sayso-desktop .paste p { margin: 0 0 10px; }
.sayso-desktop .paste textarea { display: block; width: 100%; box-sizing: border-box; margin-bottom: 10px; font: inherit; color: inherit; background: none; border: 1px solid currentColor; border-radius: 8px; padding: 8px; }
.sayso-desktop .paste button { height: 38px; padding: 0 16px; font: inherit; font-weight: 600; border: 0; border-radius: 8px; cursor: pointer; background: var(--accent); color: var(--mui-palette-primary-contrastText, #fff); }
.sayso-desktop .caption { bottom: 12px; font-size: 16px; }
@keyframes sayso-about { from { opacity: .7; } to { opacity: 1; } }
@keyframes sayso-fade { 0%, 55% { opacity: 1; } 100% { opacity: 0; } }
@media (prefers-reduced-motion: reduce) { .sayso-desktop .pointer { transition: none; } }
`;
