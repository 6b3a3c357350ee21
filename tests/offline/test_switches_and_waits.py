"""What is switched on or off is looked up afterwards, and a wait has an end that is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agent.desktop.base import Box, Node, Tree
from agent.models.offline import switching, waiting
from agent.models.offline.grammar import Command
from agent.models.offline.sentences import parse
from agent.models.offline.steps import Act, Done, Fail, Moment, Step
from agent.models.offline.turns import HANDLERS
from agent.models.offline.view import look
from agent.testing.fake_desktop import FakeDesktop

SHOWING = frozenset({"showing", "sensitive"})
AT = Box(10, 40, 60, 20)


class Editor(FakeDesktop):
    """A program with a View menu, in which is a switch that works or does not."""

    def __init__(self, home: Path, *, works: bool = True, role: str = "check menu item") -> None:
        super().__init__(home=home)
        self.works, self.role = works, role
        self.open, self.on = False, False

    async def tree(self) -> Tree:
        first = (await super().tree()).nodes
        frame = next(n for n in first if n.role == "frame")
        shown = SHOWING if self.open else frozenset[str]()
        states = shown | ({"checked"} if self.on else set())
        menu = Node("v", frame.id, frame.app, "menu", "View", Box(10, 10, 40, 20), SHOWING)
        item = Node("l", "v", frame.app, self.role, "Line Numbers", AT, states)
        return Tree((*first, menu, item))

    def clicked(self, act: Act) -> None:
        """Do what a click does: open the menu, or turn the switch and close it."""
        if self.open and self.works:
            self.on = not self.on
        self.open = not self.open


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not happened when it is looked for never will."""
    monkeypatch.setattr(switching, "_SECONDS", 0.0)
    monkeypatch.setattr(waiting, "_LOOK", 0.0)
    monkeypatch.setattr(waiting, "_QUIET", 0.0)


async def said(desktop: Editor, sentence: str) -> Step:
    """What comes of a sentence in the end."""
    command = parse(sentence).commands[0]
    phase, memo = 0, ""
    for _ in range(9):
        step = await HANDLERS[command.intent](
            Moment(desktop, await look(desktop), command, phase, memo)
        )
        if not isinstance(step, Act):
            return step
        assert step.memo.replace("x", "").isalnum() or not step.memo
        desktop.clicked(step)
        phase, memo = step.phase, step.memo
    raise AssertionError("no end")


@pytest.mark.parametrize(
    "sentence",
    [
        "turn on line numbers",
        "enable line numbers in the View menu",
        "switch line numbers on",
        "show line numbers",
        "check 'Line Numbers'",
    ],
)
async def test_a_switch_in_a_closed_menu_is_turned_on(tmp_path: Path, sentence: str) -> None:
    desktop = Editor(tmp_path)
    assert await said(desktop, sentence) == Done("Line Numbers is on.")
    assert desktop.on


async def test_a_switch_that_is_so_already_stays_so(tmp_path: Path) -> None:
    desktop = Editor(tmp_path)
    desktop.on = True
    assert await said(desktop, "turn on line numbers") == Done("Line Numbers is on already.")
    assert await said(desktop, "is line numbers on") == Done("Line Numbers is on.")
    assert await said(desktop, "hide line numbers") == Done("Line Numbers is off.")
    assert not desktop.on


async def test_a_switch_that_does_not_turn_is_not_said_to(tmp_path: Path) -> None:
    step = await said(Editor(tmp_path, works=False), "turn on line numbers")
    assert step == Fail("I clicked on Line Numbers, but it is still off.")


async def test_a_menu_entry_of_untold_state_is_left_alone(tmp_path: Path) -> None:
    """As of programs whose menus come from a model: to press it may turn it off."""
    desktop = Editor(tmp_path, role="menu item")
    step = await said(desktop, "turn on line numbers")
    assert isinstance(step, Fail)
    assert step.say.startswith("Line Numbers is in a menu, but ")
    assert "does not tell whether it is on" in step.say
    assert not desktop.on


async def test_what_cannot_be_switched_is_told_with_what_can(tmp_path: Path) -> None:
    step = await said(Editor(tmp_path), "turn on spell checking")
    assert isinstance(step, Fail)
    assert "I see no switch called spell checking" in step.say
    assert "Line Numbers" in step.say


async def waited(desktop: FakeDesktop, sentence: str, memo: str = "") -> Step:
    command = parse(sentence).commands[0]
    return await waiting.wait_for(
        Moment(desktop, await look(desktop), command, 1 if memo else 0, memo)
    )


async def test_a_window_that_is_there_is_not_waited_for(tmp_path: Path) -> None:
    desktop = FakeDesktop(home=tmp_path)
    title = desktop.shown[0].title
    step = await waiting.wait_for(
        Moment(desktop, await look(desktop), Command("wait_for", {"what": "open", "window": title}))
    )
    assert isinstance(step, Done)


async def test_a_wait_goes_on_and_ends_at_its_bound(tmp_path: Path) -> None:
    desktop = FakeDesktop(home=tmp_path)
    first = await waited(desktop, "wait until the terminal is open")
    assert isinstance(first, Act)
    assert first.calls[0].input == {"duration": 1}
    last = await waited(desktop, "wait until the terminal is open", f"{waiting._LOOKS}x1")
    assert last == Fail("I see no window called terminal yet. I stopped waiting.")


async def test_a_download_is_waited_for_by_its_file(tmp_path: Path) -> None:
    desktop = FakeDesktop(home=tmp_path)
    none = await waited(desktop, "wait until the download is done")
    assert none == Done("No download is under way that I can see.")
    (part := tmp_path / "film.mp4.part").write_bytes(b"x")
    going = await waited(desktop, "wait until the download is done")
    assert isinstance(going, Act)
    part.unlink()
    done = await waited(desktop, "wait until the download is done", going.memo)
    assert done == Done("The download is done.")


async def test_any_new_window_ends_the_wait_for_one(tmp_path: Path) -> None:
    desktop = FakeDesktop(home=tmp_path)
    going = await waited(desktop, "wait until the window opens")
    assert isinstance(going, Act)
    desktop.shown = (*desktop.shown, replace(desktop.shown[0], id=99, title="Find"))
    assert isinstance(await waited(desktop, "wait until the window opens", going.memo), Done)
