"""Command lines in locales that are not UTF-8 write escapes instead of a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

PROGRAMS = (
    "agent",
    "agent.desktop",
    "agent.experiments",
    "agent.testing.messages_server",
    "fuzzing",
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_help_is_shown_where_nothing_but_ascii_can_be(program: str) -> None:
    done = _run("ascii", "-m", program, "--help")
    assert done.returncode == 0
    assert b"usage" in done.stdout
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_a_locale_lacks_is_written_as_an_escape(encoding: str) -> None:
    code = "from agent.streams import take_any_text; take_any_text(); "
    code += r"print('\xe9 \u2192 \u6f22 \ud83d')"
    done = _run(encoding, "-c", code)
    assert done.stderr == b""
    shown = {
        "ascii": b"\\xe9 \\u2192 \\u6f22 \\ud83d",
        "latin-1": b"\xe9 \\u2192 \\u6f22 \\ud83d",
        "utf-8": "é → 漢 \\ud83d".encode(),
    }
    assert done.stdout.strip() == shown[encoding]


def _run(encoding: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    ours = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {
        **os.environ,
        "PYTHONPATH": ours,
        "PYTHONIOENCODING": encoding,
        "PYTHONUTF8": "0",
        "LC_ALL": "POSIX",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        check=False,
        capture_output=True,
        env={**env, "PYTHONCOERCECLOCALE": "0"},
        timeout=120,
    )
