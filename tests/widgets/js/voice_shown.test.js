import assert from "node:assert/strict";
import { test } from "node:test";

import { isOff, shownOf } from "../../../dashboard/voice/client/js/shown.js";

const QUIET = { state: "off", muted: false, pushToTalk: false, pushed: false, error: null, feelings: "", sound: { hint: "" } };
const shown = (more) => shownOf({ ...QUIET, ...more });

test("the bar says what the microphone does", () => {
  assert.equal(shown({}).says, "Voice is off.");
  assert.equal(shown({ state: "ready" }).says, "Listening.");
  assert.equal(shown({ state: "muted", muted: true }).says, "Muted: the microphone is off.");
  assert.equal(shown({ state: "reconnecting", muted: true }).says, "Reconnecting… The microphone is off.");
});

test("with push-to-talk it listens only while pushed", () => {
  assert.equal(shown({ state: "ready", pushToTalk: true }).says, "Hold Space or the button to talk.");
  assert.equal(shown({ state: "ready", pushToTalk: true, pushed: true }).says, "Listening.");
  assert.equal(shown({ state: "asleep", muted: true, pushToTalk: true }).says, "Asleep: the microphone is off.");
});

test("what failed comes before what the sound lacks, and that before how the person sounded", () => {
  const error = { message: "It broke.", advice: "Press Start." };
  const sound = { hint: "Too loud." };
  const all = shown({ state: "failed", error, sound, feelings: "Joy" });
  assert.deepEqual([all.failure, all.advice, all.trouble], ["It broke.", "Press Start.", "It broke. Press Start."]);
  const hinted = shown({ state: "ready", sound, feelings: "Joy" });
  assert.deepEqual([hinted.failure, hinted.advice, hinted.trouble], ["", "Too loud.", "Too loud."]);
  const well = shown({ state: "ready", feelings: "Joy" });
  assert.deepEqual([well.advice, well.trouble], ["Joy", ""]);
});

test("it is live from the press of Start on, and off once it failed", () => {
  const states = ["off", "connecting", "ready", "reconnecting", "muted", "asleep", "failed"];
  assert.deepEqual(states.filter((state) => shown({ state }).live), ["connecting", "ready", "reconnecting"]);
  assert.deepEqual(states.filter((state) => isOff({ state })), ["off", "failed"]);
});
