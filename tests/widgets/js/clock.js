/** Time that a test lets pass: timers and `performance.now` of this process, until the test ends. */
export function stoppedClock(t) {
  const kept = [globalThis.setTimeout, globalThis.clearTimeout, performance.now];
  let now = 0;
  let last = 0;
  const waiting = new Map();
  globalThis.setTimeout = (run, ms = 0) => {
    last += 1;
    waiting.set(last, { at: now + ms, run });
    return last;
  };
  globalThis.clearTimeout = (id) => void waiting.delete(id);
  performance.now = () => now;
  t.after(() => {
    [globalThis.setTimeout, globalThis.clearTimeout, performance.now] = kept;
  });
  /** Lets ms pass, running what falls due in its order. */
  return function pass(ms) {
    const until = now + ms;
    for (;;) {
      const due = [...waiting].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
      if (due.length === 0) break;
      const [[id, { at, run }]] = due;
      waiting.delete(id);
      now = Math.max(now, at);
      run();
    }
    now = until;
  };
}
