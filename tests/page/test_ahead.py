"""What a started server has done before the first page comes."""

from __future__ import annotations

import subprocess
import sys

import pytest
from served import environment

from agent.desktop.server.groups import NoGroups, make_beside
from agent.threads import BEHIND, step_in
from dashboard.web.ahead import SWITCH
from tests.desktop.test_threads import of_a_thread

_tried = make_beside()
_tried.remove()
HAS_GROUPS = not isinstance(_tried, NoGroups)

STARTED = """
import os, sys, threading, time

class Watch:
    thread = ""
    def find_spec(self, name, path=None, target=None):
        if name == "anthropic":
            self.thread = threading.current_thread().name

watch = Watch()
sys.meta_path.insert(0, watch)
from dashboard.web.mount import install
install()
print(open("/proc/self/cgroup").read().count(f"sayso-{os.getpid()}-first"))
from tests.desktop.test_threads import asked_for
print(sys.getswitchinterval(), asked_for())
while not (found := sys.modules.get("anthropic")) or found.__spec__._initializing:
    time.sleep(0.01)
print(watch.thread, flush=True)
import panel as pn
loop = pn.serve({"x": lambda: "x"}, port=0, show=False, start=False).io_loop.asyncio_loop
def place():
    group = next((g for g in open("/proc/thread-self/cgroup").read().split() if "-aside" in g), "")
    return bool(group), os.getpriority(os.PRIO_PROCESS, 0) - nice
nice = os.getpriority(os.PRIO_PROCESS, 0)
aside, more = loop.run_until_complete(loop.run_in_executor(None, place))
print("aside" if aside else f"nice {more}", place(), flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What such a server says of itself, one that has a key of Claude's."""
    inside = environment(tmp_path_factory.mktemp("data"), {"ANTHROPIC_API_KEY": "sk-ant-test"})
    words = [sys.executable, "-c", STARTED]
    told = subprocess.run(
        words, env=inside, capture_output=True, text=True, check=True, timeout=120
    )
    return told.stdout.splitlines()


def test_claudes_package_is_imported_off_the_loop(started: list[str]) -> None:
    """It takes seconds, in which nobody could press Stop."""
    assert started[2] == "imports"


def test_threads_that_compute_soon_hand_on_to_the_loop(started: list[str]) -> None:
    assert float(started[1].split()[0]) == pytest.approx(SWITCH)


def test_the_loop_is_let_in_at_once(started: list[str]) -> None:
    """Where the kernel knows how."""
    assert int(started[1].split()[1]) == of_a_thread(step_in)


def test_threads_of_the_loops_executor_come_after_the_loop(started: list[str]) -> None:
    assert started[-1] == f"{'aside' if HAS_GROUPS else f'nice {BEHIND}'} (False, 0)"


def test_the_server_has_put_itself_first(started: list[str]) -> None:
    if not HAS_GROUPS:
        pytest.skip("only root may make groups, of version 1")
    assert started[0] == "1"
