"""A speech process that hangs is noticed, told, and made anew; ending it takes no patience."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from agent.errors import VoiceError
from dashboard.voice.speech.listener import ListenSettings
from dashboard.voice.speech.process import SpeechEvent, SpeechLost, SpeechProcess, Spoken

MODULE = "tests.voice_offline.ready_worker"


async def begun(patience: float) -> tuple[SpeechProcess, asyncio.Queue[SpeechEvent]]:
    told: asyncio.Queue[SpeechEvent] = asyncio.Queue()
    speech = SpeechProcess(MODULE, patience=patience)
    speech.open("chat", ListenSettings(), told.put_nowait)
    await speech.ready()
    return speech, told


async def started_again(
    speech: SpeechProcess, told: asyncio.Queue[SpeechEvent], old: int | None
) -> None:
    """The chat is told that it is lost for a while; then another process is ready."""
    async with asyncio.timeout(60):
        lost = await told.get()
        assert isinstance(lost, SpeechLost)
        assert not lost.final
        while speech.pid in (None, old):
            await asyncio.sleep(0.01)
        await speech.ready()
    await speech.stop()


async def test_a_speech_process_that_does_not_answer_is_started_again() -> None:
    speech, told = await begun(patience=3.0)
    old = speech.pid
    speech.say("chat", "line", "Hang.")
    await started_again(speech, told, old)


async def test_a_halted_speech_process_is_started_again_before_its_patience_is_over() -> None:
    """It is known by its state, so that nobody talks for a minute to what hears nothing."""
    speech, told = await begun(patience=100_000.0)
    old = speech.pid
    assert old is not None
    os.kill(old, signal.SIGSTOP)
    await started_again(speech, told, old)


async def test_a_speech_process_that_answers_is_left_alone() -> None:
    """It lives to be asked again, once its patience is over."""
    told: asyncio.Queue[SpeechEvent] = asyncio.Queue()
    speech = SpeechProcess(MODULE, patience=4.0)
    speech.open("chat", ListenSettings(), told.put_nowait)
    await speech.ready()
    async with asyncio.timeout(60):
        assert await told.get() == Spoken("ping 2")
    await speech.stop()


async def test_a_halted_speech_process_can_be_stopped() -> None:
    speech = SpeechProcess(MODULE)
    await speech.ready()
    old = speech.pid
    assert old is not None
    os.kill(old, signal.SIGSTOP)
    async with asyncio.timeout(60):
        await speech.stop()
    assert speech.pid is None


async def test_the_speech_process_comes_after_the_server() -> None:
    """It has a group of its own, which goes with it, or is nicer."""
    speech = SpeechProcess(MODULE)
    await speech.ready()
    assert speech.pid is not None
    own, its = (Path(f"/proc/{pid}/cgroup").read_text() for pid in ("self", speech.pid))
    if own == its:
        nice = (os.getpriority(os.PRIO_PROCESS, pid) for pid in (0, speech.pid))
        assert next(nice) < next(nice)
    group = Path("/sys/fs/cgroup/cpu").glob(f"sayso-{os.getpid()}-*")
    groups = [each for each in group if str(speech.pid) in (each / "tasks").read_text().split()]
    assert len(groups) == (own != its)
    await speech.stop()
    assert not any(each.exists() for each in groups)


async def test_a_speech_process_that_has_just_been_asked_for_can_be_stopped() -> None:
    speech = SpeechProcess(MODULE)
    speech.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await speech.stop()
    assert speech.pid is None


async def test_engines_that_are_never_loaded_are_given_up() -> None:
    """Each start has its time; after five that came to nothing, whoever waits is told."""
    told: asyncio.Queue[SpeechEvent] = asyncio.Queue()
    speech = SpeechProcess("tests.voice_offline.loading_worker", loads_within=0.2)
    speech.open("chat", ListenSettings(), told.put_nowait)
    async with asyncio.timeout(120):
        with pytest.raises(VoiceError, match="do not start"):
            await speech.ready()
    lost = [told.get_nowait() for _ in range(told.qsize())]
    assert [isinstance(each, SpeechLost) and each.final for each in lost] == [False] * 4 + [True]
    await speech.stop()
