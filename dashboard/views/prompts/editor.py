"""The prompt editor as a component: text with faults by line, versions, difference, preview."""

from __future__ import annotations

from pathlib import Path

import param

from dashboard.js.component import View

_HERE = Path(__file__).parent


class PromptEditor(View):
    """What is done in it goes to ``act``.

    Messages: ``{"type": "open", "name", "version"}``, ``{"type": "check", "n", "draft"}``,
    ``{"type": "save", "name", "draft", "note"}``, ``{"type": "compare", "version", "draft"}``,
    ``{"type": "try", "draft"}``, ``{"type": "adopt"}``, ``{"type": "experiment"}`` and
    ``{"type": "delete"}``. A draft is ``{"template", "narration", "tools"}``.
    """

    names = param.List([], doc="All prompts by name.")
    opened = param.Dict({}, doc="The version in the editor: name, version, draft, own, …")
    versions = param.List([], doc="Of the opened prompt, the newest first.")
    variables = param.List([], doc="What a template may name, and what it is.")
    narrations = param.List([], doc="Narration styles: value, label, says.")
    tools = param.List([], doc="Tools: value, label, says.")
    verdict = param.Dict({}, doc="Of the draft `n`: faults by line, preview, its hash.")
    difference = param.Dict({}, doc="Against a version: its name and lines with marks.")
    in_use = param.Dict({}, doc="What this session uses now, and with its next task.")
    use = param.Dict({}, doc="How an experiment or a notebook names the opened version.")
    told = param.Dict({}, doc="What came of the last action: good, text.")

    _esm = _HERE / "editor.bundle.js"
    _stylesheets = [_HERE / "editor.css"]  # noqa: RUF012 - as Panel declares it
