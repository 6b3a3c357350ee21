"""Earlier commits, checked out beside this one to be measured."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
_GIT = ["git", "-C", str(ROOT)]


@contextmanager
def checkout(commit: str, folder: Path) -> Iterator[Path]:
    """A commit's files in a folder, for as long as the block lasts."""
    tree = [*_GIT, "worktree"]
    subprocess.run([*tree, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*tree, "remove", "--force", str(folder)], check=True)


def known(commit: str) -> str:
    """The commit's short name; empty where a shallow checkout or an archive lacks it."""
    found = subprocess.run(
        [*_GIT, "rev-parse", "--verify", "--quiet", "--short", f"{commit}^{{commit}}"],
        capture_output=True,
        check=False,
        text=True,
    )
    return found.stdout.strip()
