"""Notebooks as they are kept: text beside outputs, the outputs small, nothing that needs a kernel.

``NAME.py`` (jupytext's percent form) is what people edit and review; ``NAME.ipynb`` holds the
same cells with their outputs, for reading on a forge.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbclient import NotebookClient

WIDGET = "application/vnd.jupyter.widget-view+json"
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_PAIR = {"formats": "ipynb,py:percent"}


def execute(source: Path, *, env: Mapping[str, str] | None = None, timeout: int = 120) -> Any:
    """A ``.py`` notebook, run in a fresh kernel, in its own folder; the outputs as kept.

    Args:
        source: The text half of the pair.
        env: The kernel's environment; this process' own if None.
        timeout: Seconds that one cell may take.

    Raises:
        CellExecutionError: a cell failed; the text names it.
    """
    notebook = jupytext.read(source)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        store_widget_state=False,
        record_timing=False,
        resources={"metadata": {"path": str(source.parent)}},
    )
    client.execute(env=dict(os.environ if env is None else env))
    return kept(notebook)


def kept(notebook: Any) -> Any:
    """The notebook with numbered cells, and without what only a running kernel can show."""
    notebook.metadata = {
        "jupytext": _PAIR,
        "kernelspec": _KERNEL,
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:02d}"
        cell["metadata"] = {}
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if WIDGET in data and len(data) > 1:
                del data[WIDGET]
    return notebook


def write(source: Path, notebook: Any) -> Path:
    """Keep an executed notebook beside its text."""
    path = source.with_suffix(".ipynb")
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook, 4)  # type: ignore[no-untyped-call]
    path.write_text(text.rstrip() + "\n", "utf-8")
    return path
