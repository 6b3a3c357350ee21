"""A real desktop, its gate, and forty ways to reach what may not be reached.

What stands for the machine's own services listens on all addresses of this machine, and counts
who comes. Nothing beyond it is contacted.
"""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from ways_out import GATE, MARK, Guard, attempts, own_address, services, visit

from agent.desktop import VirtualDesktop
from agent.network.policy import Mode, Place

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize("mode", [None, "off", "listed", "open"])
async def test_no_way_leads_to_this_machine_or_its_neighbours(
    desktop: VirtualDesktop, mode: Mode | None
) -> None:
    desktop.guard_network(Guard(mode))
    async with services() as own:
        tries = attempts(own.port, own.abstract)
        assert len(tries) >= 40
        results = await visit(desktop, tries)
        assert own.visits == []
        assert [r for r in results if MARK in r or " 200 " in r] == []


async def test_what_was_named_at_the_start_is_reached_and_nothing_beside_it(
    desktop: VirtualDesktop,
) -> None:
    """The same ways do lead somewhere, where they may."""
    async with services() as own, services() as other:
        address = own_address()
        desktop.guard_network(Guard("listed", (Place(address, own.port),)))
        requests = [
            f"GET http://{address}:{port}/ HTTP/1.1\r\n\r\n" for port in (own.port, other.port)
        ]
        named, beside = await visit(desktop, [("tcp", GATE, each) for each in requests])
        assert MARK in named
        assert beside.startswith("HTTP/1.1 403 ")
        assert (len(own.visits), len(other.visits)) == (1, 0)


async def test_programs_find_the_gate_and_what_it_says_by_themselves(
    desktop: VirtualDesktop,
) -> None:
    desktop.guard_network(Guard("off"))
    said = b""
    process = await desktop.spawn(["curl", "-sS", "--max-time", "20", "http://example.org/"])
    async for piece in await process.read():
        said += piece
    assert b"The network of this desktop is off" in said
    assert b"Settings" in said


async def test_a_gate_that_dies_is_told_and_opened_anew_and_who_connects_meanwhile_waits(
    desktop: VirtualDesktop,
) -> None:
    guard = Guard("off")
    desktop.guard_network(guard)
    assert desktop.gate is not None
    before = desktop.gate.pid
    os.kill(before, signal.SIGKILL)
    [result] = await visit(desktop, [("tcp", GATE, "CONNECT example.org:443 HTTP/1.1\r\n\r\n")])
    assert result.startswith("HTTP/1.1 403 ")
    assert await asyncio.wait_for(guard.states.get(), 30) == "restarted"
    assert desktop.gate.pid not in (0, before)


async def test_a_gate_that_hangs_is_ended_and_opened_anew(
    desktop: VirtualDesktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from agent.network import gate

    monkeypatch.setattr(gate, "_LOOK", 0.1)
    monkeypatch.setattr(gate, "_PATIENCE", 1.0)
    guard = Guard("off")
    desktop.guard_network(guard)
    assert desktop.gate is not None
    os.kill(desktop.gate.pid, signal.SIGKILL)  # the next one is looked at as often as that
    assert await asyncio.wait_for(guard.states.get(), 30) == "restarted"
    while not desktop.gate.pid:
        await asyncio.sleep(0.01)
    os.kill(desktop.gate.pid, signal.SIGSTOP)
    assert await asyncio.wait_for(guard.states.get(), 30) == "restarted"
    [result] = await visit(desktop, [("tcp", GATE, "CONNECT example.org:443 HTTP/1.1\r\n\r\n")])
    assert result.startswith("HTTP/1.1 403 ")
