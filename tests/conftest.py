"""Fixtures that several rooms share.

A module that uses `desktop` runs its tests on one loop:
``pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]``.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings
from screens import close_windows

from agent.desktop import VirtualDesktop

# How long an example takes is the machine's doing.
settings.register_profile("sayso", deadline=None)
settings.load_profile("sayso")

# What tests serve is on this machine; a proxy of the environment knows nothing of it.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost,::1"

# Whoever starts the tests in the background has them ignore what programs here are ended by.
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(
            _number,
            signal.default_int_handler if _number is signal.SIGINT else signal.SIG_DFL,
        )


ROOT = Path(__file__).resolve().parents[1]
SLOW = frozenset((ROOT / "tests/slow.txt").read_text("utf-8").split())
"""Files whose tests `script/test --fast` leaves out: each takes seconds."""


_MODULE_MARKS = re.compile(r"^pytestmark = (?:\[$.*?^\]|.*?$)", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"\bmark\.(\w+)")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Whether `-m` leaves out all of a file, which is then not even imported."""
    selected: str = config.option.markexpr
    if not collection_path.match("test_*.py") or re.search(r"\bor\b|\(", selected):
        return None
    unwanted = set(re.findall(r"\bnot (\w+)", selected))
    wanted = set(re.findall(r"\w+", selected)) - unwanted - {"and", "not"}
    text = collection_path.read_text("utf-8")
    listed = {"slow"} if collection_path.relative_to(ROOT).as_posix() in SLOW else set()
    common = _MODULE_MARKS.search(text)
    of_all = listed.union(_MARK.findall(common[0]) if common else ())
    of_some = listed.union(_MARK.findall(text))
    return bool(unwanted & of_all or wanted - of_some) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(ROOT).as_posix() in SLOW:
            item.add_marker("slow")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desktop() -> AsyncIterator[VirtualDesktop]:
    """A started desktop, shared by the tests of a module."""
    running = VirtualDesktop()
    await running.start()
    yield running
    await running.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def empty(desktop: VirtualDesktop) -> AsyncIterator[VirtualDesktop]:
    """The module's desktop, whose windows are closed and whose input is free afterwards."""
    yield desktop
    desktop.input.resume()
    await close_windows(desktop)
