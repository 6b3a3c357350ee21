"""Stop means stop: nothing stays pressed, nothing goes on, whatever else hangs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from screens import open_window, text_of, until
from Xlib import X

from agent.desktop import VirtualDesktop
from agent.desktop.act.strokes import Gate
from agent.desktop.server.connection import open_display
from agent.errors import BadInput, InputHalted
from agent.testing.slow_window import SlowWindow

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def pad(empty: VirtualDesktop) -> AsyncIterator[SlowWindow]:
    """A bare window that notes what reaches it."""
    window = SlowWindow(empty.env, ())
    yield window
    window.close()


async def test_a_stopped_action_stays_stopped_however_late_it_wakes() -> None:
    """Stopped and resumed while it slept, or before it began; the next one runs."""
    gate = Gate()

    def stop_and_resume() -> None:
        gate.halted = True
        gate.cancel()
        gate.halted = False

    def sleeps() -> None:
        stop_and_resume()
        gate.pause(0)

    with pytest.raises(InputHalted):
        gate.begin(sleeps)()
    waiting = gate.begin(gate.check)
    stop_and_resume()
    with pytest.raises(InputHalted):
        waiting()
    gate.begin(gate.check)()


def pressed(desktop: VirtualDesktop) -> tuple[list[int], int]:
    """Key codes that the server holds for pressed, and its buttons' mask."""
    display = open_display(desktop.env)
    try:
        bits = display.query_keymap()
        codes = [n for n in range(256) if bits[n // 8] & (1 << (n % 8))]
        mask = display.screen().root.query_pointer().mask
        return codes, mask & (X.Button1Mask | X.Button2Mask | X.Button3Mask)
    finally:
        display.close()


async def held(desktop: VirtualDesktop) -> bool:
    return any(await asyncio.to_thread(pressed, desktop))


async def free(desktop: VirtualDesktop) -> bool:
    return not await held(desktop)


async def test_halt_releases_what_an_action_holds_and_ends_it(empty: VirtualDesktop) -> None:
    action = asyncio.create_task(empty.input.hold_key("ctrl+shift+a", 60))
    await until(lambda: held(empty))
    assert set(empty.input.halt()) == {"ctrl", "shift", "a"}
    with pytest.raises(InputHalted):
        await asyncio.wait_for(action, 30)
    await until(lambda: free(empty))


async def test_after_halt_every_action_is_refused_until_resumed(
    empty: VirtualDesktop, pad: SlowWindow
) -> None:
    hands = empty.input
    hands.halt()
    for refused in (
        hands.move(1, 1),
        hands.click(*pad.center),
        hands.drag((1, 1), (5, 5)),
        hands.button_down(),
        hands.scroll("down", 1, *pad.center),
        hands.key("a"),
        hands.hold_key("a", 1),
        hands.type("a"),
    ):
        with pytest.raises(InputHalted, match="resumed"):
            await refused
    assert hands.halted
    hands.resume()
    await hands.click(*pad.center)

    async def arrived() -> bool:
        return len(pad.presses) == 1

    await until(arrived)
    assert not pad.keys


async def test_resuming_at_once_does_not_revive_the_stopped_action(empty: VirtualDesktop) -> None:
    await open_window(empty, "mousepad", title="Mousepad")
    await empty.input.type("kept")
    action = asyncio.create_task(empty.input.hold_key("b", 60))
    await until(lambda: held(empty))
    empty.input.halt()
    empty.input.resume()
    with pytest.raises(InputHalted):
        await action
    await empty.input.key("ctrl+a")
    await empty.input.type("new")

    async def only_new() -> bool:
        return await text_of(empty, "text") == "new"

    await until(only_new)


async def test_halt_cuts_typing_short(empty: VirtualDesktop) -> None:
    await open_window(empty, "mousepad", title="Mousepad")
    text = "0123456789" * 15_000
    action = asyncio.create_task(empty.input.type(text))

    async def begun() -> bool:
        return len(await text_of(empty, "text")) > 0

    await until(begun)
    empty.input.halt()
    with pytest.raises(InputHalted):
        await action
    length = len(await text_of(empty, "text"))
    assert 0 < length < len(text)
    await until(lambda: free(empty))


async def test_a_cancelled_drag_lets_go_of_the_button(
    empty: VirtualDesktop, pad: SlowWindow
) -> None:
    x, y = pad.center
    action = asyncio.create_task(empty.input.drag((x, y), (x + 50, y), modifiers="shift"))

    async def dragging() -> bool:
        return bool((await asyncio.to_thread(pressed, empty))[1])

    await until(dragging)
    action.cancel()
    with pytest.raises(asyncio.CancelledError):
        await action
    assert await free(empty)
    await empty.input.click(x, y)  # and the driver goes on


async def test_a_held_button_is_let_go_by_release_all_and_named(
    empty: VirtualDesktop, pad: SlowWindow
) -> None:
    await empty.input.move(*pad.center)
    await empty.input.button_down("left")
    assert await held(empty)
    assert empty.input.release_all() == ("left button",)
    await until(lambda: free(empty))
    assert empty.input.release_all() == ()


async def test_halt_works_while_the_input_thread_hangs(
    empty: VirtualDesktop, pad: SlowWindow
) -> None:
    """The emergency has a connection of its own."""
    import threading

    stuck = threading.Event()
    await empty.input.move(*pad.center)
    await empty.input.button_down("right")
    worker = empty.input._worker
    assert worker
    hanging = asyncio.create_task(worker.run(stuck.wait))
    try:
        assert await asyncio.to_thread(empty.input.halt) == ("right button",)
        await until(lambda: free(empty))
    finally:
        stuck.set()
        await hanging


async def test_when_halt_returns_the_server_has_released(
    empty: VirtualDesktop, pad: SlowWindow
) -> None:
    """Nothing of it is left to a queue: another client sees all up at once, ten times of ten."""
    await empty.input.move(*pad.center)
    for _ in range(10):
        empty.input.resume()
        await empty.input.button_down("middle")
        assert await held(empty)
        empty.input.halt()
        assert await free(empty)


BAD = [
    (lambda i: i.key("Retrun"), "Return"),
    (lambda i: i.key("ctrl+"), "empty"),
    (lambda i: i.key(""), "empty"),
    (lambda i: i.key("x" * 500), "too long"),
    (lambda i: i.key("a", repeat=0), "repeat"),
    (lambda i: i.key(5), "name"),
    (lambda i: i.hold_key("a", -1), "duration"),
    (lambda i: i.hold_key("a", 1e9), "duration"),
    (lambda i: i.hold_key("a", float("nan")), "duration"),
    (lambda i: i.hold_key("a", "1"), "duration"),
    (lambda i: i.click(1280, 0), "outside"),
    (lambda i: i.click(-1, 5), "outside"),
    (lambda i: i.click(1.5, 5), "whole"),
    (lambda i: i.click(5), "both"),
    (lambda i: i.click(5, 5, count=7), "count"),
    (lambda i: i.click(5, 5, button="fourth"), "button"),
    (lambda i: i.click(5, 5, modifiers="a"), "modifier"),
    (lambda i: i.drag((0, 0), (0, 900)), "outside"),
    (lambda i: i.scroll("sideways", 1), "direction"),
    (lambda i: i.scroll("down", -3), "amount"),
    (lambda i: i.scroll("down", 10_000), "amount"),
    (lambda i: i.move(10, "10"), "whole"),
]


@pytest.mark.parametrize(("call", "words"), BAD)
async def test_bad_input_is_refused_in_words_and_presses_nothing(
    desktop: VirtualDesktop, call: Callable[[Any], Awaitable[None]], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        await call(desktop.input)
    assert await free(desktop)


async def test_two_clicks_on_one_spot_are_no_double_click(
    empty: VirtualDesktop, pad: SlowWindow
) -> None:
    await empty.input.click(*pad.center)
    await empty.input.click(*pad.center)
    await empty.input.click(*pad.center, count=2, button="right", modifiers="ctrl")

    async def all_arrived() -> bool:
        return len(pad.presses) == 4

    await until(all_arrived)
    (first, *_), (second, *_), (third, button, state), (fourth, *_) = pad.presses
    assert second - first > 0.4
    assert fourth - third < 0.4
    assert button == 3
    assert state & X.ControlMask


async def test_scrolling_turns_the_wheel_with_modifiers(
    empty: VirtualDesktop, pad: SlowWindow
) -> None:
    await empty.input.scroll("down", 3, *pad.center, modifiers="ctrl")
    await empty.input.scroll("left", 1)

    async def all_arrived() -> bool:
        return len(pad.presses) == 4

    await until(all_arrived)
    assert [button for _, button, _ in pad.presses] == [5, 5, 5, 6]
    assert all(state & X.ControlMask for _, _, state in pad.presses[:3])


async def test_keys_are_known_by_many_names(empty: VirtualDesktop) -> None:
    await open_window(empty, "mousepad", title="Mousepad")
    await empty.input.type("one")
    for combo in ("enter", "T", "shift+w", "o", "Return", "plus", "+", "BackSpace", "space", "é"):
        await empty.input.key(combo)
    await empty.input.key("ctrl+Home Delete")
    await empty.input.key("x", repeat=3)

    async def typed() -> bool:
        return await text_of(empty, "text") == "xxxne\nTWo\n+ é"

    await until(typed)


async def test_a_drag_selects_text(empty: VirtualDesktop) -> None:
    window = await open_window(empty, "mousepad", title="Mousepad")
    await empty.input.type("drag over me")
    y = window.box.y + 63
    await empty.input.drag((window.box.x + 29, y), (window.box.x + 500, y))
    await empty.settle()
    await empty.input.key("ctrl+c")

    async def copied() -> bool:
        return await empty.input.clipboard() == "drag over me"

    await until(copied)


async def test_the_pointer_is_where_it_was_moved(empty: VirtualDesktop) -> None:
    await empty.input.move(1279, 799)
    assert await empty.input.position() == (1279, 799)
