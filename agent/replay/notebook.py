"""A notebook that replays and dissects the exported folder it lies in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from agent.errors import JournalError

NAME = "replay.ipynb"

_TITLE = """# Session {name}

Everything in this notebook is read from the folder that it lies in: `events.jsonl` (the log),
`images/` (what the agent saw) and `prompt.md`. It needs the package `sayso` and nothing else;
no desktop, no key and no network."""

_LOAD = """from collections import Counter
from pathlib import Path

from IPython.display import HTML, Image, Markdown, display

from agent.replay import build_timeline, compare, load_recording, step_detail
from agent.replay.film import write_gif
from agent.replay.svg import timeline_svg

recording = load_recording(Path("."))
timeline = build_timeline(recording.events)
Markdown(
    f"**{recording.name}**: {timeline.events:,} events, {len(timeline.frames)} pictures, "
    f"{timeline.true_seconds:,.0f} s, {timeline.tokens:,} tokens, ${timeline.dollars:.4f}, "
    f"model `{timeline.model}`"
)"""

_LANES = """HTML(timeline_svg(timeline))"""

_REPLAY = """import tempfile

if timeline.frames:
    film = write_gif(recording, Path(tempfile.mkdtemp()) / "replay.gif", width=720)
    display(Image(filename=str(film)))
else:
    print("The agent never looked at the screen in this session.")"""

_STEPS = """rows = "\\n".join(
    f"| {step.seq} | {step.at:.1f} | {step.seconds:.2f} | {step.lane} | "
    + step.label.replace("|", "\\\\|") + f" | {step.state} |"
    for step in timeline.steps
    if step.lane != "cost"
)
head = "| event | at (s) | took (s) | lane | what | end |\\n|---|---|---|---|---|---|\\n"
Markdown(head + rows)"""

_COSTS = """begun = [step.seq for step in timeline.steps if step.kind == "turn"]
turns = [step_detail(recording, seq)["turn"] for seq in begun]
rows = "\\n".join(
    f"| {n + 1} | {turn['request']['count']} | {turn['request']['pictures']} | "
    f"{turn['usage']['input_tokens'] + turn['usage']['cache_read_input_tokens']:,} | "
    f"{turn['usage']['output_tokens']:,} | {turn['usage']['dollars']:.4f} | "
    f"{turn['latency']['first_output'] or 0:.2f} | {turn['latency']['total'] or 0:.2f} |"
    for n, turn in enumerate(turns)
)
Markdown(
    "| turn | messages | pictures | tokens in | out | $ | first output (s) | total (s) |\\n"
    "|---|---|---|---|---|---|---|---|\\n" + rows
)"""

_ONE = """actions = [step for step in timeline.steps if step.kind == "action"]
if actions:
    chosen = actions[0]  # choose another
    detail = step_detail(recording, chosen.seq)
    for title, index in (("before", chosen.before), ("after", chosen.frame)):
        path = recording.image_path(timeline.frames[index].sha256) if index >= 0 else None
        if path is not None:
            display(Markdown(f"*{chosen.label}*, {title}"))
            display(Image(data=path.read_bytes(), width=640))
    display(detail["action"], detail["turn"]["response"])"""

_KINDS = """Counter(event.kind for event in recording.events)"""

_COMPARE = """other = recording  # load_recording(Path("../another"))
comparison = compare(recording.events, other.events)
comparison.note"""

_CELLS = (
    ("markdown", _TITLE),
    ("code", _LOAD),
    ("markdown", "## What happened when\n\nPauses are shortened; hover for words."),
    ("code", _LANES),
    ("markdown", "## Replay"),
    ("code", _REPLAY),
    ("markdown", "## Every step"),
    ("code", _STEPS),
    ("markdown", "## What each turn was sent, cost and took"),
    ("code", _COSTS),
    ("markdown", "## One action: the screen before and after, the call, the answer it came in"),
    ("code", _ONE),
    ("markdown", "## The log\n\nEvents are typed: see `agent/record/events/__init__.py`."),
    ("code", _KINDS),
    ("markdown", "## Against another session\n\nGive the folder of another export."),
    ("code", _COMPARE),
)


def write_notebook(folder: Path, name: str) -> Path:
    """Write the notebook into an exported folder.

    Raises:
        JournalError: it cannot be written.
    """
    path = folder / NAME
    try:
        path.write_text(json.dumps(_notebook(name), indent=1, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise JournalError(f"{path} cannot be written ({error.strerror}).") from error
    return path


def _notebook(name: str) -> dict[str, Any]:
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": [_cell(n, kind, text, name) for n, (kind, text) in enumerate(_CELLS)],
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(number: int, kind: str, text: str, name: str) -> dict[str, Any]:
    source = text.replace("{name}", name) if kind == "markdown" else text
    cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
    cell["source"] = source.splitlines(keepends=True)
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
