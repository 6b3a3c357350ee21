import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { Presses } from "../../../dashboard/js/link/presses.js";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

class Control {
  constructor(label) {
    this.label = label;
  }
  matches() {
    return true;
  }
  getAttribute(name) {
    return name === "aria-label" ? this.label : null;
  }
  getRootNode() {
    return {};
  }
}
globalThis.Element = Control;
globalThis.document = { activeElement: null };

/** A page whose controls are pressed, with a link that can be lost and timers that are due at once when asked. */
function page() {
  const listeners = new Map();
  const due = [];
  const kept = new Map();
  const made = { live: true, sent: [], store: kept };
  const make = () => {
    const presses = new Presses({
      live: () => made.live,
      changed: () => {},
      after: (run) => due.push(run),
      store: {
        getItem: (key) => kept.get(key) ?? null,
        setItem: (key, value) => kept.set(key, value),
        removeItem: (key) => kept.delete(key),
      },
    });
    presses.follow({ addEventListener: (type, run) => listeners.set(type, run), removeEventListener: () => {} });
    return presses;
  };
  made.make = make;
  made.presses = make();
  made.pass = () => {
    for (const run of due.splice(0)) run();
  };
  made.press = (label, type = "end") => {
    listeners.get("click")({ type: "click", composedPath: () => [new Control(label)] });
    const took = made.presses.send((message) => made.sent.push(message), { type });
    made.pass();
    return took;
  };
  return made;
}

test("what is pressed in a gap is refused by its name, and not kept for later", () => {
  const one = page();
  one.live = false;
  assert.equal(one.press("Hold"), false);
  assert.match(one.presses.told, /“Hold” was not done/);
  one.live = true;
  one.presses.restored();
  assert.deepEqual(one.sent, []);
  one.pass();
  assert.equal(one.presses.told, "", "it is not said for ever");
});

test("what was pressed before the gap was noticed is sent again with the same mark, until it is known to be there", () => {
  const one = page();
  assert.equal(one.press("Hold"), true);
  one.live = false;
  one.presses.lost();
  assert.match(one.presses.told, /“Hold” has not reached the server/);
  one.live = true;
  one.presses.restored();
  assert.deepEqual(one.sent[0], one.sent[1]);
  one.presses.arrived(one.sent[0].press);
  assert.match(one.presses.told, /“Hold” was sent now/);
  one.presses.lost();
  one.presses.restored();
  assert.equal(one.sent.length, 2);
});

test("a press that arrived is neither repeated nor told of", () => {
  const one = page();
  one.press("Hold");
  one.presses.arrived(one.sent[0].press);
  one.presses.lost();
  assert.equal(one.presses.told, "");
  one.presses.restored();
  assert.equal(one.sent.length, 1);
});

test("what a component asks of itself goes as it is", () => {
  const one = page();
  one.live = false;
  assert.equal(one.presses.send((message) => one.sent.push(message), { type: "rows" }), true);
  assert.deepEqual(one.sent, [{ type: "rows" }]);
  assert.equal(one.presses.told, "");
});

test("what was pressed before the page had to be loaded anew is named after it", () => {
  const one = page();
  one.press("Hold");
  one.presses.lost();
  one.presses.leave();
  assert.match(one.make().told, /before the server answered “Hold”/);
  assert.equal(one.make().told, "", "once");
});
