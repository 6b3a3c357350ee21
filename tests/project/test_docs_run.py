"""Blocks of the tutorial and of the how-tos run as they stand, each page in a folder of its own.

A block ends with 0 unless `ENDS` says otherwise; `script/check docs` runs those of `LONG`, too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cases import THOROUGH

ROOT = Path(__file__).parents[2]
PAGES = sorted(p for f in ("tutorial", "how-to") for p in (ROOT / "docs" / f).glob("*.md"))
_BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)

ELSEWHERE = {
    "script/server": "tests/project/test_server_command.py",
    ".venv/bin/python script/words": "tests/project/test_words.py",
    ".venv/bin/jupyter": "tests/notebooks",
    ".venv/bin/pytest": "tests/voice/test_languages.py",
    "pip install": "pyproject.toml",  # tests install nothing; the extra's name is looked up
    "ssh -L": "docs/deploy.md",  # needs another machine
    "dask scheduler": "tests/lab/test_two_hosts.py",
    "sayso lab run wording --scheduler": "tests/lab/test_two_hosts.py",
    "sayso hume setup": "tests/voice/test_evi_setup.py",
    "mkdir -p -m 700 login": "tests/security/test_deploy.py",
}
"""How a block begins that is run by another test, or by none for the reason beside it."""

ENDS = {
    "SAYSO_DISPLAY=:0": (9, "There is no display"),
    "export AWS_REGION": (8, "Bedrock cannot be used: set AWS_REGION"),
    "export CLOUD_ML_REGION": (8, "Google Cloud cannot be used: set CLOUD_ML_REGION"),
    "export ANTHROPIC_BASE_URL": (8, "http://127.0.0.1:8000 cannot be reached"),
    "sayso lab run prompts.yaml --dry": (2, "needs ANTHROPIC_API_KEY"),
}
"""How a block begins that ends otherwise here, where no key is: its exit code, and what it says."""

LONG = (
    ".venv/bin/sayso lab run wording",
    ".venv/bin/sayso run",
    "sayso run --prompt",
    "sayso lab run mine.yaml",
)
DESKTOP = re.compile(r"sayso (run \"|run --home|run --prompt|lab run)")


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language and text of each block, those within lists too."""
    for indent, language, text in _BLOCK.findall(page.read_text("utf-8")):
        yield language, re.sub(f"^{indent}", "", text, flags=re.MULTILINE)


def run_here(text: str) -> bool:
    return not text.startswith(tuple(ELSEWHERE)) and (THOROUGH or not text.startswith(LONG))


def cases() -> Iterator[Any]:
    """Each page with its commands that are run, as one test."""
    for page in PAGES:
        shell = [text for language, text in blocks(page) if language == "bash" and run_here(text)]
        marks = [pytest.mark.desktop] if any(map(DESKTOP.search, shell)) else []
        name = str(page.relative_to(ROOT / "docs"))
        if shell:
            yield pytest.param(page, shell, id=name, marks=marks)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a page's reader works: `sayso` is this checkout's, and a folder of theirs is there."""
    for place in (tmp_path / "bin", tmp_path / "work" / ".venv" / "bin"):
        place.mkdir(parents=True)
        command = place / "sayso"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sayso "$@"\n')
        command.chmod(0o755)
    (tmp_path / "work" / "project").mkdir()
    return tmp_path / "work"


def environment(folder: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in ("LANG", "TMPDIR")}
    paths = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    return {
        **kept,
        "HOME": str(folder),
        "PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": paths,
        "SAYSO_DATA_DIR": str(folder / "data"),
        "NO_GCE_CHECK": "true",  # no cloud's own machine is asked who it is
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def lay_out(page: Path, folder: Path) -> None:
    """Write the files of a page: blocks that begin with their name, and the one named in words."""
    text = page.read_text("utf-8")
    for language, block in blocks(page):
        named = re.match(r"# (\S+\.(?:yaml|py))\n", block)
        name = named[1] if named else ""
        if language == "markdown":
            [name] = re.findall(r"[Kk]ept as `(\S+\.md)`", text)
        if name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(block)


@pytest.mark.parametrize(("page", "shell"), list(cases()))
def test_the_commands_of_a_page_do_what_it_says(page: Path, shell: list[str], folder: Path) -> None:
    lay_out(page, folder)
    for text in shell:
        code, said = next((end for b, end in ENDS.items() if text.startswith(b)), (0, ""))
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=folder,
            env=environment(folder),
            check=False,
            capture_output=True,
            text=True,
            timeout=600 if THOROUGH else 110,
        )
        assert done.returncode == code, f"{text}\n{done.stdout}\n{done.stderr}"
        assert said in done.stdout + done.stderr
    if page.name == "own-desktop.md":
        assert list((folder / "project").glob("plan*"))


def test_what_is_not_run_here_has_its_reason() -> None:
    shell = [text for page in PAGES for language, text in blocks(page) if language == "bash"]
    for begins, where in ELSEWHERE.items():
        assert any(text.startswith(begins) for text in shell), begins
        assert (ROOT / where).exists(), where
    for begins in (*ENDS, *LONG):
        assert any(text.startswith(begins) for text in shell), begins


async def test_the_tool_of_the_how_to_tells_the_time(folder: Path) -> None:
    from agent import kinds
    from agent.tools.base import ToolCall

    [code] = [text for lang, text in blocks(ROOT / "docs/how-to/tool.md") if lang == "python"]
    space: dict[str, Any] = {"__name__": "clock"}
    exec(compile(code, "clock.py", "exec"), space)
    clock = space["Clock"]()
    call = ToolCall("1", "clock", {"zone": "Europe/Vienna"})
    assert (await clock.intent(call)).harmless
    told = await clock.run(call, print)
    known = kinds.kind_of("clock")
    kinds.TOOLS.forget("clock")
    assert re.fullmatch(r"\d\d:\d\d in Europe/Vienna", told.text)
    assert known is not None
