"""Numbers over the screen and turns that are cut: what is drawn is what can be said."""

from __future__ import annotations

from agent.desktop.base import Box, Node
from agent.models.base import Labelled, ModelRequest
from agent.models.offline.model import OfflineModel
from agent.models.offline.overlay import Overlay
from agent.testing.fake_desktop import FakeDesktop


def request(*said: str) -> ModelRequest:
    messages = [{"role": "user", "content": [{"type": "text", "text": text}]} for text in said]
    return ModelRequest(system="", messages=messages, tools=[], display=(128, 80))


async def drawn(model: OfflineModel, *said: str) -> list[Labelled]:
    return [part async for part in model.stream(request(*said)) if isinstance(part, Labelled)]


async def test_what_a_cut_turn_took_away_is_told_by_the_next() -> None:
    """The grid goes at once, but a turn that is cut before its first part has told nobody."""
    model = OfflineModel(FakeDesktop())
    [grid] = await drawn(model, "show grid")
    assert len(grid.labels) == 9
    cut = model.stream(request("hide grid"))
    assert isinstance(await anext(cut), Labelled)
    await cut.aclose()
    assert [part.labels for part in await drawn(model, "what time is it")] == [()]
    assert await drawn(model, "what time is it") == []


def test_a_number_keeps_little_of_a_long_name() -> None:
    """A page may name a thing with as many letters as it likes, and there are 120 numbers."""
    long = Node("n", None, "app", "link", "x" * 100_000, Box(0, 0, 9, 9))
    [label] = Overlay((long,)).labels()
    assert len(label.name) < 200
