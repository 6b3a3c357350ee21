import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

const { Sessions } = await import("../../../dashboard/views/js/sessions.js");
const { link } = await import("../../../dashboard/js/link/link.js");

test("what a gap may have swallowed is asked again after it, and once it is answered no more", () => {
  const sent = [];
  let tell;
  const host = {
    listen: (listener) => {
      tell = listener;
    },
    send: ({ type, id }) => sent.push(`${type} ${id}`),
    ask: ({ type, id }) => sent.push(`${type} ${id}`),
  };
  const sessions = new Sessions(host);
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
