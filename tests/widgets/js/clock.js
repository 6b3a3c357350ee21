const NAMES = ["setTimeout", "clearTimeout", "setInterval", "clearInterval"];

/** Time that a test lets pass: timers and `performance.now` of this process, until the test ends. */
export function stoppedClock(t) {
  const kept = NAMES.map((name) => globalThis[name]);
  const { now: read } = performance;
  let now = 0;
  let last = 0;
  const waiting = new Map();
  const begin = (run, ms, every) => {
    last += 1;
    waiting.set(last, { at: now + ms, run, every });
    return last;
  };
  globalThis.setTimeout = (run, ms = 0) => begin(run, ms, 0);
  globalThis.setInterval = (run, ms) => begin(run, ms, ms);
  globalThis.clearTimeout = globalThis.clearInterval = (id) => void waiting.delete(id);
  performance.now = () => now;
  t.after(() => {
    for (const [n, name] of NAMES.entries()) globalThis[name] = kept[n];
    performance.now = read;
  });
  /** Lets ms pass, running what falls due in its order. */
  return function pass(ms) {
    const until = now + ms;
    for (;;) {
      const due = [...waiting].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
      if (due.length === 0) break;
      const [[id, { at, run, every }]] = due;
      if (every) waiting.set(id, { at: at + every, run, every });
      else waiting.delete(id);
      now = Math.max(now, at);
      run();
    }
    now = until;
  };
}
