import assert from "node:assert/strict";
import { test } from "node:test";

let loads = 0;

/**
 * Load a page's first script.
 *
 * @param {{hash?: string, kept?: string, signed?: string, good?: string, lost?: boolean}} page What the address
 *   and the browser's store hold, what the document brings, and which key the server takes, if it answers.
 */
async function load({ hash = "", kept, signed, good, lost = false }) {
  const store = new Map(kept === undefined ? [] : [["sayso-page /tools/", kept]]);
  const asked = [];
  const led = [];
  class Request {
    open(method, url, later = true) {
      this.asked = { method, url, later };
    }
    setRequestHeader(name, value) {
      this.asked[name] = value;
    }
    send() {
      asked.push(this.asked);
      if (lost) throw new Error("lost");
      this.status = this.asked["Sayso-Page"] === good ? 200 : 403;
    }
  }
  Object.assign(globalThis, {
    saysoKey: undefined,
    WebSocket: class {},
    XMLHttpRequest: Request,
    addEventListener: () => {},
    document: {
      baseURI: "http://localhost/tools/dashboard",
      querySelector: (what) => (what.includes("sayso-page") && signed ? { content: signed } : null),
    },
    history: { state: null, replaceState: (_state, _title, url) => led.push(url) },
    localStorage: { getItem: (name) => store.get(name) ?? null, setItem: (name, value) => store.set(name, value) },
    location: { pathname: "/tools/dashboard", search: "?view=lab", hash, replace: (url) => led.push(url) },
  });
  await import(`../../../dashboard/web/frame/key.js?load=${loads++}`);
  return { key: globalThis.saysoKey, kept: store.get("sayso-page /tools/"), asked, led };
}

test("the link's key is kept and leaves the address", async () => {
  const page = await load({ hash: "#page=fresh" });
  assert.deepEqual([page.key, page.kept, page.asked], ["fresh", "fresh", []]);
  assert.deepEqual(page.led, ["/tools/dashboard?view=lab"]);
});

test("a new key takes the place of an old one once the server takes it", async () => {
  const page = await load({ hash: "#page=fresh", kept: "old", good: "fresh" });
  assert.deepEqual([page.key, page.kept], ["fresh", "fresh"]);
  assert.deepEqual(page.asked, [{ method: "GET", url: "link", later: false, "Sayso-Page": "fresh" }]);
});

test("another site's link does not take the key away", async () => {
  for (const lost of [false, true]) {
    const page = await load({ hash: "#page=made-up", kept: "ours", good: "ours", lost });
    assert.deepEqual([page.key, page.kept], ["ours", "ours"]);
    assert.deepEqual(page.led, ["/tools/dashboard?view=lab"]);
  }
});

test("where people sign in, no address brings a key", async () => {
  const page = await load({ hash: "#page=made-up", signed: "of the document" });
  assert.deepEqual([page.key, page.kept], ["of the document", undefined]);
});

test("without a key the page leads to where it is said how to get in", async () => {
  const page = await load({});
  assert.deepEqual([page.key, page.led], [undefined, ["locked"]]);
});
