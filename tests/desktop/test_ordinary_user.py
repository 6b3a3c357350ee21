"""Whoever is not root gets the same desktop, in the same sandbox."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import agent

pytestmark = pytest.mark.desktop

_NOBODY = 65534


def _reachable(path: Path) -> bool:
    """Whether everybody may enter the folders above a path."""
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)


def _interpreter() -> list[str]:
    """A Python of this version that everybody may run, and the packages of this one."""
    packages = [str(Path(agent.__file__).parents[1]), *filter(os.path.isdir, sys.path)]
    if not all(_reachable(Path(p)) for p in packages if "site-packages" in p):
        pytest.skip("other users cannot read the installed packages")
    usable = ":".join(path for path in packages if _reachable(Path(path)))
    for name in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if Path(name).exists() and _reachable(Path(name)):
            return [f"PYTHONPATH={usable}", "PYTHONDONTWRITEBYTECODE=1", name]
    pytest.skip("no Python of this version that other users may run")


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of another user; pytest's own ones are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="sayso-user-"))
    os.chown(folder, _NOBODY, _NOBODY)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole suite runs as an ordinary user")
def test_an_unprivileged_user_gets_a_confined_desktop_and_leaves_nothing(home: Path) -> None:
    program = (
        "import asyncio\n"
        "from agent.desktop import VirtualDesktop\n"
        "async def main():\n"
        "    desktop, begun = VirtualDesktop(), []\n"
        "    class Listener:\n"
        "        started, asked = begun.append, begun.append\n"
        "    desktop.listen(Listener)\n"
        "    await desktop.start()\n"
        "    print(desktop.status.confined, (await desktop.screenshot()).width)\n"
        "    print(len((await desktop.tree()).nodes) > 5)\n"
        "    print('/usr/bin/xfwm4' in [start.program for start in begun])\n"
        "    print(desktop.status.unwatched or 'watched')\n"
        "    await desktop.stop()\n"
        "asyncio.run(main())\n"
    )
    user = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", "env", "-i"]
    place = [f"HOME={home}", f"TMPDIR={home}", "PATH=/usr/bin:/bin"]
    done = subprocess.run(
        [*user, *place, *_interpreter(), "-c", program],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        cwd="/",
    )
    assert done.stdout.split() == ["True", "1280", "True", "True", "watched"], done.stderr
    assert not list(home.iterdir())
