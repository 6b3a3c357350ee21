"""Says a case's sentences to a session, on a desktop set as the case wants it, and judges."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from PIL import Image
from spoken_cases import Case
from spoken_effects import Seen, State, look, wrong

from agent import Session, Settings
from agent import events as ev
from agent.desktop import VirtualDesktop
from agent.desktop.base import Desktop, Window, inside
from agent.models.offline import parse
from agent.models.offline.keys import parse_keys

T = TypeVar("T")
Verdict = Literal["right", "declined", "untrue", "broke"]
"""Effect there · not there, and not claimed · not there but claimed · an error."""

FILES = {
    "notes.txt": "The quick brown fox jumps over the lazy dog.\n",
    "letter.txt": "Dear Anna,\nthank you.\n",
    "long.txt": "\n".join(f"line {number} of the long text" for number in range(1, 201)),
    "Documents/report.txt": "Quarterly report.\n",
    "Documents/budget.txt": "Rent 700\n",
}
_STAY = {"Documents", "Desktop", "Downloads", "Pictures", "Music", "Videos"}
_PROGRAMS = {
    "editor": ("Mousepad", "text"),
    "file": ("Mousepad", "text"),
    "terminal": ("Xfce4-terminal", "terminal"),
    "files": ("Thunar", "table cell"),
    "image": ("Ristretto", None),
}
"""Class and role of what each window of a case holds."""

_PATIENCE = 40.0
"""Seconds in which a sentence has to come to its end."""

_SHOWS_WITHIN = 1.5
"""Seconds in which an effect has to show once the answer is given."""


class Kept(VirtualDesktop):
    """A desktop that outlives the sessions; `end` stops it."""

    async def stop(self) -> None:
        """A session ends; the desktop stays."""

    async def end(self) -> None:
        await super().stop()


class Stage(Protocol):
    """A desktop that can be set as a case wants it."""

    @property
    def desktop(self) -> Desktop: ...

    async def set(self, case: Case) -> None:
        """Bring the desktop to where the case begins."""
        ...


@dataclass(frozen=True)
class Played:
    """What came of a case."""

    case: Case
    verdict: Verdict
    why: str = ""
    answers: tuple[str, ...] = ()
    seconds: tuple[float, ...] = ()
    refused: bool = False
    """Whether the last answer says that it was not done."""

    acted: bool = False
    """Whether anything was sent to the desktop."""


async def play(stage: Stage, case: Case, folder: Path) -> Played:
    """Say the sentences of a case in a session of its own, and look up what came of it."""
    try:
        await stage.set(case)
        return await _play(stage, case, folder)
    except Exception as error:  # noqa: BLE001 - whatever breaks is this case's verdict
        return Played(case, "broke", repr(error))


async def _play(stage: Stage, case: Case, folder: Path) -> Played:
    desktop = stage.desktop
    before = await look(desktop)
    settings = Settings(model="offline", data_dir=folder, approval_timeout=20)
    session = Session.create(settings, desktop=desktop)

    def allow(event: ev.Event) -> None:
        if isinstance(event, ev.ApprovalAsked):
            answer = (event.approval_id, "allow")
            asyncio.get_running_loop().call_soon(lambda: session.approve(*answer, channel="button"))

    session.log.subscribe(allow)
    answers, seconds = [], []
    try:
        await session.open()
        for sentence in case.say:
            began = time.monotonic()
            session.say(sentence)
            await session.wait_idle(_PATIENCE)
            seconds.append(time.monotonic() - began)
            answers.append(session.log.of(ev.TaskFinished)[-1])
        said = [task.summary for task in answers]
        seen, why = await _effect(desktop, session, case, before, answers[-1])
        missed = _otherwise(case)
        verdict: Verdict = "right" if not why and not missed else "declined"
        if why and not seen.declined:
            verdict = "untrue"
        acted = bool(session.log.of(ev.ActionStarted))
        told = why or missed
        return Played(case, verdict, told, tuple(said), tuple(seconds), seen.declined, acted)
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(session.close(), 10)


async def _effect(
    desktop: Desktop, session: Session, case: Case, before: State, answer: ev.TaskFinished
) -> tuple[Seen, str]:
    """What is seen when the effect is there, or when it should be by now."""
    marked = session.log.of(ev.ScreenLabelled)
    finished = session.log.of(ev.ActionFinished)
    made = {e.action_id for e in session.log.of(ev.ActionProposed) if "screenshot" in e.name}
    over = time.monotonic() + _SHOWS_WITHIN
    while True:
        seen = Seen(
            before,
            await look(desktop, clipboard="clip" in case.want),
            answer.summary,
            answer.outcome,
            desktop.size,
            labels=marked[-1].labels if marked else (),
            grid=bool(marked and marked[-1].grid),
            picture=any(e.image and e.action_id in made for e in finished),
            home=Path(inside(desktop, desktop.home)).name,
        )
        why = wrong(seen, case.want)
        if not why or time.monotonic() > over:
            return seen, why
        await asyncio.sleep(0.1)


def _otherwise(case: Case) -> str:
    """The other ways to say it that do not mean the same."""
    if case.open:
        return ""
    meant = _meant(case.say[-1])
    missed = [sentence for sentence in case.also if _meant(sentence) != meant]
    return f"otherwise understood: {', '.join(missed)}" if missed else ""


def _meant(sentence: str) -> list[tuple[str, dict[str, object]]]:
    """The commands of a sentence, with keys as they are pressed; "this" is what none names."""
    commands = [c.having(which=c.slot("which") or "this") for c in parse(sentence).commands]
    return [(c.intent, {**c.slots, "keys": parse_keys(c.slot("keys"))}) for c in commands]


# A real desktop ----------------------------------------------------------------------------


async def until(probe: Callable[[], Awaitable[T]], seconds: float = 15.0) -> T:
    """Await something true, or what is there when the time is over."""
    over = time.monotonic() + seconds
    while not (found := await probe()) and time.monotonic() < over:
        await asyncio.sleep(0.04)
    return found


class RealStage:
    """Programs on a desktop of their own."""

    def __init__(self, desktop: Kept) -> None:
        self._desktop = desktop
        self._plain = False
        """Whether an editor alone is open, which the next case may write into."""

    @property
    def desktop(self) -> Kept:
        return self._desktop

    async def set(self, case: Case) -> None:
        given, desktop = case.given, self._desktop
        desktop.input.resume()
        if not (self._plain and case.in_text and await self._emptied()):
            await self._clear()
            for window in given.get("wins", ()):
                await self._open(window)
        self._plain = case.in_text
        for combo in given.get("keys0", ()):
            await desktop.input.key(combo)
        if "text" in given:
            await desktop.input.type(given["text"])
            await self._typed(given["text"])
        if name := given.get("max"):
            for window in await desktop.windows():
                if window.wm_class == name:
                    await desktop.maximise(window)
        for combo in given.get("keys", ()):
            await desktop.input.key(combo)
            await desktop.settle(first=0.1, quiet=0.06)
        await self._choose(given)
        await desktop.settle(first=0.15, quiet=0.1)

    async def _typed(self, text: str) -> None:
        """Await what was typed: a paste may come after the keys that follow it."""

        async def shown() -> bool:
            have = (await look(self._desktop)).text
            return have is None or text in have

        await until(shown, 5.0)

    async def _choose(self, given: dict[str, Any]) -> None:
        """Lead the caret behind words of the text, or select words of it."""
        text, words = given.get("text", ""), given.get("after") or given.get("selected")
        if not words:
            return
        begin = text.index(words)
        at = begin if "selected" in given else begin + len(words)
        await self._desktop.input.key("ctrl+Home")
        if at:
            await self._desktop.input.key("Right", repeat=at)
        if "selected" in given:
            await self._desktop.input.key("shift+Right", repeat=len(words))

    async def _emptied(self) -> bool:
        """Whether the one editor that is open is empty now, and nothing else shows."""
        desktop = self._desktop
        windows = await desktop.windows()
        if len(windows) != 1 or windows[0].wm_class != "Mousepad" or not windows[0].active:
            return False
        for combo in ("Escape", "ctrl+a", "Delete"):
            await desktop.input.key(combo)

        async def empty() -> bool:
            state = await look(desktop)
            return state.text == "" and not state.dialogs and not state.menus

        return await until(empty, 2.0)

    async def _clear(self) -> None:
        """End all programs, and put the home's files back."""
        desktop = self._desktop
        await desktop.input.key("Escape")
        if pids := sorted({str(w.pid) for w in await self._programs() if w.pid}):
            await (await desktop.spawn(["kill", "-9", *pids])).wait()

        async def none() -> bool:
            return not await self._programs()

        await until(none)
        refill(desktop.home)

    async def _programs(self) -> list[Window]:
        """Windows but for what the panel shows, as a calendar: without the panel nothing starts."""
        return [w for w in await self._desktop.windows() if "panel" not in w.wm_class.lower()]

    async def _open(self, window: str) -> None:
        kind, _, name = window.partition(":")
        home, desktop = self._desktop.home, self._desktop
        argv: dict[str, Sequence[str]] = {
            "editor": ["mousepad"],
            "file": ["mousepad", str(home / name)],
            "terminal": ["xfce4-terminal"],
            "files": ["thunar", str(home / name)],
            "image": ["ristretto", str(home / "Pictures" / name)],
        }
        wm_class, role = _PROGRAMS[kind]
        await desktop.spawn(argv[kind])

        async def in_front() -> bool:
            front = await desktop.active_window()
            return front is not None and front.wm_class == wm_class

        async def told() -> bool:
            return role is None or bool((await desktop.tree()).showing(role))

        await until(in_front)
        await until(told)
        await desktop.settle(first=0.3, quiet=0.2)
        if kind == "image":
            await self._leave_warning()

    async def _leave_warning(self) -> None:
        """The viewer warns, when it starts, of a service that this desktop does not have."""

        async def warns() -> bool:
            return bool((await look(self._desktop)).dialogs)

        if await until(warns, 3.0):
            await self._desktop.input.key("Escape")
            await self._desktop.settle(first=0.3, quiet=0.2)


def refill(home: Path) -> None:
    """The files that every case finds, and none else; hidden ones stay."""
    for path in home.iterdir():
        if path.name in _STAY:
            for inner in path.iterdir():
                shutil.rmtree(inner) if inner.is_dir() else inner.unlink()
        elif not path.name.startswith("."):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, text in FILES.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    Image.new("RGB", (200, 150), (200, 30, 30)).save(home / "Pictures" / "photo.png")
    owner = home.stat()
    for path in home.rglob("*"):
        if not any(part.startswith(".") for part in path.relative_to(home).parts):
            shutil.chown(path, owner.st_uid, owner.st_gid)
