import assert from "node:assert/strict";
import { test } from "node:test";
import { against, Drafts, folded, same } from "../../../dashboard/views/prompts/drafts.js";
import { lookOf } from "../../../dashboard/views/prompts/template.js";

const kept = new Map();
globalThis.sessionStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
};

const draft = (given) => ({ template: "Help.", narration: "report-after", tools: ["a", "b"], ...given });

test("two drafts are the same whatever the order of their tools", () => {
  const tools = ["b", "a"];
  assert.ok(same(draft(), draft({ tools })));
  assert.deepEqual(tools, ["b", "a"]);
  for (const other of [{ template: "Help" }, { narration: "" }, { tools: ["a"] }]) assert.ok(!same(draft(), draft(other)));
});

test("of what was kept only two lines around a change are shown", () => {
  const lines = [..."abcdefgh"].map((text) => [text === "d" ? "+" : " ", text]);
  assert.deepEqual(folded(lines), [["…", "1 equal line"], ...lines.slice(1, 6), ["…", "2 equal lines"]]);
  assert.deepEqual(folded([[" ", "a"]]), [["…", "1 equal line"]]);
  assert.deepEqual(folded([["-", "a"], ["+", "b"]]), [["-", "a"], ["+", "b"]]);
  assert.deepEqual(folded([]), []);
});

test("a draft outlives a reload, and is gone once it is put away", () => {
  kept.clear();
  new Drafts().put("default", draft());
  const again = new Drafts();
  assert.deepEqual(again.get("default"), draft());
  again.put("default", null);
  assert.equal(new Drafts().get("default"), undefined);
  kept.set("sayso-prompt-drafts", "{broken");
  assert.equal(new Drafts().get("default"), undefined);
});

test("a draft is compared with what was chosen, else with the version before the newest", () => {
  const versions = ["c", "b", "a"].map((version) => ({ version }));
  assert.equal(against(versions, "a"), "a");
  assert.equal(against(versions, "gone"), "b");
  assert.equal(against(versions.slice(2), ""), "a");
  assert.equal(against([], "a"), "");
});

test("headings and what a template fills in are told from plain text", () => {
  assert.deepEqual(lookOf("# Title"), { title: true, filled: [] });
  assert.deepEqual(lookOf("On {{ width }} by {{ height }}."), { title: false, filled: [[3, 14], [18, 30]] });
  assert.deepEqual(lookOf("{% if x %}{# a note #}").filled, [[0, 10], [10, 22]]);
  assert.deepEqual(lookOf("{{ open").filled, []);
});
