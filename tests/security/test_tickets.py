"""Tickets open one purpose of one session for a short time, in one process."""

from __future__ import annotations

import base64

import pytest

from dashboard.web.tickets import Tickets


class Time:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_ticket_opens_its_own_session_and_purpose() -> None:
    tickets = Tickets()
    assert tickets.check(tickets.issue("one", "desktop"), "desktop") == "one"


def test_a_ticket_for_another_purpose_is_void() -> None:
    """A voice ticket shows no desktop."""
    tickets = Tickets()
    assert tickets.check(tickets.issue("one", "voice"), "desktop") is None


def test_a_ticket_dies() -> None:
    time = Time()
    tickets = Tickets(now=time)
    ticket = tickets.issue("one", "desktop", ttl=60)
    time.now += 59
    assert tickets.check(ticket, "desktop") == "one"
    time.now += 1
    assert tickets.check(ticket, "desktop") is None


def test_a_ticket_of_another_start_is_void() -> None:
    assert Tickets().check(Tickets().issue("one", "desktop"), "desktop") is None


@pytest.mark.parametrize("place", [0, 20, 50, -1])
def test_a_ticket_that_was_touched_is_void(place: int) -> None:
    tickets = Tickets()
    ticket = tickets.issue("session", "desktop")
    other = "A" if ticket[place] != "A" else "B"
    touched = ticket[:place] + other + (ticket[place + 1 :] if place != -1 else "")
    assert tickets.check(touched, "desktop") is None


def test_a_ticket_with_letters_or_bits_that_count_for_nothing_is_void() -> None:
    tickets = Tickets()
    body = b"session\ndesktop\n99999999999999\nx"
    ticket = base64.urlsafe_b64encode(tickets._sign(body) + body).decode().rstrip("=")
    assert tickets.check(ticket, "desktop") == "session"
    assert len(ticket) % 4 == 2  # so that four bits of its last letter count for nothing
    assert tickets.check(ticket[:-1] + chr(ord(ticket[-1]) + 1), "desktop") is None
    assert tickets.check(f"{ticket[:9]}!{ticket[9:]}", "desktop") is None


@pytest.mark.parametrize("nonsense", ["", "x", "é", "====", "a" * 5000])
def test_nonsense_is_void(nonsense: str) -> None:
    assert Tickets().check(nonsense, "desktop") is None
