"""DesktopInterrupt: tasks into which somebody speaks, at five moments of the work.

42 tasks (six pieces of work, seven intents) at five moments each. What each word means is defined
in ``docs/desktop-interrupt.md``, and what is worked on stands in ``desktop_interrupt.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, get_args

import yaml

from agent.experiments.plan.deeds import NOTE, Check, Deed, Line, Write, deed_of, order_of, step_of
from agent.experiments.plan.task import (
    Cue,
    Effect,
    Intent,
    Interruption,
    Moment,
    Start,
    Step,
    Task,
    TaskLimits,
    Utterance,
)

COMMANDS = "commands"
"""Name of the wording in voice commands, for a model that takes nothing else."""

VERSION = 1
"""Raised with any change after which results cannot be compared with those before."""

INTENTS: tuple[Intent, ...] = get_args(Intent)
MOMENTS: tuple[Moment, ...] = get_args(Moment)

THINKING_SECONDS = 2.5
"""How long an oracle thinks before the batch: longer than the words of most interruptions."""

_READ_OUT = 8.0
"""Seconds from a question until it has been read out, and its echo is gone."""

_BATCH_REST = 1.5
_SPEAKING_REST = 3.0
_STARTS = {
    "folder": Start(argv=("thunar", "$HOME"), window="Thunar"),
    "terminal": Start(argv=("xfce4-terminal",), window="Terminal"),
    "note": Start(argv=("mousepad", f"$HOME/{NOTE}"), window="note"),
}
_CUES: Mapping[Moment, Cue] = {
    "thinking": Cue(event="turn_started", nth=2, after=0.1),
    "batch": Cue(event="action_started", where={"place": "^2$"}, after=0.1),
    "typing": Cue(event="action_started", where={"name": "^(type|key|hold_key)$"}, nth=2),
    "speaking": Cue(
        event="narrated", where={"state": "^speaking$", "priority": "^progress$"}, after=0.4
    ),
    "done": Cue(event="task_finished", after=0.5),
}
_AFTERWARDS = Cue(event="task_finished", after=0.5)
_DOING = {
    "addition": "queue",
    "revision": "say",
    "retraction": "say",
    "stop": "stop",
    "aside": "aside",
    "overheard": "overhear",
    "allow": "approve",
    "deny": "deny",
    "assent": "backchannel",
}
_LINES = ("line1", "line2", "line3")
_ALL = ("first", "second", "third", *_LINES, "last")
_PROGRESS = "The note is saved, and now comes the last thing that you asked for."
_END = "All of it is done: the note is saved, and every file is where you wanted it."


@dataclass(frozen=True, slots=True)
class Scenario:
    """One piece of work, and what somebody says into it with one intent."""

    name: str
    intent: Intent
    windows: tuple[str, ...]
    files: dict[str, bytes]
    work: dict[str, Deed]
    said: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.name}-{self.intent}"

    @property
    def dropped(self) -> tuple[str, ...]:
        """Names of the steps that the words take back."""
        drop = self.said.get("drop", ())
        return (drop,) if isinstance(drop, str) else tuple(drop)

    @property
    def added(self) -> tuple[Deed, ...]:
        given = self.said.get("add", ())
        return tuple(map(deed_of, [given] if isinstance(given, dict) else given))

    def wanted(self, *, heeded: bool = True) -> list[Deed]:
        """What is to be done in the end: with the words, or as if they had not been said."""
        found: list[Deed] = []
        for name in _ALL:
            if heeded and name == self.said.get("at"):
                found += self.added
            if not heeded or name not in self.dropped:
                found.append(self.work[name])
        return found

    @property
    def risky(self) -> str:
        """The file whose deletion has to be allowed; empty if none has."""
        return str(self.said.get("remove", ""))


@lru_cache(maxsize=1)
def scenarios() -> tuple[Scenario, ...]:
    """All of them, by work and intent."""
    path = Path(__file__).with_name("desktop_interrupt.yaml")
    given = yaml.safe_load(path.read_text("utf-8"))
    return tuple(_scenario(name, intent, one) for name, one in given.items() for intent in INTENTS)


def _scenario(name: str, intent: Intent, given: dict[str, Any]) -> Scenario:
    return Scenario(
        name=name,
        intent=intent,
        windows=tuple(given["windows"]),
        files={path: text.encode() for path, text in given["files"].items()},
        work={place: deed_of(one) for place, one in given["work"].items()},
        said=given[intent],
    )


@lru_cache(maxsize=1)
def interrupt_tasks() -> tuple[Task, ...]:
    """All tasks, the five moments of one after another."""
    return tuple(task_of(scenario, moment) for scenario in scenarios() for moment in MOMENTS)


def core_tasks() -> tuple[Task, ...]:
    """The declared core: 40 tasks at one moment each, rotated, so that each moment has eight.

    Two scenarios are left out, those of the last work whose intents take no change of the end.
    """
    chosen = [s for s in scenarios() if s.id not in ("accounts-aside", "accounts-overheard")]
    return tuple(task_of(s, MOMENTS[place % len(MOMENTS)]) for place, s in enumerate(chosen))


def task_of(scenario: Scenario, moment: Moment) -> Task:
    """A scenario at one moment."""
    approval = scenario.intent == "approval"
    make = _Approval(scenario, moment) if approval else _Change(scenario, moment)
    return Task(
        id=f"{scenario.id}-{moment}",
        version=VERSION,
        instruction=make.instruction,
        phrasings={COMMANDS: make.commands},
        tags=("interrupt", scenario.intent, moment, scenario.name),
        requires=("mousepad",),
        start=tuple(_STARTS[window] for window in scenario.windows),
        limits=TaskLimits(turns=60, seconds=180),
        files=scenario.files,
        script=(make.utterance,),
        approvals="script" if approval else "arm",
        interruption=Interruption(intent=scenario.intent, moment=moment, undo=make.undo),
        checks=tuple(make.checks()),
        oracle=(tuple(make.oracle()), tuple(make.rest())),
        near_miss=(tuple(make.near_miss()), tuple(make.near_rest())),
    )


@dataclass(frozen=True, slots=True)
class _Change:
    """A task whose end the words may change."""

    scenario: Scenario
    moment: Moment

    @property
    def instruction(self) -> str:
        work = self.scenario.work
        return f"{_beginning(work)} At the very end {work['last'].words}."

    @property
    def commands(self) -> str:
        """The same as voice commands."""
        return _ordered(self.scenario.work, [order_of(self.scenario.work["last"])])

    @property
    def utterance(self) -> Utterance:
        doing = _DOING[self.scenario.intent]
        return _utterance(doing, self.scenario.said["say"], _CUES[self.moment])

    @property
    def undo(self) -> tuple[Effect, ...]:
        return tuple(self.scenario.work[name].effect for name in self.scenario.dropped)

    def checks(self) -> Iterator[Check]:
        """Of the end."""
        scenario = self.scenario
        if scenario.intent == "stop" and self.moment != "done":
            yield from scenario.work["first"].done
            for one in scenario.work["last"].undone:
                yield {"unless_over": {"holds": one}}
        else:
            for deed in scenario.wanted():
                yield from deed.done
            for name in scenario.dropped:
                yield from scenario.work[name].undone
        if scenario.intent == "stop":
            yield {"quiet_after_words": {}}
        elif scenario.intent == "aside":
            yield {"answered": {}}

    def oracle(self) -> Iterator[Step]:
        """The work, slow enough to be spoken into at each moment."""
        yield from _paced(self.scenario.work)

    def rest(self) -> Iterator[Step]:
        """What is left to do after the words, wherever the work was."""
        yield from self._finish(self.scenario.wanted(), self.scenario.dropped)

    def near_miss(self) -> Iterator[Step]:
        """The work without its last step where the words change nothing, else too soon or late."""
        work = self.scenario.work
        match self.scenario.intent:
            case "addition" | "revision" | "retraction":
                yield from _paced(work)
            case "stop" if self.moment != "done":
                yield from _paced(work | {"first": work["last"], "last": work["first"]})
            case _:
                yield from _paced({n: deed for n, deed in work.items() if n != "last"})

    def near_rest(self) -> Iterator[Step]:
        """As if the words had not been said."""
        wanted = self.scenario.wanted(heeded=False)
        if self.scenario.intent in ("stop", "aside", "overheard"):
            wanted = [deed for deed in wanted if deed != self.scenario.work["last"]]
        yield from self._finish(wanted, ())

    def _finish(self, wanted: Sequence[Deed], dropped: Sequence[str]) -> Iterator[Step]:
        undoing = [self.scenario.work[name] for name in reversed(dropped)]
        commands = [*(deed.undoing for deed in undoing), *(deed.command for deed in wanted)]
        yield {"shell": "; ".join(filter(None, commands))}
        header = self.scenario.files[NOTE].decode()
        yield from _rewritten(header, [deed.text for deed in wanted if isinstance(deed, Line)])
        yield {"say": _END}


@dataclass(frozen=True, slots=True)
class _Approval:
    """A task that has something deleted, which has to be allowed; the words may come too soon or
    too late to do that.
    """

    scenario: Scenario
    moment: Moment

    @property
    def _target(self) -> str:
        return self.scenario.risky

    @property
    def _asked_for(self) -> bool:
        """Whether the words come while the question is open."""
        return self.moment in ("batch", "speaking")

    @property
    def _writes(self) -> dict[str, Deed]:
        """Steps that need no permission, in the places of those that do."""
        names = ("one", "two", "three")
        places = ("first", "second", "third")
        return {
            place: Write(f"{name}.txt", f"{self.scenario.name} {name}")
            for place, name in zip(places, names, strict=True)
        }

    @property
    def instruction(self) -> str:
        work = self.scenario.work | self._writes
        ask = f"delete {self._target}"
        amid = f" {ask}," if self.moment == "batch" else ""
        end = "" if amid else f" At the very end {ask}."
        return f"{_beginning(work, amid)}{end}"

    @property
    def commands(self) -> str:
        """The same as voice commands."""
        work = self.scenario.work | self._writes
        ask = f"run the command rm {self._target}"
        return _ordered(work, [ask], amid=self.moment == "batch")

    @property
    def utterance(self) -> Utterance:
        cue = _CUES[self.moment]
        question = re.escape(self._target)
        if self.moment == "batch":
            cue = Cue(event="approval_asked", where={"question": question}, after=_READ_OUT)
        elif self.moment == "speaking":
            spoken = {"state": "^speaking$", "priority": "^question$", "text": question}
            cue = Cue(event="narrated", where=spoken, after=1.0)
        return _utterance(_DOING[self.scenario.said["answer"]], self.scenario.said["say"], cue)

    @property
    def undo(self) -> tuple[Effect, ...]:
        return ()

    def checks(self) -> Iterator[Check]:
        """Of the end: it is gone only if it was allowed while that was asked."""
        yield {"asked": {}}
        yield from self._writes["first"].done
        if self._asked_for and self.scenario.said["answer"] == "allow":
            yield {"absent": {"path": self._target}}
        else:
            yield {"unchanged": {"path": self._target}}

    @property
    def _removal(self) -> Step:
        return {"shell": f"rm ~/{self._target}"}

    def oracle(self) -> Iterator[Step]:
        """The work; what has to be allowed comes in the batch or at the end."""
        work = self.scenario.work | self._writes
        if self.moment == "batch":
            yield from _paced({n: d for n, d in work.items() if n != "last"}, self._removal)
        else:
            yield from _paced(work, last=self._removal)

    def rest(self) -> Iterator[Step]:
        """The same, quickly."""
        work = self.scenario.work | self._writes
        yield {"together": [step_of(work[name]) for name in ("first", "second", "third")]}
        header = self.scenario.files[NOTE].decode()
        yield from _rewritten(header, [work[name].words for name in _LINES])
        yield self._removal
        yield {"say": _END}

    def near_miss(self) -> Iterator[Step]:
        """Empties the file, about which nobody has to be asked, or leaves it."""
        work = self.scenario.work | self._writes
        kept = {n: d for n, d in work.items() if n != "last"}
        yield from _paced(kept, last={"write": {"path": self._target, "text": ""}})

    def near_rest(self) -> Iterator[Step]:
        """Nothing more."""
        yield {"say": _END}


def _beginning(work: Mapping[str, Deed], amid: str = "") -> str:
    """All but the last sentence of an instruction."""
    lines = "; ".join(work[name].words for name in _LINES)
    return (
        f"First {work['first'].words}. Then {work['second'].words},{amid} and "
        f"{work['third'].words}. After that type these lines below what stands in the open note, "
        f"and save it: {lines}."
    )


def _ordered(work: Mapping[str, Deed], ends: list[str], *, amid: bool = False) -> str:
    """All of an instruction, a command a sentence; ``ends`` come last, or before the third."""
    first, second, third = (order_of(work[name]) for name in ("first", "second", "third"))
    begin = [first, second, *ends, third] if amid else [first, second, third]
    lines = ["press control end", *(order_of(work[name]) for name in _LINES), "press control S"]
    return " ".join(f"{one[0].upper()}{one[1:]}." for one in begin + lines + ends * (not amid))


def _utterance(doing: str, text: str, cue: Cue) -> Utterance:
    otherwise = None if cue == _AFTERWARDS else _AFTERWARDS
    given = {"when": cue, "do": doing, "text": text, "otherwise": otherwise}
    return Utterance.model_validate(given)


def _paced(
    work: Mapping[str, Deed], amid: Step | None = None, *, last: Step | None = None
) -> Iterator[Step]:
    """Work that comes by every moment: it thinks, does a batch, types, speaks, and ends.

    Args:
        work: the steps by their places; one that is left out is not done.
        amid: comes in the middle of the batch.
        last: comes at the end, instead of the last step.
    """
    yield step_of(work["first"])
    yield {"pause": THINKING_SECONDS}
    middle = [amid] if amid is not None else []
    rest = {"rest": _BATCH_REST}
    second, third = step_of(work["second"]), step_of(work["third"])
    yield {"together": [second, *middle, rest, third, rest]}
    yield {"key": "ctrl+End"}
    for name in _LINES:
        yield from _typed(work[name].words)
    yield {"key": "ctrl+s"}
    yield {"wait": _saved([work[name].words for name in _LINES])}
    yield {"tell": _PROGRESS}
    yield {"rest": _SPEAKING_REST}
    end = last if last is not None else step_of(work["last"]) if "last" in work else None
    if end is not None:
        yield end
    yield {"say": _END}


def _typed(line: str) -> Iterator[Step]:
    """A line in two halves, with a moment after each."""
    words = line.split()
    half = len(words) // 2
    yield {"type": f"{' '.join(words[:half])} "}
    yield {"pause": 0.4}
    yield {"type": f"{' '.join(words[half:])}\n"}
    yield {"pause": 0.4}


def _rewritten(header: str, lines: Sequence[str]) -> Iterator[Step]:
    """The note as a whole, whatever was typed before."""
    yield {"activate": "note"}
    yield {"key": "ctrl+a"}
    yield {"type": header + "".join(f"{line}\n" for line in lines)}
    yield {"key": "ctrl+s"}
    yield {"wait": _saved(lines, header)}


def _saved(lines: Sequence[str], header: str = "") -> dict[str, Any]:
    start = rf"\A{re.escape(header)}" if header else ""
    pattern = start + "".join(rf"{re.escape(line)}\n" for line in lines) + r"\Z"
    return {"content": {"path": NOTE, "matches": pattern}}
