import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

const { Sessions, stateOf } = await import("../../../dashboard/views/js/sessions.js");
const { link } = await import("../../../dashboard/js/link/link.js");

/** Sessions of a server that is played by hand: what was sent to it, and what tells them something. */
function stage() {
  const sent = [];
  let tell;
  const host = {
    listen: (listener) => {
      tell = listener;
    },
    send: ({ type, id }) => sent.push(`${type} ${id}`),
    ask: ({ type, id }) => sent.push(`${type} ${id}`),
  };
  return { sessions: new Sessions(host), sent, tell: (message) => tell(message) };
}

test("what a gap may have swallowed is asked again after it, and once it is answered no more", () => {
  const { sessions, sent, tell } = stage();
  const again = () => {
    sent.length = 0;
    link.restored();
    return sent.slice();
  };
  assert.deepEqual(again(), []);
  sessions.ask("list");
  sessions.ask("count", "a");
  sessions.ask("export", "b", { format: "gif" });
  sessions.ask("delete", "c");
  assert.deepEqual(again(), ["list ", "count a", "export b"]);
  tell({ type: "counted", id: "a", size: { bytes: 1, files: 0, file_bytes: 0 } });
  tell({ type: "sessions", rows: [], mp4: false });
  assert.deepEqual(again(), ["export b", "list "]);
  tell({ type: "export", id: "b", error: "It failed." });
  assert.deepEqual(again(), ["list "]);
});

const size = (bytes) => ({ bytes, files: 1, file_bytes: 1 });
const ROWS = [
  { id: "a", name: "Letters", running: false, used: 30, size: size(1) },
  { id: "b", name: "accounts", running: true, used: 10, size: null },
  { id: "c", name: "Better", running: false, used: 20, size: size(3) },
];

test("those that run come first, then the last used; by name and by size when that is wanted", () => {
  const { sessions, tell } = stage();
  tell({ type: "sessions", rows: ROWS, mp4: true });
  const shown = () => sessions.shown.value.map(({ id }) => id).join("");
  assert.equal(shown(), "bac");
  sessions.sort.value = "name";
  assert.equal(shown(), "bca");
  sessions.sort.value = "size";
  assert.equal(shown(), "cab");
  tell({ type: "size", id: "b", size: size(2) });
  assert.equal(shown(), "cba");
  sessions.query.value = " ETTER ";
  assert.equal(shown(), "ca");
});

test("what a person asks next takes away what was told of the last", () => {
  const { sessions, sent, tell } = stage();
  tell({ type: "told", text: "It could not be deleted." });
  assert.equal(sessions.told.value, "It could not be deleted.");
  sessions.ask("rename", "a", { title: "b" });
  assert.equal(sessions.told.value, "");
  assert.deepEqual(sent, ["rename a"]);
});

test("a session that runs says who has the mouse, one that does not why", () => {
  const of = (more) => stateOf({ ended: "", state: "", running: false, ...more });
  assert.equal(of({ running: true, state: "yours" }), "You have the mouse");
  assert.equal(of({ running: true, state: "waiting" }), "Waiting for you");
  assert.equal(of({ running: true, state: "one that is new" }), "Running");
  assert.equal(of({ state: "waiting", ended: "You ended it." }), "Ended");
  assert.equal(of({ state: "waiting" }), "Not running");
});
