import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { afterEach, test } from "node:test";
import { stoppedClock } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here

const { Client, send, Unreachable } = await import("../../../dashboard/views/files/client.js");
const { link } = await import("../../../dashboard/js/link/link.js");

afterEach(() => link.restored()); // nothing waits for an answer any more

/** A server that answers each route as it is told; what it was asked, without tickets. */
function server(answers) {
  const asked = [];
  let tickets = 0;
  globalThis.fetch = async (url, { method = "GET", headers = {} }) => {
    const { pathname, searchParams } = new URL(url, "http://localhost/");
    const route = pathname.replace("/sessions/s%201/files/", "");
    if (route === "ticket") {
      tickets += 1;
      return answer(200, { ticket: `t${tickets}` });
    }
    asked.push({ route, method, headers, ticket: searchParams.get("ticket"), query: searchParams });
    return answers[route]();
  };
  return asked;
}
const answer = (status, body, etag = "") => ({
  status,
  ok: status === 200,
  headers: new Headers(etag ? { ETag: etag } : {}),
  text: async () => (typeof body === "string" ? body : JSON.stringify(body)),
});

test("a ticket is asked for once in a while, not with each request", async (t) => {
  let now = 1;
  t.mock.method(performance, "now", () => now);
  const asked = server({ list: () => answer(200, { rows: [] }) });
  const client = new Client("s 1");
  for (const at of [1, 45_000, 45_002]) {
    now = at;
    await client.list([]);
  }
  assert.deepEqual(asked.map(({ ticket }) => ticket), ["t1", "t1", "t2"]);
});

test("a listing that has not changed is not sent again, unless the last one is to be forgotten", async () => {
  const replies = [answer(200, { files: 1 }, '"a"'), answer(304, ""), answer(200, { files: 2 }, '"b"')];
  const asked = server({ list: () => replies.shift() });
  const client = new Client("s 1");
  assert.deepEqual(await client.list(["x", "y"]), { files: 1 });
  assert.deepEqual(asked[0].query.getAll("open"), ["x", "y"]);
  assert.equal(await client.list([]), null);
  client.forget();
  assert.deepEqual(await client.list([]), { files: 2 });
  assert.deepEqual(asked.map(({ headers }) => headers["If-None-Match"]), [undefined, '"a"', undefined]);
});

test("a refusal is its own sentence; what is none of the server's says its number; silence is another thing", async () => {
  const client = new Client("s 1");
  const refused = async (reply) => {
    server({ unattach: reply });
    return client.unattach("x").then(() => "done", (error) => [error instanceof Unreachable, error.message]);
  };
  assert.equal(await refused(() => answer(200, "")), "done");
  assert.deepEqual(await refused(() => answer(409, { error: "It went already." })), [false, "It went already."]);
  assert.deepEqual(await refused(() => answer(502, "<html>")), [false, "The server refused it (502)."]);
  assert.deepEqual(await refused(() => answer(403, {})), [false, "The server refused it (403)."]);
  const [nobody, why] = await refused(() => Promise.reject(new TypeError("Failed to fetch")));
  assert.ok(nobody);
  assert.match(why, /cannot be reached/);
  const [half] = await refused(() => answer(200, '{"came": tr'));
  assert.ok(half, "an answer that broke off leaves open whether it was done");
});

test("a file that is sent again is asked after first, and does not come in twice", async () => {
  const asked = server({ came: () => answer(200, { came: { name: "a.txt" } }) });
  const how = { name: "a.txt", folder: "", source: "button", attach: false, upload: "u1", again: true };
  globalThis.XMLHttpRequest = class {
    constructor() {
      throw new Error("it was sent");
    }
  };
  const client = new Client("s 1");
  const signal = new AbortController().signal;
  assert.deepEqual(await client.put({ size: 3 }, how, () => {}, signal), { name: "a.txt" });
  assert.equal(asked[0].query.get("upload"), "u1");
  await assert.rejects(client.put({ size: 3 }, { ...how, again: false }, () => {}, signal), /it was sent/);
});

test("an upload tells how far it is, that it has stalled, and why it ended", async (t) => {
  const pass = stoppedClock(t);
  let request;
  globalThis.XMLHttpRequest = class {
    upload = {};
    open() {}
    setRequestHeader() {}
    send() {
      request = this;
    }
    abort() {
      this.onloadend();
      this.onabort();
    }
  };
  const begin = () => {
    const told = [];
    const control = new AbortController();
    const ended = send("u", { size: 100 }, (...all) => told.push(all), control.signal);
    return { told, control, why: ended.then(String, ({ message }) => message) };
  };
  const { told, control, why } = begin();
  request.upload.onprogress({ loaded: 40 });
  pass(9_000);
  assert.deepEqual(told, [[0, false], [40, false]]);
  pass(2_000);
  assert.deepEqual(told.at(-1), [40, true]);
  control.abort();
  assert.match(await why, /Cancelled/);
  pass(60_000);
  assert.equal(told.length, 3);
  for (const [loaded, wanted] of [[99, /lost; nothing was kept/], [100, /before the server answered/]]) {
    const { why } = begin();
    request.upload.onprogress({ loaded });
    request.onloadend();
    request.onerror();
    assert.match(await why, wanted);
  }
});
