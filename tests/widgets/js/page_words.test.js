// The page's words in another language: what is given to t, and what stands in templates.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { html } from "../../../dashboard/js/base.js";
import { localized, many, plural, speak, t } from "../../../dashboard/js/words.js";

const ENGLISH = { language: "en", texts: {} };
const GERMAN = {
  language: "de",
  texts: {
    Hold: "Anhalten",
    "Wait for {name}": "Auf {name} warten",
    "{n} files": { one: "{n} Datei", other: "{n} Dateien" },
    "Say “go on”": 'Sagen Sie "weiter"',
    "It is there": "Es ist da",
  },
};

afterEach(() => speak(ENGLISH));

const strings = (template) => template;
const statics = (parts, ...values) => [localized(parts), values];

test("a text is said in the page's language, and in English where there is none", () => {
  assert.equal(t("Hold"), "Hold");
  speak(GERMAN);
  assert.equal(t("Hold"), "Anhalten");
  assert.equal(t("Wait for {name}", { name: "{name} $&" }), "Auf {name} $& warten");
  assert.equal(t("Unknown {name}", { name: "x" }), "Unknown x");
});

test("a number has the form that its language asks for", () => {
  assert.deepEqual([many(1, "file"), many(1200, "file")], ["1 file", "1,200 files"]);
  speak(GERMAN);
  assert.deepEqual([many(1, "file"), many(2, "file")], ["1 Datei", "2 Dateien"]);
  assert.equal(plural(2, "one", "{n} unknown"), "2 unknown");
});

test("a template's own texts are translated, and never what is put into it", () => {
  const of = (value) => html`<b title="Hold" class="Hold">Hold <i>${value}</i> It is
    there</b>`;
  assert.equal(of("Hold").props.title, "Hold");
  speak(GERMAN);
  const { props } = of("Hold");
  assert.deepEqual([props.title, props.class], ["Anhalten", "Hold"]);
  const [first, inner, last] = props.children;
  assert.deepEqual([first.trim(), inner.props.children, last.trim()], ["Anhalten", "Hold", "Es ist da"]);
});

test("a translation cannot end an attribute, and the same template stays the same", () => {
  speak(GERMAN);
  const of = () => statics`<b title="Say “go on”">${1}</b>`;
  const [made] = of();
  assert.equal(made.join(""), '<b title="Sagen Sie ”weiter”"></b>');
  assert.equal(of()[0], made);
  speak(ENGLISH);
  assert.equal(localized(strings`Hold`)[0], "Hold");
});
