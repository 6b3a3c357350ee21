// The text of a prompt: CodeMirror with line numbers, colours for what the template fills in, and marks of faults.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Annotation, EditorState, RangeSet, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  GutterMarker,
  gutterLineClass,
  keymap,
  lineNumbers,
  ViewPlugin,
} from "@codemirror/view";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { html, useInPage } from "../../js/base.js";
import { lookOf } from "./template.js";
import { t } from "../../js/words.js";

const PUT = Annotation.define(); // a text that was not typed
const FAULTY = /** @type {import("@codemirror/state").StateEffectType<number[]>} */ (StateEffect.define());

/** @param {EditorView} view */
function painted(view) {
  /** @type {RangeSetBuilder<Decoration>} */
  const marks = new RangeSetBuilder();
  for (let at = view.viewport.from; at <= view.viewport.to; ) {
    const line = view.state.doc.lineAt(at);
    const { title, filled } = lookOf(line.text);
    if (title) marks.add(line.from, line.from, Decoration.line({ class: "title" }));
    for (const [start, end] of filled) {
      marks.add(line.from + start, line.from + end, Decoration.mark({ class: "filled" }));
    }
    at = line.to + 1;
  }
  return marks.finish();
}

const COLOURS = ViewPlugin.define(
  (view) => ({
    marks: painted(view),
    /** @param {import("@codemirror/view").ViewUpdate} update */
    update(update) {
      if (update.docChanged || update.viewportChanged) this.marks = painted(update.view);
    },
  }),
  { decorations: (plugin) => plugin.marks },
);

class FaultyNumber extends GutterMarker {
  elementClass = "faulty";
}
const NUMBER = new FaultyNumber();

/** @param {EditorState} state @param {number[]} lines */
function faultMarks(state, lines) {
  const there = [...new Set(lines)].filter((line) => line >= 1 && line <= state.doc.lines).sort((a, b) => a - b);
  return Decoration.set(there.map((n) => Decoration.line({ class: "l faulty" }).range(state.doc.line(n).from)));
}

/** @param {import("@codemirror/view").DecorationSet} marks */
function numbersOf(marks) {
  /** @type {import("@codemirror/state").Range<GutterMarker>[]} */
  const numbers = [];
  for (const at = marks.iter(); at.value; at.next()) numbers.push(NUMBER.range(at.from));
  return RangeSet.of(numbers);
}

/** @type {StateField<import("@codemirror/view").DecorationSet>} */
const FAULTS = StateField.define({
  create: () => Decoration.none,
  update: (marks, { changes, effects, state }) => {
    const told = effects.find((effect) => effect.is(FAULTY));
    return told ? faultMarks(state, told.value) : marks.map(changes);
  },
  provide: (field) => [
    EditorView.decorations.from(field),
    EditorView.contentAttributes.from(field, (marks) => ({ "aria-invalid": String(marks.size > 0) })),
    gutterLineClass.from(field, numbersOf),
  ],
});

/** One editor; it is drawn by itself, and asked for and told its text. */
class Editor {
  /** @param {(text: string) => void} changed Is told what was typed. */
  constructor(changed) {
    this.changed = changed;
    this.view = new EditorView({
      extensions: [
        lineNumbers(),
        history(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.lineWrapping,
        EditorState.tabSize.of(4),
        EditorView.contentAttributes.of({
          "aria-label": t("System prompt"),
          "aria-describedby": "prompt-faults",
          tabindex: "0",
        }),
        EditorView.updateListener.of((update) => {
          const put = update.transactions.some((one) => one.annotation(PUT));
          if (update.docChanged && !put) this.changed(update.state.doc.toString());
        }),
        COLOURS,
        FAULTS,
      ],
    });
  }

  /** @param {string} text */
  put(text) {
    const { doc } = this.view.state;
    if (doc.toString() === text) return;
    this.view.dispatch({ changes: { from: 0, to: doc.length, insert: text }, annotations: PUT.of(true) });
  }

  /** @param {number[]} lines */
  mark(lines) {
    this.view.dispatch({ effects: FAULTY.of(lines) });
  }

  /** Chooses a whole line, and goes there. @param {number} n */
  goTo(n) {
    const { doc } = this.view.state;
    const { from, to } = doc.line(Math.max(1, Math.min(doc.lines, n)));
    this.view.focus();
    this.view.dispatch({
      selection: { anchor: from, head: to },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
    });
  }
}

/**
 * @param {{text: string, faulty: number[], changed: (text: string) => void, wanted: {line: number} | null}} props
 *   `wanted` is the line to go to; another object goes there again.
 */
export function Code({ text, faulty, changed, wanted }) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const editor = useMemo(() => new Editor(changed), []);
  editor.changed = changed;
  useLayoutEffect(() => {
    root.current?.append(editor.view.dom);
    return () => editor.view.destroy();
  }, []);
  useInPage(root, () => {
    editor.view.setRoot(/** @type {ShadowRoot | Document} */ (root.current?.getRootNode())); // its style goes there
  });
  useLayoutEffect(() => editor.put(text), [text]);
  useLayoutEffect(() => editor.mark(faulty), [faulty.join()]);
  useLayoutEffect(() => {
    if (wanted) editor.goTo(wanted.line);
  }, [wanted]);
  return html`<div class="code" ref=${root}></div>`;
}
