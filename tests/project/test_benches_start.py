"""Every name that ``script/bench`` offers starts in a checkout with what bootstrap installs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = sorted(
    file.stem
    for file in (ROOT / "benchmarks").glob("*.py")
    if re.search(r"^if __name__ ==", file.read_text("utf-8"), re.MULTILINE)
)
_START = """
import runpy, sys
for name in sys.argv[1:]:
    sys.argv = [name, "--help"]
    try:
        runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        print("ended:", name, end.code or 0)
    except BaseException as error:
        print("ended:", name, repr(error))
    else:
        print("ended:", name, "without its help")
"""


@pytest.mark.slow
def test_every_name_starts() -> None:
    """What each imports is there, and each says how it is used."""
    ran = subprocess.run(
        [sys.executable, "-c", _START, *NAMES],
        check=True,
        capture_output=True,
        cwd=ROOT,
        text=True,
        timeout=110,
    )
    told = [line for line in ran.stdout.splitlines() if line.startswith("ended: ")]
    assert told == [f"ended: {name} 0" for name in NAMES]


def test_the_table_of_the_docs_names_each() -> None:
    """All but `figures`, which has a script of its own."""
    told = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/benchmarks.md").read_text(), re.MULTILINE)
    assert sorted([*told, "figures"]) == NAMES
