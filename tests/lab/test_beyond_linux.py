"""Where only what Windows has of Python's library is found, recordings replay and report."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import beyond_linux
import pytest
from lab_stage import FakeEnvironment, hello_task, small
from recorded import record

from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner

ROOT = Path(__file__).parents[2]

BEGIN = "import sys; from pathlib import Path; import beyond_linux; beyond_linux.lack()\n"

REPLAYED = """
from agent.replay import build_timeline, compare, load_recording, step_detail
from agent.replay.bundle import export_recording
from agent.replay.svg import timeline_svg

folder, out = Path(sys.argv[1]), Path(sys.argv[2])
recording = load_recording(folder)
timeline = build_timeline(recording.events)
first = next(step for step in timeline.steps if step.kind == "action")
print(step_detail(recording, first.seq)["action"]["name"])
print(compare(recording.events, recording.events).note)
print(timeline_svg(timeline)[:4])
export_recording(folder, out / "session.gif", "gif")
export_recording(folder, out / "session.zip", "folder")
"""

COMMAND = "from agent.__main__ import main; sys.exit(main(sys.argv[1:]))"
LAB = "from agent.experiments.__main__ import main; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
async def data(tmp_path: Path) -> Path:
    """A data folder with one recorded session."""
    await record(tmp_path / "data", "open the editor", "type hello")
    return tmp_path / "data"


def elsewhere(code: str, *words: object, data: Path = Path("/nowhere")) -> str:
    asked = subprocess.run(
        [sys.executable, "-c", BEGIN + code, *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
        env={
            "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}",
            "PATH": "/usr/bin:/bin",
            "HOME": "/nowhere",
            "SAYSO_DATA_DIR": str(data),
        },
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results with one experiment that has run."""
    root, place = tmp_path_factory.mktemp("results"), LocalPlacement(2)
    tasks = [hello_task(f"t{n}") for n in range(2)]
    experiment = small(tasks=tasks, repeats=2, baseline="bad")
    Runner(experiment, root, place, environment=FakeEnvironment()).run()
    place.close()
    return root


def test_a_session_replays_and_is_exported(data: Path, tmp_path: Path) -> None:
    [folder] = (data / "sessions").iterdir()
    said = elsewhere(REPLAYED, folder, tmp_path)
    assert said.splitlines() == ["left_click", "Both did the same 6 things.", "<svg"]
    assert (tmp_path / "session.gif").stat().st_size > 1000
    assert (tmp_path / "session.zip").stat().st_size > 1000


def test_sessions_are_listed_exported_and_imported(data: Path, tmp_path: Path) -> None:
    [folder] = (data / "sessions").iterdir()
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home" / "notes.txt").write_text("twelve bytes")
    [_, row] = elsewhere(COMMAND, "--list", data=data).splitlines()
    assert re.search(rf"^{folder.name} .* ended +[1-9][\d.]* kB +1 +- +open the editor$", row)
    elsewhere(COMMAND, "--export", folder.name, tmp_path / "out", "--without-files", data=data)
    other = tmp_path / "other"
    assert "Imported as again." in elsewhere(
        COMMAND, "--import", tmp_path / "out", "again", data=other
    )
    assert elsewhere(REPLAYED, other / "sessions" / "again", tmp_path).startswith("left_click")


def test_an_experiment_is_listed_compared_and_reported(results: Path) -> None:
    [folder] = results.iterdir()
    given = ("--results", results)
    assert folder.name in elsewhere(LAB, *given, "list")
    assert "passed" in elsewhere(LAB, *given, "show", folder.name)
    assert "good" in elsewhere(LAB, *given, "compare", folder.name)
    (folder / "report.html").unlink(missing_ok=True)
    elsewhere(LAB, *given, "report", folder.name)
    assert "<html" in (folder / "report.html").read_text("utf-8")


def test_what_is_lacking_there_is_lacking_in_these_tests() -> None:
    tried = [f"import {name}" for name in beyond_linux.LACKING]
    tried += [
        f"import {m}; {m}.{n}" for m, names in beyond_linux.NAMES.items() for n in names.split()
    ]
    code = """
scope = {"__name__": "agent.anything"}
for line in sys.argv[1:]:
    name, _, rest = line.removeprefix("import ").partition("; ")
    try:
        module = __import__(name, scope)
        print("there:" if not rest or hasattr(module, rest.split(".")[1]) else "lacking", line)
    except ModuleNotFoundError:
        print("lacking", line)
import fcntl  # a library's own
"""
    assert "there:" not in elsewhere(code, *tried)
