import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { afterEach, beforeEach, test } from "node:test";

globalThis.crypto ??= webcrypto; // Node.js 18 has it only here
const kept = new Map();
globalThis.sessionStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
  removeItem: (key) => void kept.delete(key),
};

const at = (path) => import(`../../../dashboard/views/lab/js/${path}.js`);
const words = await at("words");
const designing = await at("designing");
const scales = await at("scales");
const { address, placeOf } = await at("app");
const { notesOf, standing } = await at("live");
const { changeOf, ordered } = await at("compare");
const { pictureOf, rivalName, sorted } = await at("trial");
const { pressed } = await at("tasks");

const prompt = (name, text) => ({ name, text, hash: `hash of ${text}`, shipped: name === "default", uses: 0 });
const task = (id, tags = ["light"], missing = []) => ({ id, tags, missing });
const CHOICES = {
  prompts: [prompt("quiet", "Say little."), prompt("default", "Help.")],
  tasks: [task("a"), task("b", []), task("c", ["light"], ["gimp"]), task("d")],
  usual_tools: ["computer"],
  slots: 2,
};

test("money and shares are said as finely as they matter", () => {
  assert.deepEqual([null, 0, 0.0312, 0.1, -0.05, 12.345].map(words.money), ["–", "$0.00", "$0.031", "$0.10", "$-0.050", "$12.35"]);
  assert.deepEqual([undefined, 0, 0.125, 1].map(words.percent), ["–", "0 %", "13 %", "100 %"]);
  assert.deepEqual([null, -0.25, 0, 0.1].map(words.points), ["–", "-25 points", "0 points", "+10 points"]);
  assert.deepEqual([null, 0.0009, 0.001, 0.25].map(words.chance), ["–", "p < 0.001", "p = 0.001", "p = 0.250"]);
  assert.deepEqual([null, 3, 3.25, 89, 90, 5400].map(words.span), ["–", "3 s", "3.3 s", "89 s", "2 min", "1.5 h"]);
  assert.equal(words.range({ value: 0.5, low: 0.25, high: 0.75 }), "50 % [25, 75]");
  assert.equal(words.range({ value: 0.5, low: null, high: null }), "50 %");
});

test("trials are counted by how they stand, and the worst is the one sign of many", () => {
  assert.equal(words.inWords("pfp"), "2 passed, 1 failed");
  assert.deepEqual(words.tally("..pfp"), [["p", 2], ["f", 1], [".", 2]]);
  assert.deepEqual(["pp", "pfe", "pl", "..", ""].map(words.worst), ["p", "e", "l", ".", "."]);
  assert.deepEqual(["ppf", "pp", "epf"].map(words.firstToSee), [2, 0, 0]);
});

test("going on is called by what it would do", () => {
  assert.equal(words.goOn({ to_do: 5, errors: 2 }), "Go on (5 left)");
  assert.equal(words.goOn({ to_do: 2, errors: 2 }), "Try 2 errors again");
  assert.equal(words.goOn({ to_do: 1, errors: 1 }), "Try 1 error again");
});

test("a long stretch that is the same is folded, a short one is not", () => {
  assert.deepEqual(words.folded("x".repeat(319)), { start: "x".repeat(319), left: 0, end: "" });
  const { start, left, end } = words.folded(`a${"x".repeat(318)}z`);
  assert.deepEqual([start.length, left, end.length], [110, 100, 110]);
  assert.deepEqual([start[0], end.at(-1)], ["a", "z"]);
});

test("a place goes into the address and comes out of it again", () => {
  const here = { tab: "trial", experiment: "words-01", trial: "a--b--000" };
  const url = address(here, new URL("https://host/?view=lab&lab-other=x&session=s"));
  assert.equal(url.searchParams.get("session"), "s");
  assert.deepEqual(placeOf(url.search), here);
  assert.deepEqual(placeOf(""), { tab: "list" });
  assert.equal(address(here, new URL("https://host/?view=talk")), null);
});

test("a fresh design has two equal arms and the light tasks that can be run", () => {
  const form = designing.fresh(CHOICES);
  assert.deepEqual(form.tasks, ["a", "d"]);
  assert.deepEqual(form.arms.map((arm) => [arm.name, arm.prompt]), [["a", "default"], ["b", "default"]]);
});

test("a copied arm has a name that is free, and its own tools", () => {
  const arms = ["a", "c"].map((name) => designing.firstArm(CHOICES, name));
  const copy = designing.copyArm(arms);
  assert.equal(copy.name, "b");
  assert.deepEqual(copy.tools, arms[0].tools);
  assert.notEqual(copy.tools, arms[0].tools);
});

test("a change of one field leaves the form that was as it was", () => {
  const form = designing.fresh(CHOICES);
  const changed = designing.put(form, "arms.1.model", "claude");
  assert.deepEqual(changed.arms.map((arm) => arm.model), ["offline", "claude"]);
  assert.equal(form.arms[1].model, "offline");
  assert.equal(designing.put(form, "name", "n").name, "n");
});

test("an arm whose text is that of a version has its name", () => {
  const arm = designing.firstArm(CHOICES, "a");
  assert.equal(designing.reworded(arm, CHOICES.prompts, "Say little.").prompt, "quiet");
  assert.equal(designing.reworded(arm, CHOICES.prompts, "Say more.").prompt, "default");
  const form = designing.put(designing.fresh(CHOICES), "arms.1.prompt_text", "Say more.");
  assert.equal(designing.textState(form, 1, CHOICES.prompts), "changed here");
  assert.equal(designing.textState(designing.fresh(CHOICES), 1, CHOICES.prompts), "same as the first arm's");
  assert.equal(designing.textState(form, 0, CHOICES.prompts), "");
});

test("tasks of a tag are added until all are chosen, then taken away", () => {
  const { tasks } = CHOICES;
  assert.deepEqual(designing.toggled(tasks, ["d"], ["a", "d"]), ["a", "d"]);
  assert.deepEqual(designing.toggled(tasks, ["a", "b", "d"], ["a", "d"]), ["b"]);
  assert.deepEqual(designing.toggled(tasks, ["strange"], ["a"]), ["a"]);
  assert.deepEqual([[], ["a"], ["a", "d"]].map((chosen) => pressed(["a", "d"], chosen)), ["false", "mixed", "true"]);
  assert.equal(pressed([], ["a"]), "false");
});

test("a fault says which arm and field it is in", () => {
  const form = designing.fresh(CHOICES);
  assert.equal(designing.placed("arms.1.max_dollars", form), "Arm b, max dollars: ");
  assert.equal(designing.placed("arms.1.name", designing.put(form, "arms.1.name", "")), "Arm 2, name: ");
  assert.equal(designing.placed("budget", form), "Budget: ");
  assert.equal(designing.placed("arms", form), "");
});

let timer = null;
const real = [globalThis.setTimeout, globalThis.clearTimeout];
beforeEach(() => {
  kept.clear();
  timer = null;
  globalThis.setTimeout = (run) => {
    timer = run;
    return 1;
  };
  globalThis.clearTimeout = () => {
    timer = null;
  };
});
afterEach(() => {
  [globalThis.setTimeout, globalThis.clearTimeout] = real;
});

test("a design outlives a reload, but not one that the server puts into the form", () => {
  const sent = [];
  const open = () => new designing.Designing((message) => sent.push(message) > 0);
  const first = open();
  first.take(CHOICES, {});
  first.put("name", "mine");
  timer();
  assert.deepEqual(sent.map(({ type, n, slots }) => [type, n, slots]), [["check", 1, 2], ["check", 2, 2]]);
  const second = open();
  second.take(CHOICES, {});
  assert.equal(second.form.value.name, "mine");
  second.take(CHOICES, { n: 1, name: "copied" });
  assert.equal(second.form.value.name, "copied");
  second.put("name", "changed");
  second.take(CHOICES, { n: 1, name: "copied" });
  assert.equal(second.form.value.name, "changed");
});

test("faults are shown where one has been, and everywhere once Start was pressed", () => {
  const design = new designing.Designing(() => true);
  design.take(CHOICES, {});
  const faults = [
    { where: "name", text: "None." },
    { where: "budget", text: "Too small." },
  ];
  const shown = () => ["name", "budget"].filter((where) => design.faultsAt(where, faults).length);
  assert.deepEqual(shown(), []);
  design.put("budget", 1);
  assert.deepEqual(shown(), ["budget"]);
  design.tried.value += 1;
  assert.deepEqual(shown(), ["name", "budget"]);
  design.clear(CHOICES);
  assert.deepEqual(shown(), []);
});

test("an axis has a few round marks and none beyond what it shows", () => {
  assert.deepEqual(scales.marks(10), [0, 2.5, 5, 7.5, 10]);
  for (const most of [0.003, 0.7, 3, 99, 1234]) {
    const marks = scales.marks(most);
    assert.ok(marks.length >= 3 && marks.length <= 5, `${most}: ${marks}`);
    assert.ok(marks.at(-1) <= most && marks[0] === 0);
  }
});

test("an interval lies around no difference, a ratio by its logarithm", () => {
  const share = scales.axisAround({ value: 0.1, low: -0.1, high: 0.3 }, false);
  assert.equal(share.place(0), 0);
  assert.deepEqual(share.ticks, [-0.25, 0, 0.25]);
  const ratio = scales.axisAround({ value: 2, low: 0.5, high: 2 }, true);
  assert.ok(Math.abs(ratio.place(2) + ratio.place(0.5)) < 1e-9);
  assert.equal(ratio.within(0), false);
  assert.equal(ratio.within(2), true);
  assert.equal(scales.axisAround({ value: null, low: null, high: null }, false), null);
  assert.equal(scales.axisAround({ value: 0, low: null, high: null }, true), null);
  const far = scales.axisAround({ value: 1, low: 0.001, high: 1000 }, true);
  assert.equal(far.within(1000), false);
});

test("an interval beyond no difference is judged by which way is better", () => {
  const judged = (better, ratio) => (low, high) => scales.judged(low, high, ratio, better);
  const shares = [[0.1, 0.2], [-0.2, -0.1], [-0.1, 0.1], [0, 0.1]];
  assert.deepEqual(shares.map(([low, high]) => judged("more", false)(low, high)), ["better", "worse", "open", "open"]);
  const ratios = [[1.1, 1.2], [0.8, 0.9], [0.9, 1.1]];
  assert.deepEqual(ratios.map(([low, high]) => judged("less", true)(low, high)), ["worse", "better", "open"]);
  assert.deepEqual(ratios.map(([low, high]) => judged("neither", true)(low, high)), ["open", "open", "open"]);
});

test("paths and times lie where they belong", () => {
  assert.equal(scales.pathThrough([[0, 1], [2.25, 3]]), "M0.0 1.0L2.3 3.0");
  const x = scales.timeScale(10, 100, 200);
  assert.deepEqual([-1, 0, 5, 10, 99].map(x), [100, 100, 150, 200, 200]);
  assert.equal(scales.timeScale(0, 0, 10)(0), 0);
});

test("an experiment that does not run is finished, or has ways on", () => {
  const live = (given) => ({ to_do: 0, errors: 0, phase: "resting", ...given });
  assert.deepEqual(standing(live({})), { active: false, whole: true, phase: "Finished", resumes: false });
  assert.equal(standing(live({ to_do: 3, errors: 1 })).phase, "Not finished");
  assert.equal(standing(live({ to_do: 3, errors: 1 })).resumes, true);
  assert.equal(standing(live({ to_do: 3, phase: "elsewhere" })).resumes, false);
  const running = standing(live({ to_do: 3, phase: "stopping" }));
  assert.deepEqual([running.active, running.phase, running.resumes], [true, "Stopping…", false]);
});

test("the error comes first among the notes, half-written trials are told when nothing runs", () => {
  const live = { error: "Broke.", notes: ["A note."], half_written: 2 };
  assert.deepEqual(notesOf(live, false), ["Broke.", "A note.", "2 trials incomplete: Go on runs them again."]);
  assert.deepEqual(notesOf({ ...live, error: "" }, true), ["A note."]);
});

test("tasks that were broken come first; errors alone say nothing of the arms", () => {
  const tasks = [["same", 0], ["fixed", 1], ["broken", -0.5], ["broken", -1]].map(([change, difference]) => ({ change, difference }));
  assert.deepEqual(ordered(tasks).map((each) => each.difference), [-1, -0.5, 1, 0]);
  const side = (letters) => ({ letters });
  assert.equal(changeOf({ a: side("pp"), b: side("ee"), change: "broken" }).word, "Errors only");
  assert.equal(changeOf({ a: side("pp"), b: side("ef"), change: "broken" }).word, "Broken");
  assert.equal(changeOf({ a: side(""), b: side("p"), change: "missing" }).word, "No try");
});

test("a step is shown by its own picture, else by the last until its end", () => {
  const pictures = [{ url: "a", at: 0 }, { url: "b", at: 2 }, { url: "c", at: 4 }];
  assert.equal(pictureOf(pictures, { end: 3, picture: "" }), 1);
  assert.equal(pictureOf(pictures, { end: 3, picture: "c" }), 2);
  assert.equal(pictureOf([], { end: 3, picture: "" }), -1);
});

test("what is measured of a trial has a name and a unit, all else is spaced", () => {
  const measures = [
    { name: "turns", label: "Turns", unit: "", where: ["trial"] },
    { name: "oracle_ratio", label: "Actions ÷ oracle's", unit: "times", where: ["trial"] },
    { name: "missing", label: "Missing", unit: "", where: ["trial"] },
    { name: "own_thing", label: "Own", unit: "", where: [] },
  ];
  const { known, rest } = sorted({ turns: 2, oracle_ratio: 1.25, own_thing: 0.5 }, measures);
  assert.deepEqual(known, [{ word: "Turns", value: "2" }, { word: "Actions ÷ oracle's", value: "×1.3" }]);
  assert.deepEqual(rest, [{ word: "own thing", value: "0.50" }]);
});

test("a rival is called by its arm and number", () => {
  assert.equal(rivalName("plain--hello-0--001"), "plain · 001");
});
