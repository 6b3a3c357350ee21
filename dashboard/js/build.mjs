// Bundles the browser parts. `npm run build` writes the committed bundles;
// `node dashboard/js/build.mjs DIR` writes them below DIR instead (the test that compares them).
import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const COMMON = { bundle: true, minify: true, target: "es2022", legalComments: "none", charset: "ascii" };

/** Turns `import code from "./x.worklet.js"` or `"./x.worker.js"` into that one's text, itself bundled. */
const worklets = {
  name: "worklets",
  setup(b) {
    b.onLoad({ filter: /\.(worklet|worker)\.js$/ }, async ({ path: file }) => {
      const made = await build({ ...COMMON, entryPoints: [file], format: "iife", write: false });
      return { contents: made.outputFiles[0].text, loader: "text" };
    });
  },
};

// Views whose entry stands beside their bundle.
const VIEWS = [
  "link",
  "talk",
  "conversation",
  "files/files",
  "shell",
  "statusbar",
  "sessions/lobby",
  "settings/form",
  "settings/voice_settings",
  "settings/memory",
  "settings/secrets",
  "prompts/editor",
  "tools/bench",
  "inspector/lanes",
  "inspector/records",
];

const BUNDLES = [
  ["dashboard/voice/client/js/panel.js", "dashboard/voice/client/widget.bundle.js", ""],
  [
    "dashboard/desktop/js/view.js",
    "dashboard/desktop/view.bundle.js",
    "/*! Contains noVNC 1.7.0 (MPL-2.0) and pako (MIT): see view.bundle.LICENSE.txt */",
  ],
  ["dashboard/notebook/js/conversation.js", "dashboard/notebook/conversation.bundle.js", ""],
  ["dashboard/embed/js/bar.js", "dashboard/embed/bar.bundle.js", ""],
  ["dashboard/views/lab/js/lab.js", "dashboard/views/lab/lab.bundle.js", ""],
  ["dashboard/views/replay/js/replay.js", "dashboard/views/replay/replay.bundle.js", ""],
  ["dashboard/web/frame/key.js", "dashboard/web/frame/key.bundle.js", "", "iife"],
  ["dashboard/web/frame/theme.js", "dashboard/web/frame/theme.bundle.js", "", "iife"],
  ["dashboard/web/frame/frame.js", "dashboard/web/frame/frame.bundle.js", "", "iife"],
  ...VIEWS.map((view) => [`dashboard/views/${view}.js`, `dashboard/views/${view}.bundle.js`, ""]),
];

/** What the licence of preact, its signals and htm asks of a bundle that has them inside. */
const PREACT =
  "/*! Contains preact, @preact/signals (MIT) and htm (Apache-2.0): see dashboard/js/preact.LICENSE.txt */";

/** The same for CodeMirror. */
const CODEMIRROR = "/*! Contains CodeMirror 6 (MIT): see dashboard/views/prompts/codemirror.LICENSE.txt */";

function banner(inputs, own) {
  const holds = (library) => Object.keys(inputs).some((input) => input.includes(`node_modules/${library}/`));
  return [own, holds("preact") && PREACT, holds("@codemirror/view") && CODEMIRROR].filter(Boolean).join("\n");
}

const target = process.argv[2];
for (const [entry, output, own, format = "esm"] of BUNDLES) {
  const outfile = path.join(target ?? ROOT, output);
  await mkdir(path.dirname(outfile), { recursive: true });
  const made = await build({
    ...COMMON,
    absWorkingDir: ROOT,
    entryPoints: [entry],
    format,
    outfile,
    write: false,
    metafile: true,
    loader: { ".css": "text" },
    plugins: [worklets],
  });
  const head = banner(made.metafile.inputs, own);
  await writeFile(outfile, head ? `${head}\n${made.outputFiles[0].text}` : made.outputFiles[0].text);
}
