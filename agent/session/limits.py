"""Limits on turns, tokens, money and time, and the detection of going round in circles.

Turns and seconds count within a task, tokens and dollars over the session. Each is warned
of once at 80 % and asked about at 100 %; a yes doubles what was asked for. Tokens that the
cache gave back do not count, nor does time in which the agent waited for the person.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from agent.models.base import Budget
from agent.record import events as ev
from agent.session.describe import SAME_ACTIONS, amount
from agent.settings import Settings

WARN_SHARE = 0.8
REPEATS = 3
"""The same actions on the same screen, so often, are a circle."""

_WINDOW = 12
"""Turns that are looked back over for a circle."""

Name = Literal["turns", "tokens", "dollars", "seconds", "loop"]
_WAITS_BEGIN = ("approval_asked", "question_asked", "hold_began", "control_taken")
_WAITS_END = ("approval_decided", "question_answered", "hold_ended", "control_returned")


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that wants attention: warned of (share below 1) or reached."""

    limit: Name
    used: float
    allowed: float

    @property
    def share(self) -> float:
        return self.used / self.allowed


class Limits:
    """A reading of the log against the settings. Feed it every event in order."""

    def __init__(self, settings: Settings) -> None:
        self._base = _bases(settings)
        self._allowed = dict(self._base)
        self._used: dict[Name, float] = dict.fromkeys(self._base, 0.0)
        self._warned: set[Name] = set()
        self._began = 0.0
        """Tokens that were used before the model's conversation began."""

        self._since: float | None = None
        self._waiting = 0
        self._reset_circle()

    def follow(self, settings: Settings) -> None:
        """Other limits from now on; what the person allowed on top of the old ones stays."""
        for name, base in _bases(settings).items():
            if base != self._base[name]:
                self._allowed[name] += base - self._base[name]
                self._base[name] = base
                self._warned.discard(name)

    def add(self, event: ev.Event, at: float | None = None) -> None:
        """Take in the next event, which happened ``at`` (default: as it is stamped).

        All times that a `Limits` is told are seconds on one scale.
        """
        self._count_time(event, event.at if at is None else at)
        match event:
            case ev.TaskStarted():
                self._new_task()
            case ev.TurnStarted():
                self._used["turns"] += 1
                self._close_signature()
            case ev.TurnFinished():
                self._used["tokens"] += event.usage.fresh
                self._used["dollars"] += event.usage.dollars
            case ev.Compacted():
                self._began = self._used["tokens"]
            case ev.TextStreamed(role="text" | "progress"):
                self._words.append(event.text)
            case ev.ActionProposed():
                self._actions.append(event.action_hash)
            case ev.ActionFinished() if event.image is not None:
                self._screen = event.image.sha256
            case ev.ScreenSeen() if event.image is not None:
                self._screen = event.image.sha256
            case ev.UserMessage(origin="person"):
                self._reset_circle()
            case ev.LimitReached():
                self._warned.add(event.limit)
            case ev.LimitExtended():
                self._extend(event.limit, event.allowed)
            case _:
                pass

    @property
    def budget(self) -> Budget:
        """The limit on tokens, as the model is told of it."""
        total = self._allowed["tokens"]
        return Budget(int(total), int(max(0.0, total - self._began)))

    def excesses(self, now: float) -> Iterator[Excess]:
        """What is to be warned of or asked about at the time ``now``, reached ones first."""
        self._close_signature()
        used = {**self._used, "seconds": self._seconds(now)}
        found = [Excess(name, used[name], self._allowed[name]) for name in self._base]
        for excess in sorted(found, key=lambda e: -e.share):
            warn = excess.limit != "loop" and excess.limit not in self._warned
            if excess.share >= 1 or (excess.share >= WARN_SHARE and warn):
                yield excess

    def overtime(self, now: float) -> Excess | None:
        """The limit on time, if it is reached at the time ``now``."""
        excess = Excess("seconds", self._seconds(now), self._allowed["seconds"])
        return excess if excess.share >= 1 else None

    def time_left(self, now: float) -> float | None:
        """Seconds until the limit on time; None while no time counts."""
        if self._since is None or self._waiting:
            return None
        return self._allowed["seconds"] - self._seconds(now)

    def _seconds(self, now: float) -> float:
        since = None if self._waiting else self._since
        return self._used["seconds"] + (0.0 if since is None else max(0.0, now - since))

    def extended(self, limit: Name) -> float:
        """What would be allowed after a yes: twice as much as now, or as was used."""
        if limit == "loop":
            return self._base[limit]
        return 2 * max(self._allowed[limit], self._used[limit])

    def _extend(self, limit: Name, allowed: float | None) -> None:
        self._allowed[limit] = allowed or self.extended(limit)
        self._warned.discard(limit)
        if limit == "loop":
            self._reset_circle()

    def _new_task(self) -> None:
        for name in ("turns", "seconds"):
            self._used[name] = 0.0
            self._allowed[name] = self._base[name]
            self._warned.discard(name)
        self._reset_circle()

    def _count_time(self, event: ev.Event, at: float) -> None:
        if self._since is not None and not self._waiting:
            self._used["seconds"] += max(0.0, at - self._since)
        if isinstance(event, ev.TaskStarted):
            self._waiting = 0
        elif event.kind in _WAITS_BEGIN:
            self._waiting += 1
        elif event.kind in _WAITS_END:
            self._waiting = max(0, self._waiting - 1)
        working = not isinstance(event, ev.TaskFinished | ev.SessionOpened)
        counting = self._since is not None or isinstance(event, ev.TaskStarted)
        self._since = at if working and counting else None

    def _reset_circle(self) -> None:
        self._actions: list[str] = []
        self._words: list[str] = []
        self._screen = ""
        self._before: tuple[str, ...] = ()
        self._same = 0
        self._past: deque[tuple[str, ...]] = deque(maxlen=_WINDOW)
        self._used["loop"] = 0.0

    def _close_signature(self) -> None:
        """A turn's actions and the screen they led to are one entry of the look-back."""
        if not self._actions:
            self._words = []
            return
        signature = (*self._actions, self._screen)
        self._past.append(signature)
        done = (*self._actions, "".join(self._words).strip())
        self._same = self._same + 1 if done == self._before else 1
        self._before, self._actions, self._words = done, [], []
        often = self._same if self._same >= SAME_ACTIONS else self._past.count(signature)
        self._used["loop"] = float(often)


def _bases(settings: Settings) -> dict[Name, float]:
    return {
        "turns": settings.max_turns,
        "tokens": settings.max_tokens,
        "dollars": settings.max_dollars,
        "seconds": settings.max_seconds,
        "loop": REPEATS,
    }


_YES_WORDS = "yes|yeah|yep|sure|okay|ok|go on|go ahead|continue|keep going"
_YES = re.compile(rf"^\W*({_YES_WORDS})\b", re.IGNORECASE)
_NO = re.compile(
    r"^\W*(no|nope|stop|cancel|enough|that's enough|end|quit|never ?mind)\b|^\W*$", re.IGNORECASE
)


_COURTESY = "please|thanks|thank you|do( it| so| that)?|with it|then|fine|of course"
_NOTHING_ELSE = re.compile(rf"\W*(({_YES_WORDS}|{_COURTESY})\W*)+", re.IGNORECASE)


def agrees(answer: str) -> bool:
    """Whether an answer to a limit's question is a yes."""
    return bool(_YES.match(answer))


def says_more(answer: str) -> bool:
    """Whether it has words that the agent should hear: a yes with conditions, another request."""
    return not _NOTHING_ELSE.fullmatch(answer)


def refuses(answer: str) -> bool:
    """Whether it is a no; silence is one."""
    return bool(_NO.match(answer))


def _circle(times: int) -> str:
    if times >= SAME_ACTIONS:
        return f"I have done the same thing {times} times, one after the other."
    return f"I have tried the same thing {times} times and the screen is the same."


def question_for(excess: Excess) -> str:
    """What the person is asked when a limit is reached."""
    allowed = amount(excess.limit, excess.allowed)
    used = {
        "turns": f"I have used all {allowed} of this task.",
        "tokens": f"I have used all {allowed} of this session.",
        "dollars": f"I have used the {allowed} of this session.",
        "seconds": f"I have worked on this for {allowed}.",
        "loop": _circle(round(excess.used)),
    }[excess.limit]
    return f"{used} Shall I go on? Say yes, no, or what to do differently."
