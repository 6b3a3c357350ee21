/** Only the page's own variables, so that both themes fit; fallbacks for a page without them. */
export const CSS = `
.sayso-voice {
  --text: var(--mui-palette-text-primary, var(--panel-on-background-color, #1c1b1f));
  --soft: var(--mui-palette-text-secondary, var(--panel-on-surface-color, #555));
  --paper: var(--mui-palette-background-paper, var(--panel-surface-color, #fff));
  --line: var(--mui-palette-divider, var(--panel-border-color, #bbb));
  --accent: var(--mui-palette-primary-main, var(--panel-primary-color, #0b63c5));
  --on-accent: var(--mui-palette-primary-contrastText, var(--panel-on-primary-color, #fff));
  --bad: var(--mui-palette-error-main, var(--panel-danger-color, #c62828));
  display: flex; align-items: center; gap: 10px; min-height: 44px; box-sizing: border-box;
  width: 100%; min-width: 0; color: var(--text);
  font: 14px/1.3 var(--mui-font-body2, var(--panel-font-family, system-ui, sans-serif));
}
.sayso-voice button { font: inherit; cursor: pointer; border-radius: 8px; }
.sayso-voice button:focus-visible, .sayso-voice select:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px;
}
.sayso-voice button:disabled { opacity: .5; cursor: default; }
.sayso-voice svg { width: 20px; height: 20px; fill: currentColor; flex: none; }
.sayso-voice .main {
  display: inline-flex; align-items: center; justify-content: center; gap: 6px; flex: none;
  width: 104px; height: 40px; border: 1px solid var(--accent);
  background: var(--accent); color: var(--on-accent); font-weight: 600;
}
.sayso-voice:is([data-state=ready], [data-state=connecting], [data-state=reconnecting]) .main {
  background: transparent; color: var(--accent);
}
.sayso-voice[data-state=muted] .main, .sayso-voice[data-state=asleep] .main {
  background: transparent; color: var(--bad); border-color: var(--bad);
}
.sayso-voice canvas { flex: none; width: 72px; height: 24px; color: var(--accent); outline-color: var(--soft); }
.sayso-voice .push, .sayso-voice .plain {
  height: 40px; padding: 0 14px; flex: none; border: 1px solid var(--line);
  background: transparent; color: inherit; touch-action: none; user-select: none;
}
.sayso-voice .push[aria-pressed=true] { background: var(--accent); color: var(--on-accent); }
.sayso-voice .line { flex: 1; min-width: 0; overflow: hidden; }
.sayso-voice .word, .sayso-voice .advice { display: block; overflow: hidden; text-overflow: ellipsis; }
.sayso-voice .word { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; }
.sayso-voice.narrow .word { display: block; white-space: nowrap; }
.sayso-voice .advice { color: var(--soft); font-size: 12px; }
.sayso-voice[data-state=failed] .word { color: var(--bad); white-space: normal; }
.sayso-voice.narrow .advice { display: none; }
.sayso-voice.narrow[data-state=failed] .word { white-space: nowrap; }
.sayso-voice .bubble {
  position: fixed; inset: auto; margin: 0; max-width: min(380px, 90vw); padding: 10px 14px;
  box-sizing: border-box; border: 1px solid var(--line); border-left: 4px solid var(--bad);
  border-radius: 8px; background: var(--paper); color: var(--text); cursor: pointer;
}
.sayso-voice .gear {
  display: grid; place-items: center; flex: none; width: 40px; height: 40px;
  border: 0; background: transparent; color: var(--soft);
}
.sayso-voice .panel {
  position: fixed; inset: auto; margin: 0; overflow-y: auto; width: 280px; padding: 14px; box-sizing: border-box;
  border: 1px solid var(--line); border-radius: 10px; background: var(--paper); color: var(--text);
}
.sayso-voice .panel label { display: block; margin-bottom: 10px; font-size: 12px; color: var(--soft); }
.sayso-voice .panel label.check { font-size: 14px; color: var(--text); }
.sayso-voice .panel select {
  display: block; width: 100%; height: 34px; margin-top: 4px; font: inherit; font-size: 14px;
  color: var(--text); background: var(--paper); border: 1px solid var(--line); border-radius: 6px;
}
.sayso-voice .row { display: flex; gap: 8px; }
.sayso-voice [hidden] { display: none; }
@media (max-width: 480px) { .sayso-voice canvas { display: none; } .sayso-voice .main { width: 92px; } }
`;
