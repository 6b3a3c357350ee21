"""The conversation's latencies, from the log of a session that somebody talks to."""

from __future__ import annotations

import asyncio
import re
import sys

import numpy as np
import voices
from dialogue import Dialogue, Player, Stage

from agent.record.events import Event, Heard, Measured, Stopped

Times = dict[str, list[float]]

DUCKED = "speech onset → ducked"
SILENT = "speech onset → silent (real interruption)"
HALTED = "stop word's end → last input event"
ACTION = "end of utterance → first action"
SOUND = "end of utterance → first sound"
TRANSCRIPT = "end of utterance → transcript"
HELD = "speech onset → agent held"
FADE = 30.0
"""Milliseconds of the fade that ends a sound which is cut."""

TASKS = ("Open the text editor.", "Press escape.", "Open the file manager.", "Scroll down.")

_SEEN_DONE = {"expect": {"task_finished": {}}}


def _rounds(number: int) -> Dialogue:
    """A task; a stop; an interruption of a long answer."""
    heard = {"narrated": {"state": "~heard|cut"}}
    steps = [
        {"say": TASKS[number % len(TASKS)], "voice": voices.NATURAL[number % 2]},
        _SEEN_DONE,
        {"expect": heard},
        {"type": "wait 60 seconds"},
        {"say": "Stop.", "voice": voices.NATURAL[number % 2], "after": {"action_started": {}}},
        {"expect": {"stopped": {}}},
        {"expect": {"understood": {"meaning": "stop"}}},
        {"type": "What can I say?"},
        {
            "say": "Okay, thank you very much.",
            "voice": voices.NATURAL[(number + 1) % 2],
            "after": {"narrated": {"state": "speaking", "priority": "result"}},
        },
        {"expect": {"understood": {}}},
    ]
    return Dialogue.model_validate({"title": f"round {number}", "steps": steps})


async def talk(stage: Stage, rounds: int) -> Times:
    """Play ``rounds`` and read the latencies off the log; a round that goes wrong is told."""
    for number in range(rounds):
        try:
            await Player(stage).play(_rounds(number))
        except AssertionError as error:
            print(f"  {re.split('Since then', str(error))[0].strip()}", file=sys.stderr)
        await asyncio.sleep(0.5)
    return read(stage.events())


def read(events: list[Event]) -> Times:
    """Times in milliseconds, by name."""
    lanes: dict[tuple[str, str], float] = {}
    out: Times = {}
    for event in events:
        if isinstance(event, Measured):
            lanes[event.lane, event.subject] = event.milliseconds
            _single(event, out)
    for (lane, utterance), value in lanes.items():
        late = lanes.get(("end_to_transcript", utterance))
        if late is not None and lane in ("utterance_to_action", "utterance_to_sound"):
            name = ACTION if lane.endswith("action") else SOUND
            if value < 10_000:
                out.setdefault(name, []).append(value + late)
    out[HALTED] = _halts(events, lanes)
    return out


def _single(event: Measured, out: Times) -> None:
    table = {
        "onset_to_duck": (DUCKED, 0.0),
        "onset_to_interruption": (SILENT, FADE),
        "end_to_transcript": (TRANSCRIPT, 0.0),
        "onset_to_hold": (HELD, 0.0),
    }
    if event.lane in table:
        name, more = table[event.lane]
        out.setdefault(name, []).append(event.milliseconds + more)


def _halts(events: list[Event], lanes: dict[tuple[str, str], float]) -> list[float]:
    """The input driver is halted before ``Stopped`` is written: nothing is input after it."""
    found = []
    for place, event in enumerate(events):
        if not (isinstance(event, Stopped) and event.source == "voice"):
            continue
        rest = (e for e in events[place:] if isinstance(e, Heard) and not e.interim)
        final = next(rest, None)
        late = lanes.get(("end_to_transcript", final.utterance_id)) if final else None
        if final is not None and late is not None:
            found.append((event.at - final.at) * 1000 + late)
    return found


def percentiles(values: list[float]) -> tuple[float, float, float]:
    """p50, p95, p99; not a number without values."""
    p50, p95, p99 = np.percentile(values or [float("nan")], [50, 95, 99])
    return float(p50), float(p95), float(p99)
