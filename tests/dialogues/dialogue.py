"""Voice tests as data: say this, expect that event in the log, expect the absence of another.

The language is described in ``docs/voice.md``. A dialogue runs against a `Stage`: the raw
protocol (`wire.py`) or a page in a real browser (`page_stage.py`).
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import room
import voices
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.desktop.base import Window
from agent.record.events import Event, Narrated

PATIENCE = 25.0
"""Seconds to wait when a step does not say how long: generous, for slow machines."""

Pattern = dict[str, dict[str, Any]]
"""``{kind: {field: value}}``; a string value that begins with ``~`` is a regular expression."""


class Stage(Protocol):
    """Where a dialogue is played."""

    def events(self) -> list[Event]: ...
    async def say(self, samples: voices.Samples) -> None: ...
    async def type(self, text: str) -> None: ...
    async def drop(self) -> None: ...
    async def windows(self) -> list[Window]: ...
    async def text(self, app: str) -> str: ...
    def sound_of(self, text: str) -> str: ...


class Echoing(Stage, Protocol):
    """A stage whose microphone can hear its loudspeaker."""

    async def echo(self, level: float) -> None: ...


class Trouble(Stage, Protocol):
    """A stage on which things go wrong on demand, and on which a person can look and press."""

    async def fault(self, faults: dict[str, Any]) -> None: ...
    async def expire(self) -> None: ...
    async def later(self) -> None: ...
    async def tab(self, number: int) -> None: ...
    async def press(self, button: str) -> None: ...
    async def sees(self, pattern: str, within: float) -> None: ...


class Step(BaseModel):
    """One thing to do or to see; exactly one of the verbs."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    say: str | list[str] | None = None
    sound: str | None = None
    type: str | None = None
    drop: bool = False
    fault: dict[str, Any] | None = None
    expire: bool = False
    later: bool = False
    tab: int | None = None
    press: str | None = None
    sees: str | None = None
    expect: Pattern | None = None
    then: Pattern | None = None
    absent: Pattern | None = None
    window: str | None = None
    front: str | None = None
    text: dict[str, str] | None = None
    spoken: str | None = None

    voice: voices.Voice = "heart"
    pause: float = 0.0
    number: int = 0
    after: Pattern | None = None
    within: float = PATIENCE
    seconds: float = Field(default=1.0, alias="for")

    @model_validator(mode="after")
    def _one_verb(self) -> Step:
        given = self._given()
        if len(given) != 1:
            raise ValueError(f"A step needs exactly one of {', '.join(VERBS)}; this has {given}.")
        return self

    @property
    def verb(self) -> str:
        return self._given()[0]

    def _given(self) -> list[str]:
        return [verb for verb in VERBS if getattr(self, verb) not in (None, False)]


DEEDS = ("say", "sound", "type", "drop", "fault", "expire", "later", "tab", "press")
VERBS = (*DEEDS, "expect", "then", "absent", "window", "front", "text", "spoken", "sees")


class Dialogue(BaseModel):
    """A title and its steps; ``browser`` dialogues are played in Chromium.

    In one with an ``echo`` the microphone hears the loudspeaker, at that share of its loudness.
    """

    model_config = ConfigDict(extra="forbid")

    title: str
    steps: list[Step]
    browser: bool = False
    echo: float = 0.0


def load(folder: Path) -> list[Dialogue]:
    """All dialogues of a folder's YAML files."""
    found = [yaml.safe_load(path.read_text()) for path in sorted(folder.glob("*.yaml"))]
    return [Dialogue.model_validate(one) for file in found for one in file]


def matches(event: Event, pattern: Pattern) -> bool:
    """Whether an event is of the pattern's kind and has its fields."""
    [(kind, fields)] = pattern.items()
    return event.kind == kind and all(
        _equal(getattr(event, name, None), wanted) for name, wanted in (fields or {}).items()
    )


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and wanted.startswith("~"):
        return re.search(wanted[1:].strip(), str(found), re.IGNORECASE) is not None
    return bool(found == wanted)


class Player:
    """Plays one dialogue; events are looked for since the last thing that was said or done."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._since = 0
        self._found = 0
        """The place of the event that was expected last."""

    async def play(self, dialogue: Dialogue) -> None:
        await self._calm()
        if not dialogue.echo:
            return await self._play(dialogue)
        stage = cast("Echoing", self._stage)
        await stage.echo(dialogue.echo)
        try:
            await self._play(dialogue)
        finally:
            await stage.echo(0.0)

    async def _play(self, dialogue: Dialogue) -> None:
        self._since = len(self._stage.events())
        for number, step in enumerate(dialogue.steps, 1):
            try:
                await self._step(step)
            except (AssertionError, TimeoutError) as error:
                tail = "\n".join(f"  {_brief(e)}" for e in self._stage.events()[self._since :])
                where = f"“{dialogue.title}”, step {number} ({step.verb})"
                raise AssertionError(f"{where}: {error}\nSince then:\n{tail}") from error

    async def _calm(self) -> None:
        """Whatever a dialogue before this one left behind is over, and the room is silent."""

        async def calm() -> bool:
            kinds = [event.kind for event in self._stage.events()]
            return kinds.count("task_started") == kinds.count("task_finished")

        if not await calm():
            await self._stage.type("Stop.")
        await _until(calm, "a task's end", PATIENCE)
        await self.quiet()

    async def quiet(self) -> None:
        """Return when nothing is being said or waits to be said."""
        await _until(self._silent, "silence", PATIENCE)

    async def _silent(self) -> bool:
        fates = {e.narration_id: e.state for e in self._stage.events() if isinstance(e, Narrated)}
        return all(state in ("heard", "cut", "dropped") for state in fates.values())

    async def _step(self, step: Step) -> None:
        if step.after is not None:
            await self._event(step.after, step.within)
        if step.verb in DEEDS:
            self._found = self._since = len(self._stage.events())
        await getattr(self, f"_{step.verb}")(step)

    async def _say(self, step: Step) -> None:
        said = [step.say] if isinstance(step.say, str) else step.say or []
        parts = [voices.speech(part, step.voice) for part in said]
        await self._stage.say(voices.spaced(parts, step.pause))

    async def _sound(self, step: Step) -> None:
        await self._stage.say(np.asarray(room.SOUNDS[step.sound or ""](step.number)))

    async def _type(self, step: Step) -> None:
        await self._stage.type(step.type or "")

    async def _drop(self, step: Step) -> None:
        await self._stage.drop()

    async def _fault(self, step: Step) -> None:
        await self._trouble.fault(step.fault or {})

    async def _expire(self, step: Step) -> None:
        await self._trouble.expire()

    async def _later(self, step: Step) -> None:
        await self._trouble.later()

    async def _tab(self, step: Step) -> None:
        await self._trouble.tab(step.tab or 1)

    async def _press(self, step: Step) -> None:
        await self._trouble.press(step.press or "")

    async def _sees(self, step: Step) -> None:
        await self._trouble.sees(step.sees or "", step.within)

    @property
    def _trouble(self) -> Trouble:
        return cast("Trouble", self._stage)

    async def _expect(self, step: Step) -> None:
        found = await self._event(step.expect or {}, step.within)
        self._found = self._stage.events().index(found)

    async def _then(self, step: Step) -> None:
        pattern = step.then or {}
        found = await self._event(pattern, step.within, self._found + 1)
        self._found = self._stage.events().index(found)

    async def _absent(self, step: Step) -> None:
        pattern = step.absent or {}
        end = asyncio.get_running_loop().time() + step.seconds
        while asyncio.get_running_loop().time() < end:
            found = [e for e in self._stage.events()[self._since :] if matches(e, pattern)]
            assert not found, f"unexpected {_brief(found[0])}"
            await asyncio.sleep(0.05)

    async def _window(self, step: Step) -> None:
        async def seen() -> bool:
            windows = await self._stage.windows()
            return any(re.search(step.window or "", w.title, re.IGNORECASE) for w in windows)

        await _until(seen, f"a window like {step.window}", step.within)

    async def _front(self, step: Step) -> None:
        async def seen() -> bool:
            titles = [w.title for w in await self._stage.windows() if w.active]
            return any(re.search(step.front or "", title, re.IGNORECASE) for title in titles)

        await _until(seen, f"{step.front} in front", step.within)

    async def _text(self, step: Step) -> None:
        [(app, wanted)] = (step.text or {}).items()

        async def seen() -> bool:
            return re.search(wanted, await self._stage.text(app), re.IGNORECASE) is not None

        await _until(seen, f"“{wanted}” in {app}", step.within)

    async def _spoken(self, step: Step) -> None:
        line = await self._event(
            {"narrated": {"state": "heard", "text": f"~{step.spoken}"}}, step.within
        )
        assert isinstance(line, Narrated)
        read = self._stage.sound_of(line.text)
        wrong, total = voices.word_errors(line.text, read)
        assert wrong <= max(1, 0.4 * total), f"“{line.text}” sounded like “{read}”"

    async def _event(self, pattern: Pattern, within: float, since: int | None = None) -> Event:
        start = self._since if since is None else since

        async def seen() -> Event | None:
            return next((e for e in self._stage.events()[start:] if matches(e, pattern)), None)

        return await _until(seen, str(pattern), within)


async def _until(look: Any, what: str, within: float) -> Any:
    try:
        async with asyncio.timeout(within):
            while not (found := await look()):
                await asyncio.sleep(0.05)
            return found
    except TimeoutError:
        raise AssertionError(f"waited {within:g} s for {what}") from None


def _brief(event: Event) -> str:
    fields = event.model_dump(
        exclude={"seq", "at", "kind", "block", "image"}, exclude_defaults=True
    )
    return f"{event.kind} {str(fields)[:160]}"
