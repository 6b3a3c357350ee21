"""What `script/test` does with tests that only pass on their second try, and by `--fast`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST = int((ROOT / "script/test").read_text().partition("most_second=")[2].split()[0])
PYTEST = """#!{python}
# Fails whole stages at first, each with as many tests as it is told; passes on the second try.
import json, os, pathlib, sys
cache = next((w.partition("=")[2] for w in sys.argv if w.startswith("cache_dir=")), "fast")
stage = pathlib.Path(cache).name
red = json.loads(os.environ["RED"]).get(stage, [])
kept = pathlib.Path(cache, "v/cache")
kept.mkdir(parents=True, exist_ok=True)
if "--last-failed" in sys.argv:
    sys.exit(int(os.environ["AGAIN"]))
(kept / "lastfailed").write_text(json.dumps(dict.fromkeys(red, True)))
print(len(red), "failed")
sys.exit(bool(red))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The script beside programs that do nothing, and a pytest that does as it is told."""
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script/test", tmp_path / "script/test")
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    nothing = "#!/bin/sh\nexit 0\n"
    written = {programs / name: nothing for name in ("ruff", "mypy", "lint-imports", "npm")}
    written |= {tmp_path / "script" / name: nothing for name in ("bootstrap", "prose")}
    written[programs / "pytest"] = PYTEST.format(python=sys.executable)
    for file, content in written.items():
        file.write_text(content)
        file.chmod(0o755)
    (tmp_path / "node_modules").mkdir()
    return tmp_path


def run(checkout: Path, red: str, *words: str, again: int = 0) -> subprocess.CompletedProcess[str]:
    more = {"RED": red, "AGAIN": str(again)}
    return subprocess.run(
        ["script/test", *words],
        cwd=checkout,
        env={**os.environ, **more},
        check=False,
        capture_output=True,
        text=True,
    )


def test_nothing_is_told_when_all_pass_at_once(checkout: Path) -> None:
    done = run(checkout, "{}")
    assert done.returncode == 0, done.stdout
    assert "second try" not in done.stdout
    assert not (checkout / ".pytest_cache/second-tries").exists()


def red(count: int) -> dict[str, list[str]]:
    """So many tests, in two stages."""
    return {"unit": [f"a.py::{n}" for n in range(count - 1)], "page": ["p.py::last"]}


def test_the_tests_that_pass_on_the_second_try_are_named_and_kept(checkout: Path) -> None:
    failing = red(MOST)
    done = run(checkout, json.dumps(failing))
    assert done.returncode == 0, done.stdout
    told = done.stdout.partition("passed on the second try:")[2]
    kept = (checkout / ".pytest_cache/second-tries").read_text()
    for test in (*failing["unit"], *failing["page"]):
        assert test in told
        assert test in kept


def test_one_more_than_that_fails_the_run(checkout: Path) -> None:
    done = run(checkout, json.dumps(red(MOST + 1)))
    assert done.returncode == 1
    assert f"FAILED: more than {MOST} on the second try" in done.stdout


def test_what_fails_twice_fails_the_run_and_is_no_second_try(checkout: Path) -> None:
    done = run(checkout, '{"views": ["v.py::one"]}', again=1)
    assert done.returncode == 1
    assert "FAILED: views tests, once more" in done.stdout
    assert "passed on the second try" not in done.stdout


def test_fast_runs_no_stage_and_tries_nothing_again(checkout: Path) -> None:
    assert run(checkout, '{"unit": ["a.py::one"]}', "--fast").returncode == 0
    done = run(checkout, '{"quick-rest": ["a.py::one"]}', "--fast")
    assert done.returncode == 1
    assert "FAILED: quick-rest tests" in done.stdout
    assert "once more" not in done.stdout


def test_what_fast_leaves_out_exists() -> None:
    listed = (ROOT / "tests/slow.txt").read_text("utf-8").split()
    assert listed == sorted(set(listed))
    assert [name for name in listed if not (ROOT / name).is_file()] == []
