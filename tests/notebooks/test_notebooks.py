"""The notebooks of the repository: they run, text and outputs are in step, and they are small."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat
import jupytext
import pytest
from nbclient.exceptions import CellExecutionError

from dashboard.notebook.__main__ import environment
from dashboard.notebook.keep import WIDGET, execute

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
_SPOKEN = {"03-voice"}
_MOST = 200_000
"""Bytes of a kept notebook."""


def _marked(source: Path) -> object:
    marks = [pytest.mark.desktop, pytest.mark.slow, pytest.mark.timeout(300)]
    marks += [pytest.mark.speech] if source.stem in _SPOKEN else []
    return pytest.param(source, id=source.stem, marks=marks)


@pytest.mark.parametrize("source", [_marked(source) for source in SOURCES])
def test_every_cell_runs(source: Path) -> None:
    """In a fresh kernel, without a key, with sessions of its own."""
    with tempfile.TemporaryDirectory(prefix="say") as data:
        notebook = execute(source, env=environment(Path(data)))
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@pytest.mark.slow
def test_a_cell_that_fails_is_a_failure(tmp_path: Path) -> None:
    """The check above can fail."""
    source = tmp_path / "wrong.py"
    source.write_text("# %%\nraise ValueError('this very cell')\n")
    with pytest.raises(CellExecutionError, match="this very cell"):
        execute(source, env=environment(tmp_path))


def test_there_are_six() -> None:
    assert len(SOURCES) >= 6
    assert [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))] == [
        source.stem for source in SOURCES
    ]


def in_step(source: Path) -> bool:
    """Whether both halves of a pair have the same cells."""
    pair = [jupytext.read(path) for path in (source, source.with_suffix(".ipynb"))]
    text, outputs = ([(cell.cell_type, cell.source) for cell in half.cells] for half in pair)
    return text == outputs


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_text_and_outputs_are_in_step(source: Path) -> None:
    """Else: `python -m dashboard.notebook notebooks/*.py`."""
    assert in_step(source)


def test_a_changed_half_is_noticed(tmp_path: Path) -> None:
    """One changed word is enough."""
    for name in (SOURCES[0].name, SOURCES[0].with_suffix(".ipynb").name):
        (tmp_path / name).write_text((ROOT / "notebooks" / name).read_text())
    copy = tmp_path / SOURCES[0].name
    assert in_step(copy)
    copy.write_text(copy.read_text() + "\n# %%\n1 + 1\n")
    assert not in_step(copy)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_kept_outputs_read_well_without_a_kernel(source: Path) -> None:
    """Outputs are there, small, without errors, and none needs a widget to be seen."""
    path = source.with_suffix(".ipynb")
    assert path.stat().st_size < _MOST
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    assert len(outputs) >= 4
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert WIDGET not in kinds
    assert kinds & {"image/png", "image/svg+xml", "text/html"}
    assert not [output for output in outputs if output.output_type == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert str(ROOT) not in path.read_text()
    assert "widgets" not in notebook.metadata
