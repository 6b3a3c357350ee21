"""Other agents in DesktopInterrupt, which decide for themselves when they listen, stop and speak.

An agent is a coroutine that is given a task, a `Desk` to act by and `Ears` to hear with. Sayso
carries out and records its actions and speaks the person's part; it neither holds nor cuts the
agent: whoever is deaf to a stop goes on. ``docs/desktop-interrupt.md`` shows a whole one.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from agent.desktop.base import Desktop, EncodedImage
from agent.errors import ConfigurationError, ModelError
from agent.experiments.metrics_interrupted import Spoken
from agent.experiments.plan.spec import Arm
from agent.experiments.plan.task import Task, Utterance
from agent.experiments.run.interrupting import ASKING_SECONDS, InterruptEnvironment
from agent.experiments.run.simulated_user import SimulatedUser
from agent.kinds import COMPUTER, EDITOR, SHELL
from agent.models.base import Block, BlockDone, ModelPart, ModelRequest, Text, TurnDone
from agent.models.offline.progress import read
from agent.record import events as ev
from agent.record.events import Usage
from agent.session.control import new_id
from agent.session.parts import Parts
from agent.session.session import Session
from agent.settings import Settings

_CALLED: Mapping[str, str] = {
    "computer": COMPUTER.called,
    "shell": SHELL.called,
    "editor": EDITOR.called,
}


@dataclass(frozen=True, slots=True)
class Act:
    """One action: a member of the computer toolset, a shell command, or a call of the editor."""

    name: str
    """Of a computer's action (``left_click``, ``type``, ``key``, ``wait`` …); else empty."""

    given: Mapping[str, Any]
    """As the tool of Anthropic's API takes it: ``{"coordinate": [x, y]}``, ``{"text": …}``,
    ``{"command": …}``."""

    by: Literal["computer", "shell", "editor"] = "computer"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action."""

    text: str
    failed: bool = False


class Agent(Protocol):
    """What is measured."""

    async def run(self, task: str, desk: Desk, ears: Ears) -> str:
        """Work on a task until it is over; the last word, which is then said.

        Called again, on the same object, for what the person says when nothing runs.
        """
        ...


@dataclass
class Ears:
    """What reaches the agent of the person's voice while it works."""

    sound: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    """20 ms of mono PCM of 16 bits at 16 kHz each, as they are spoken; nothing in a run by text."""

    _words: asyncio.Queue[tuple[str, str]] = field(default_factory=asyncio.Queue)
    _taken: Callable[[str], object] = lambda utterance: None

    def heard(self) -> str:
        """Words that came since it was asked last; empty if none did."""
        try:
            return self._take(self._words.get_nowait())
        except asyncio.QueueEmpty:
            return ""

    async def next(self) -> str:
        """Wait for words."""
        return self._take(await self._words.get())

    def _take(self, words: tuple[str, str]) -> str:
        self._taken(words[0])
        return words[1]

    def put(self, utterance: str, text: str) -> None:
        """The person's words, as they were recognised."""
        self._words.put_nowait((utterance, text))


@dataclass
class Desk:
    """The desktop, as the agent has it."""

    _desktop: Desktop
    _ears: Ears
    _asked: asyncio.Queue[_Wish] = field(default_factory=asyncio.Queue)
    _log: Callable[[ev.Event], object] = lambda event: None
    _told: deque[str] = field(default_factory=deque)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the screen in pixels."""
        return self._desktop.size

    async def screenshot(self) -> EncodedImage:
        """What the screen shows."""
        return await self._desktop.screenshot()

    async def act(self, *acts: Act) -> list[Outcome]:
        """Do something; several acts are one answer, whose first failure ends it."""
        wish = _Wish(acts, asyncio.get_running_loop().create_future())
        self._asked.put_nowait(wish)
        return await wish.done

    def say(self, text: str) -> None:
        """Say something with the next act."""
        self._told.append(text)

    def answer(self, text: str) -> None:
        """Answer the person at once, beside the work."""
        self._log(ev.Replied(text=text))

    async def ask(self, question: str, seconds: float = ASKING_SECONDS) -> str:
        """Ask the person aloud; their next words, or nothing after some seconds."""
        name = new_id("question")
        self._log(ev.QuestionAsked(question_id=name, text=question))
        try:
            async with asyncio.timeout(seconds):
                answer = await self._ears.next()
        except TimeoutError:
            answer = ""
        self._log(ev.QuestionAnswered(question_id=name, text=answer))
        return answer


@dataclass
class _Wish:
    acts: tuple[Act, ...]
    done: asyncio.Future[list[Outcome]]
    name: str = ""

    def blocks(self) -> list[Block]:
        """As calls of one answer, whose ids carry the name."""
        return [_block(act) | {"id": f"{self.name}_{n}"} for n, act in enumerate(self.acts)]


class ForeignModel:
    """Stands where a model stands; its answers are what the agent does."""

    def __init__(self, agent: Agent, name: str, desktop: Desktop) -> None:
        self.name = name
        self.ears = Ears()
        self._agent = agent
        self._desk = Desk(desktop, self.ears)
        self._numbers = itertools.count(1)
        self._work: asyncio.Task[str] | None = None
        self._wish: _Wish | None = None

    def hear_of(self, append: Callable[[ev.Event], object]) -> None:
        """Write what the agent asks, and takes in, into a session's log."""
        self._desk._log = append  # noqa: SLF001 - the two are made for each other
        self.ears._taken = lambda name: append(  # noqa: SLF001
            ev.Understood(utterance_id=name, meaning="join", detail="the agent took it in")
        )

    @property
    def works(self) -> bool:
        """Whether the agent is at a task."""
        return self._work is not None

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        """What the agent does next, or its last word.

        Raises:
            ModelError: the agent broke down.
        """
        if self._work is None:
            words = read(request.messages).instructions
            run = self._agent.run(words[-1] if words else "", self._desk, self.ears)
            self._work = asyncio.get_running_loop().create_task(run)
        self._tell_outcome(request)
        over = False
        try:
            self._wish = await self._next(self._work)
            over = True
        finally:
            if not over:
                await self.close()
        told, wish = self._said(), self._wish
        if wish is None:
            told = f"{told} {self._last_word()}".strip()
        if told:
            yield Text(told)
            yield BlockDone(0, {"type": "text", "text": told})
        for place, block in enumerate(wish.blocks() if wish else ()):
            yield BlockDone(place + bool(told), block)
        yield TurnDone("tool_use" if wish else "end_turn", Usage())

    async def close(self) -> None:
        """End the agent's work."""
        work, self._work, self._wish = self._work, None, None
        if work is not None:
            work.cancel()
            await asyncio.wait({work})

    async def _next(self, work: asyncio.Task[str]) -> _Wish | None:
        """The next thing that the agent wants done; None when it has ended."""
        wish = asyncio.ensure_future(self._desk._asked.get())  # noqa: SLF001
        try:
            await asyncio.wait({wish, work}, return_when=asyncio.FIRST_COMPLETED)
            if not wish.done():
                return None
            found = wish.result()
            found.name = f"foreign_{next(self._numbers)}"
            return found
        finally:
            wish.cancel()

    def _said(self) -> str:
        told = " ".join(self._desk._told)  # noqa: SLF001
        self._desk._told.clear()  # noqa: SLF001
        return told

    def _last_word(self) -> str:
        work, self._work = self._work, None
        assert work is not None  # noqa: S101 - it has just ended
        try:
            return work.result() or "Done."
        except Exception as error:
            raise ModelError(f"The agent {self.name} broke down: {error!r}.") from error

    def _tell_outcome(self, request: ModelRequest) -> None:
        """Give the agent what became of its last acts."""
        if self._wish is None or self._wish.done.done():
            return
        mine = [
            block
            for message in request.messages
            if isinstance(message["content"], list)
            for block in message["content"]
            if str(block.get("tool_use_id", "")).startswith(f"{self._wish.name}_")
        ]
        self._wish.done.set_result([_outcome(block) for block in mine])


class Listened(SimulatedUser):
    """A person whose words go to the agent's ears, and nowhere else."""

    def __init__(self, session: Session, task: Task, arm: Arm, model: ForeignModel) -> None:
        super().__init__(session, task, arm)
        self.model = model
        model.hear_of(session.log.append)

    def speak(self, utterance: Utterance, words: Spoken) -> None:
        self.pass_on(utterance.text)

    def pass_on(self, text: str) -> None:
        """The words as they were recognised: for the work that runs, or a task of their own."""
        if not text.strip():
            return
        name = self._hear(text)
        if self.model.works:
            self.model.ears.put(name, text)
        else:
            self._session.log.append(ev.Understood(utterance_id=name, meaning="task"))
            self._session.say(text, source="voice", utterance_id=name)


class ForeignEnvironment(InterruptEnvironment):
    """Trials of agents of another make; an arm's model is ``PACKAGE.MODULE:FACTORY``."""

    def model(self, arm: Arm, task: Task, settings: Settings, desktop: Desktop) -> Any:
        """The factory's agent; any other name is one of Sayso's own models."""
        if ":" not in arm.model:
            return super().model(arm, task, settings, desktop)
        return ForeignModel(make_agent(arm.model, task.id), arm.model.rpartition(":")[2], desktop)

    def model_faults(self, arm: Arm, *given: Any, **named: Any) -> Any:
        if ":" not in arm.model:
            yield from super().model_faults(arm, *given, **named)

    def parts(self, arm: Arm, task: Task) -> Parts:
        """No rules of Sayso's: what has to be asked about, the agent must ask about."""
        return {"rules": ()} if ":" in arm.model else super().parts(arm, task)

    async def person(self, session: Session, task: Task, arm: Arm) -> SimulatedUser:
        model = foreign_of(session)
        return (
            Listened(session, task, arm, model) if model else await self.heard(session, task, arm)
        )

    async def heard(self, session: Session, task: Task, arm: Arm) -> SimulatedUser:
        """Who speaks to Sayso's own agent."""
        return await super().person(session, task, arm)


def foreign_of(session: Session) -> ForeignModel | None:
    """The model of a session that stands for another agent, if it does."""
    model = getattr(session.model, "inner", session.model)
    return model if isinstance(model, ForeignModel) else None


def make_agent(named: str, task: str) -> Agent:
    """The agent that ``PACKAGE.MODULE:FACTORY`` gives for a task's id.

    Raises:
        ConfigurationError: there is no such factory.
    """
    module, _, factory = named.partition(":")
    try:
        agent: Agent = getattr(importlib.import_module(module), factory)(task)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"There is no agent {named} ({error}); name it as package.module:factory."
        ) from error
    return agent


def _block(act: Act) -> Block:
    block: Block = {"type": "tool_use", "name": act.name or _CALLED[act.by]}
    if act.by == "computer":
        block["toolset_name"] = COMPUTER.called
    return block | {"input": dict(act.given)}


def _outcome(block: Block) -> Outcome:
    content: str | Sequence[Block] = block.get("content", "")
    if not isinstance(content, str):
        content = "\n".join(part["text"] for part in content if part["type"] == "text")
    return Outcome(content, bool(block.get("is_error")))
