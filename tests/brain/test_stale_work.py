"""Work that was cut and does not notice: it touches nothing, even after new words."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.desktop.act.strokes import Gate
from agent.desktop.server.sandbox import make_box
from agent.errors import InputHalted
from agent.permit import act_under
from agent.testing.fake_desktop import FakeDesktop
from agent.testing.scripted import FakeTool, call, hang, says
from agent.tools.base import ToolCall, ToolResult
from agent.tools.editor import EditorTool


class Deaf:
    """A tool's body that swallows its cancellation, and acts when it is let go."""

    def __init__(self, deed: Callable[[FakeDesktop], Awaitable[Any]]) -> None:
        self.deed = deed
        self.wakes = asyncio.Event()
        self.refused: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.desktop: FakeDesktop | None = None

    async def __call__(self, call: ToolCall) -> ToolResult:
        if call.input.get("well_behaved"):
            return ToolResult("ok")
        while not self.wakes.is_set():
            try:
                await self.wakes.wait()
            except asyncio.CancelledError:
                continue
        assert self.desktop is not None
        try:
            await self.deed(self.desktop)
        except InputHalted:
            self.refused.set_result(True)
            raise
        self.refused.set_result(False)
        return ToolResult("I did it after all.")


async def spawned_task(desktop: FakeDesktop) -> None:
    await asyncio.create_task(desktop.input.click(9, 9))


@pytest.mark.parametrize(
    "deed",
    [
        lambda desktop: desktop.input.click(9, 9),
        lambda desktop: desktop.input.type("rm"),
        lambda desktop: desktop.spawn(["rm"]),
        spawned_task,
    ],
    ids=["click", "type", "program", "task of its own"],
)
@pytest.mark.parametrize("interruption", ["redirect", "stop", "take control"])
async def test_after_new_words_an_old_action_is_refused(make, deed, interruption):
    """The driver is free for the new work, which is under way; the old has lost its permit."""
    deaf = Deaf(deed)
    session = await make(
        [[*call(), hang], [*call(well_behaved=True), *says("Now I wait."), hang]], FakeTool(deaf)
    )
    deaf.desktop = session.desktop
    session.say("Click.")
    await session.log.wait_for(lambda e: e.kind == "action_started", timeout=20)
    if interruption == "stop":
        session.stop("button")
    elif interruption == "take control":
        session.take_control()
        session.return_control()
    session.say("No, the other one.")
    await session.log.wait_for(lambda e: e.kind == "action_finished" and not e.is_error, timeout=20)
    assert not session.desktop.input.halted
    deaf.wakes.set()
    assert await asyncio.wait_for(deaf.refused, 20)
    assert session.desktop.input.deeds == []
    assert "after all" not in str(list(session.log))
    await session.desktop.input.click(1, 1)  # who is under no permit, may
    assert session.desktop.input.deeds == ["click left 1,1 x1"]


@dataclass
class Revoked:
    valid: bool = False


async def edit(home: Path, **given: Any) -> ToolResult:
    tool = EditorTool(FakeDesktop(home=home))
    edit = ToolCall("a", "str_replace_based_edit_tool", given)
    return await tool.run(edit, lambda _: None)


async def test_a_late_edit_writes_nothing(tmp_path: Path) -> None:
    """The editor works in a thread, which nobody can cancel; the thread asks as well."""

    async def late() -> ToolResult:
        act_under(Revoked())
        return await edit(tmp_path, command="create", path="a.txt", file_text="late")

    assert (await asyncio.create_task(late(), context=copy_context())).is_error
    assert not (tmp_path / "a.txt").exists()
    assert not (await edit(tmp_path, command="create", path="a.txt", file_text="x")).is_error


def test_a_cancelled_stroke_stays_cancelled_while_the_next_one_waits() -> None:
    """An action that hangs in the X server is refused its next stroke, whoever began since."""
    gate = Gate()
    hangs, wakes = threading.Event(), threading.Event()
    strokes: list[str] = []

    def stroke(name: str) -> None:
        gate.check()
        strokes.append(name)

    def slow() -> None:
        stroke("first")
        hangs.set()
        assert wakes.wait(20)
        stroke("second")

    def ends_refused(action: Callable[[], None]) -> None:
        with pytest.raises(InputHalted):
            action()

    old = threading.Thread(target=ends_refused, args=(gate.begin(slow),))
    old.start()
    assert hangs.wait(20)
    gate.halted = True
    gate.cancel()
    gate.halted = False
    new = gate.begin(lambda: stroke("new"))
    wakes.set()
    old.join(20)
    new()
    assert strokes == ["first", "new"]


def test_an_action_cancelled_before_its_turn_never_begins() -> None:
    gate = Gate()
    late = gate.begin(lambda: pytest.fail("it ran"))
    gate.cancel()
    with pytest.raises(InputHalted):
        late()


def test_a_folder_that_two_stops_remove_is_removed_once(tmp_path: Path) -> None:
    """A stop that is cut short is followed by another; its lock may be somebody else's by then."""
    box = make_box(tmp_path / "boxes", confined=False)
    box.remove()
    with Path(os.devnull).open() as other:
        os.dup2(other.fileno(), box.lock)
        box.remove()
        os.close(box.lock)
    assert not box.path.exists()
