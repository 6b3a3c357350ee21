"""Carrying out one trial where it was sent: in this process, on a desktop of its own."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import tempfile
import threading
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image as Pillow

from agent.desktop.base import Desktop
from agent.errors import (
    ConfigurationError,
    DesktopError,
    JournalError,
    ModelError,
    ModelUnavailable,
    SaysoError,
)
from agent.experiments.measures import measure
from agent.experiments.plan.spec import Status
from agent.experiments.plan.task import Task
from agent.experiments.plan.trial import Job, TrialResult, environment, result_of, write_json
from agent.experiments.run.kept_state import keep_state
from agent.experiments.run.narration import SilentVoice
from agent.experiments.run.oracle import OracleLost, count_actions
from agent.experiments.run.pack import pack
from agent.experiments.run.scoring import CheckerBroken, Score, judged, score, status_of
from agent.experiments.run.simulated_user import SimulatedUser
from agent.experiments.run.site import Site
from agent.experiments.run.stagehand import StepFailed
from agent.experiments.run.state import State, take_state
from agent.experiments.run.trial_environment import TrialEnvironment, started
from agent.files import bounded, shown
from agent.models.base import Model, ModelPart, ModelRequest
from agent.record import events as ev
from agent.record.events import images_of
from agent.record.export import export_session
from agent.session.home import carry
from agent.session.session import Session

_log = logging.getLogger(__name__)

Progress = dict[str, Any]
"""``trial state detail dollars`` and at times ``picture`` (JPEG, base64)."""

Tell = Callable[[Progress], None]
_SLACK = 60.0
"""Seconds beyond a task's own limit after which a hung trial is stopped."""
_THUMB = (320, 200)
_PICTURE_EVERY = 1.0
_running: dict[str, Callable[[str], None]] = {}
_running_lock = threading.Lock()


def play(
    job: Job, environment: TrialEnvironment | None = None, tell: Tell = lambda _: None
) -> tuple[str, bytes]:
    """Carry out a trial; returns its result as JSON and its folder, packed.

    Never raises for anything that the trial did: that is in the result.
    """
    with tempfile.TemporaryDirectory(prefix="sayso-trial-") as top:
        folder = Path(top) / job.id
        folder.mkdir()
        write_json(folder / "trial.json", job)
        result = asyncio.run(_Play(job, environment or TrialEnvironment(), tell, folder).run())
        write_json(folder / "result.json", result)
        return result.model_dump_json(), pack(folder)


def allowed(task: Task) -> float:
    """Seconds after which a trial's conversation is stopped, whatever its own limit did."""
    return task.limits.seconds * 2 + _SLACK


def stop_here(trial: str | None, reason: str) -> int:
    """Stop a trial that runs in this process, or all of them; returns how many."""
    with _running_lock:
        chosen = [stop for name, stop in _running.items() if trial in (None, name)]
    for stop in chosen:
        stop(reason)
    return len(chosen)


@dataclass
class _Watched:
    """A model, with a note of how its last turn failed."""

    inner: Model
    error: ModelError | None = None

    @property
    def name(self) -> str:
        return self.inner.name

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        self.error = None
        try:
            async with aclosing(self.inner.stream(request)) as parts:
                async for part in parts:
                    yield part
        except ModelError as error:
            self.error = error
            raise

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class _Play:
    """The parts of one trial under way."""

    job: Job
    environment: TrialEnvironment
    tell: Tell
    folder: Path
    work: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="sayso-work-")
    )
    session: Session | None = None
    desktop: Desktop | None = None
    model: _Watched | None = None
    person: SimulatedUser | None = None
    state: State | None = None
    site: Site | None = None
    stopped: str = ""
    untidy: str = ""
    left_out: tuple[str, ...] = ()
    began: float = field(default_factory=time.time)
    pictured: float = 0.0

    async def run(self) -> TrialResult:
        """From nothing to a result."""
        loop = asyncio.get_running_loop()
        with _running_lock:
            _running[self.job.id] = lambda why: loop.call_soon_threadsafe(self._stop, why)  # type: ignore[assignment]
        self.tell({"trial": self.job.id, "state": "preparing", "detail": "", "dollars": 0.0})
        try:
            return await self._run()
        finally:
            with _running_lock:
                _running.pop(self.job.id, None)
            self.work.cleanup()

    async def _run(self) -> TrialResult:
        verdict: Score | None = None
        failure: Exception | None = None
        try:
            verdict = await self._try()
        except SaysoError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - the border of a trial; recorded in its result
            _log.exception("The trial %s failed", self.job.id)
            failure = error
        try:
            await self._close()
        except (SaysoError, OSError) as error:
            failure = failure or error
        return self._result(verdict, failure)

    async def _try(self) -> Score:
        job, work = self.job, Path(self.work.name)
        settings = self.environment.settings(job.arm, job.task, work)
        words = self.environment.instruction(job.arm, job.task)
        desktop = self.environment.desktop(settings)
        try:
            self.model = _Watched(self.environment.model(job.arm, job.task, settings, desktop))
            tools = self.environment.tools(job.arm, job.task, desktop)
            await started(desktop)
            self.site = await self.environment.serve(job.task, desktop)
            await self.environment.prepare(job.task, desktop)
        except BaseException:
            await desktop.stop()
            raise
        given = self.environment.parts(job.arm, job.task)
        given |= {"desktop": desktop, "model": self.model, "tools": tools}
        self.session = Session.create(settings, session_id=self._session_id, **given)
        self.desktop = desktop
        self.session.log.subscribe(self._report)
        await self.session.open()
        if job.arm.narration is not None:
            self.session.log.append(
                ev.SettingChanged(name="voice.narration", value=job.arm.narration)
            )
        await self._converse(self.session, words)
        return await self._judge(self.session, desktop)

    async def _converse(self, session: Session, words: str) -> None:
        arm, task = self.job.arm, self.job.task
        self.person = person = await self.environment.person(session, task, arm)
        voice = self.environment.voice(session, task, arm)
        try:
            async with asyncio.timeout(allowed(task)):
                if not self.stopped:
                    session.say(words, source="api")
                while not session.trouble and (
                    session.status.task_id is not None or person.busy or _speaks(voice)
                ):
                    await session.wait_idle()
                    await person.quiet()
                    if voice is not None and session.status.task_id is None:
                        await voice.silence()
        except TimeoutError:
            session.stop("The trial took too long.", source="api")
        finally:
            await person.leave()
            if voice is not None:
                voice.close()

    async def _judge(self, session: Session, desktop: Desktop) -> Score:
        if (error := self._trouble(session)) is not None:
            raise error
        await desktop.settle()
        unclosed = await self.environment.close_up(self.job.task, desktop)
        state = await take_state(
            desktop,
            Path(self.work.name) / "state",
            fixtures=self.job.task.files,
            expected=self.job.task.expected,
            requests=self.site.requests if self.site is not None else (),
            events=list(session.log),
        )
        if unclosed:
            state = replace(state, notes=(*state.notes, unclosed))
        self.state = state
        carried = await asyncio.to_thread(carry, state.home, self.folder / "home")
        self.left_out = bounded([*_lines(state), *carried.left_out])
        await asyncio.to_thread(keep_state, state, self.folder)
        verdict = await score(self.job.task, state)
        if unclosed and not verdict.passed:
            verdict = verdict.model_copy(update={"reason": f"{verdict.reason}; {unclosed}"})
        write_json(self.folder / "score.json", verdict)
        return verdict

    def _trouble(self, session: Session) -> Exception | None:
        """What went wrong that is not the arm's doing."""
        if session.trouble:
            return JournalError(session.trouble)
        if self.model is not None and self.model.error is not None:
            return self.model.error
        for event in session.log.of(ev.Failed):
            if event.where == "desktop":
                return DesktopError(event.error)
            if event.where == "session":
                return SaysoError(event.error)
        return None

    async def _close(self) -> None:
        """End the session and keep its record, whatever happened before."""
        if self.session is None:
            return
        if self.desktop is not None:
            self.untidy = await self.environment.tear_down(self.job.task, self.desktop)
        await self.session.close("The trial is over.")
        if self.site is not None:
            await self.site.close()
        export_session(Path(self.work.name), self._session_id, self.folder / "session", files=False)

    @property
    def _session_id(self) -> str:
        """The trial's name, as far as a session's may reach: imports stay apart."""
        return self.job.id[-90:].lstrip("-._")

    def _result(self, verdict: Score | None, failure: Exception | None) -> TrialResult:
        events = list(self.session.log) if self.session is not None else []
        task = self.job.task
        metrics = measure(events, oracle_actions=task.steps or count_actions(task.oracle))
        metrics |= judged(verdict, task, events)
        if self.person is not None and self.state is not None:
            metrics |= self.person.measured(self.state)
        status, reason = self._status(verdict, failure, events)
        fault = failure if status == "error" else None
        return result_of(
            self.job,
            status,
            score=verdict.value if verdict is not None else 0.0,
            reason=reason,
            error_class=type(fault).__name__ if fault is not None else "",
            error=str(fault) or repr(fault) if fault is not None else "",
            advice=_advice(fault, self.job) if fault is not None else self.untidy,
            left_out=self.left_out,
            retryable=fault is not None and _may_help(fault),
            started=self.began,
            ended=time.time(),
            queue_seconds=max(0.0, self.began - self.job.submitted) if self.job.submitted else 0.0,
            metrics=metrics,
            environment=environment(),
        )

    def _status(
        self, verdict: Score | None, failure: Exception | None, events: list[ev.Event]
    ) -> tuple[Status, str]:
        if self.stopped:
            return "stopped_by_user", self.stopped
        if failure is not None or verdict is None:
            return "error", str(failure)
        return status_of(verdict, events), verdict.reason

    def _stop(self, reason: str) -> None:
        self.stopped = reason or "Stopped."
        if self.session is not None:
            self.session.stop(self.stopped, source="api")

    def _report(self, event: ev.Event) -> None:
        """Tell who watches; a small picture at most once a second."""
        session = self.session
        if session is None or event.kind not in _TOLD:
            return
        status = session.status
        told: Progress = {
            "trial": self.job.id,
            "state": status.who,
            "detail": status.detail,
            "dollars": status.usage.dollars + status.turn_usage.dollars,
        }
        image = next(iter(reversed(images_of(event))), None)
        if image is not None and time.monotonic() - self.pictured > _PICTURE_EVERY:
            self.pictured = time.monotonic()
            data = session.journal.image_base64(image.sha256)
            told["picture"] = _thumbnail(data) if data else ""
        self.tell(told)


_TOLD = (
    "user_message",
    "turn_started",
    "action_started",
    "screen_seen",
    "approval_asked",
    "task_finished",
)


def _thumbnail(data: str) -> str:
    with Pillow.open(io.BytesIO(base64.b64decode(data))) as picture:
        small = picture.convert("RGB")
        small.thumbnail(_THUMB)
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=70)
    return base64.b64encode(buffer.getvalue()).decode()


def _lines(state: State) -> list[str]:
    return [f"{shown(path) or 'The home folder'}: {why}" for path, why in state.left_out.items()]


def _speaks(voice: SilentVoice | None) -> bool:
    return voice is not None and voice.busy


def _may_help(error: Exception) -> bool:
    """Whether another try may end better."""
    lasting = (ConfigurationError, CheckerBroken, ModelUnavailable, OracleLost)
    return not isinstance(error, lasting)


def _advice(error: Exception, job: Job) -> str:
    """Where a person can fix it."""
    if isinstance(error, CheckerBroken):
        return f"Fix the checks or checker.py of the task {job.task.id}."
    if isinstance(error, StepFailed):
        return f"Fix the setup of the task {job.task.id}."
    if isinstance(error, OracleLost):
        return f"Fix the oracle of the task {job.task.id}."
    if isinstance(error, ModelError):
        return (
            f"Look at the model of the arm {job.arm_name}: {job.arm.model}. It was asked for on "
            f"the host {environment()['host']}, whose own keys it takes."
        )
    if isinstance(error, DesktopError):
        return f"Look at the desktop of the host {environment()['host']}."
    if isinstance(error, ConfigurationError):
        return f"Look at the arm {job.arm_name} and the task {job.task.id}."
    return "Run the experiment again; if it stays, report this with the trial's folder."
