"""Numbers and a grid over the screen: what they stand for, how they end, what they do."""

from __future__ import annotations

import pytest
from planner_driver import Driver
from screens import until

from agent.desktop.base import Box
from agent.models.base import Labelled, ModelRequest
from agent.models.offline.overlay import squares
from agent.record.events import ScreenLabel

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


class Seer(Driver):
    """Remembers what is drawn."""

    drawn: tuple[ScreenLabel, ...] = ()
    grid = False

    async def see(self, text: str) -> str:
        """Say something, and note what is drawn afterwards."""
        stream = self.model.stream

        async def watched(request: ModelRequest):
            async for part in stream(request):
                if isinstance(part, Labelled):
                    self.drawn, self.grid = part.labels, part.grid
                yield part

        self.model.stream = watched
        try:
            return await self.say(text)
        finally:
            self.model.stream = stream

    def number(self, name: str) -> str:
        [label] = [label for label in self.drawn if label.name == name]
        return label.text


@pytest.fixture
def seer(talk: Driver) -> Seer:
    return Seer(talk.desktop)


async def test_a_number_is_clicked_and_then_all_are_gone(seer: Seer) -> None:
    await seer.say("open the text editor")
    said = await seer.see("show numbers here")
    assert said.startswith(f"The numbers 1 to {len(seer.drawn)} are shown.")
    assert {"File", "Edit"} <= {label.name for label in seer.drawn}
    said = await seer.see(f"click {seer.number('File')}")
    assert said.startswith("Clicked File.")
    assert seer.drawn == ()
    await seer.say("press escape")
    assert await seer.say("click 3") == "No numbers are shown. Say: show numbers."
    assert seer.calls == []


async def test_numbers_everywhere_name_what_shows_and_nothing_under_it(seer: Seer) -> None:
    await seer.say("open the text editor")
    await seer.say("open the file manager and maximise it")
    await seer.see("show numbers")
    names = [label.name for label in seer.drawn]
    assert "Applications" in names
    assert "Documents" in names
    assert "folder" not in names  # of a row only the name has a number
    assert "Search" not in names  # the editor's menu, which the file manager covers


async def test_a_number_whose_thing_is_gone_is_not_clicked(seer: Seer) -> None:
    await seer.say("open the text editor")
    await seer.see("show numbers here")
    number = seer.number("Edit")
    [window] = [w for w in await seer.desktop.windows() if "Mousepad" in w.wm_class]
    assert window.pid is not None
    await (await seer.desktop.spawn(["kill", str(window.pid)])).wait()

    async def closed() -> bool:
        return not await seer.titles()

    await until(closed)
    said = await seer.say(f"click {number}")
    assert said == f"What had the number {number} is not there any more. Say: show numbers."
    assert seer.calls == []


@pytest.mark.parametrize("number", ["0", "121", "4000"])
async def test_a_number_that_is_not_shown_is_refused(seer: Seer, number: str) -> None:
    await seer.say("open the text editor")
    await seer.see("show numbers here")
    last = len(seer.drawn)
    said = await seer.say(f"click {number}")
    assert said == f"There is no number {number}: they go from 1 to {last}."


async def test_the_grid_closes_in_on_a_point_and_clicks_there(seer: Seer) -> None:
    await seer.see("show grid")
    assert seer.grid
    assert len(seer.drawn) == 9
    whole = Box(0, 0, *seer.desktop.size)
    assert seer.drawn[4].box == tuple(sides(squares(whole)[4]))
    await seer.see("5")
    await seer.see("three")
    closer = squares(squares(whole)[4])[2]
    assert seer.drawn[0].box == tuple(sides(squares(closer)[0]))
    await seer.see("click")
    assert seer.drawn == ()
    assert seer.calls[0].input["coordinate"] == list(closer.center)
    await seer.see("mouse grid 5 3")
    assert seer.drawn[0].box == tuple(sides(squares(closer)[0]))
    await seer.see("hide grid")
    assert seer.drawn == ()
    assert await seer.say("mouse grid 5 0") != ""
    assert seer.drawn == ()


async def test_something_is_dragged_from_a_mark_to_a_number(seer: Seer) -> None:
    (seer.desktop.home / "notes.txt").write_text("x")
    await seer.say("open the file manager")
    await seer.see("show numbers here")
    assert "Nothing is marked" in await seer.say(f"drag to {seer.drawn[0].text}")
    await seer.see(f"mark {seer.number('notes.txt')}")
    [row] = [n for n in seer.drawn if n.name == "Documents" and n.box[0] > 150]
    await seer.see(f"drag to {row.text}")

    async def moved() -> bool:
        return (seer.desktop.home / "Documents/notes.txt").exists()

    await until(moved)


async def test_a_mark_ends_with_the_next_act(seer: Seer) -> None:
    """After scrolling, something else may lie there."""
    await seer.say("open the file manager")
    await seer.see("show numbers here")
    await seer.see("mark 1")
    await seer.say("scroll down")
    await seer.see("show numbers here")
    assert "Nothing is marked" in await seer.say("drag to 2")
    assert seer.calls == []


def sides(box: Box) -> tuple[int, int, int, int]:
    return box.x, box.y, box.width, box.height
