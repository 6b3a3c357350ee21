"""Code without `await`: the same session, from a script, a cell, or inside a running loop."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agent import Session, Settings
from agent.blocking import Blocking, run
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done, hang, says


def _blocking(folder: Path, *scripts: object) -> Blocking:
    settings = Settings(_env_file=None, data_dir=folder, model="offline", width=640, height=480)
    model = ScriptedModel(list(scripts))
    desktop = FakeDesktop()
    return Blocking(Session.create(settings, desktop=desktop, model=model, tools=(FakeTool(),)))


def test_a_script_talks_to_a_session(tmp_path: Path) -> None:
    """Opened, used and closed without a loop of one's own."""
    with _blocking(tmp_path, [*says("Done."), *done()]) as session:
        session.say("Do it.")
        session.wait_idle(20)
        assert session.status.outcome == "done"
        assert session.desktop.screenshot().data
    assert session.status.closed


async def test_it_works_inside_a_running_loop(tmp_path: Path) -> None:
    """As in a notebook's cell, where a loop runs already."""
    with _blocking(tmp_path, [*says("Done."), *done()]) as session:
        session.say("Do it.")
        session.wait_idle(20)
        assert session.status.outcome == "done"


def test_another_thread_may_stop_it(tmp_path: Path) -> None:
    """`call_soon` reaches the session's loop while this thread waits."""
    with _blocking(tmp_path, [*says("On it."), hang]) as session:
        session.say("Work for ever.")
        session.call_soon(session.wrapped.stop, "enough")
        session.wait_idle(20)
        assert session.status.stopped


def test_errors_come_through() -> None:
    """What goes wrong on the loop is raised where one waits; and a wait can time out."""

    async def wrong() -> None:
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        run(wrong())
    with pytest.raises(TimeoutError):
        run(asyncio.wait_for(asyncio.Event().wait(), 0.01))


def test_an_interrupt_cancels_and_lets_it_tidy_up() -> None:
    """Ctrl-C in the waiting thread: the work ends, and its last awaits are not cut."""
    tidy = threading.Event()

    async def work() -> None:
        here = threading.main_thread().ident
        assert here is not None
        asyncio.get_running_loop().call_soon(signal.pthread_kill, here, signal.SIGINT)
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(3):
                await asyncio.sleep(0.01)
            tidy.set()

    with pytest.raises(KeyboardInterrupt):
        run(work())
    assert tidy.wait(20)


def test_a_program_may_end_with_a_session_open(tmp_path: Path) -> None:
    """Nothing keeps Python from ending, and nothing is complained of."""
    program = f"""
from pathlib import Path
from tests.notebooks.test_blocking import _blocking, hang, says
session = _blocking(Path({str(tmp_path)!r}), [*says("On it."), hang]).__enter__()
session.say("Work for ever.")
print(session.status.closed)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "False\n", "")


@pytest.mark.parametrize("tidying", ["await asyncio.sleep(600)", "pass"])
def test_a_program_ends_though_work_will_not(tidying: str) -> None:
    """What tidies up for ever, or takes no cancelling, is let go of after a while."""
    program = f"""
import asyncio
from agent.blocking import run

async def stubborn():
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            {tidying}

async def begin():
    kept.append(asyncio.create_task(stubborn()))
    await asyncio.sleep(0)

kept = []
run(begin())
print("end")
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        cwd=Path(__file__).parents[2],
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout) == (0, "end\n")
