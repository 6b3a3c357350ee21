"""A person chooses in which languages they speak, also while they talk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from talker import Talk

from agent.errors import BadInput
from agent.record.events import (
    ApprovalAsked,
    ApprovalDecided,
    Failed,
    Replied,
    Stopped,
    TaskFinished,
)
from agent.settings import Settings
from agent.testing.scripted import FakeTool, call, done, hang, says
from dashboard.voice.client import hearing
from dashboard.voice.client.voice_settings import VoiceSettings, changed, voice_settings_of
from dashboard.voice.phrases import languages
from dashboard.web.preferences import DECLARED, Preferences

Open = Callable[..., Awaitable[Talk]]


def test_they_are_chosen_in_settings_the_environment_and_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting = DECLARED["voice.languages"]
    assert setting.control == "several"
    assert [choice.value for choice in setting.choices] == [*languages()]
    assert "Deutsch" in [choice.label for choice in setting.choices]
    kept = Preferences(tmp_path / "kept.json", Settings(_env_file=None))
    kept.put("voice.languages", ["de", "ja"])
    again = Preferences(tmp_path / "kept.json", Settings(_env_file=None))
    assert tuple(again.voice_settings.languages) == ("de", "ja")
    monkeypatch.setenv("SAYSO_VOICE_LANGUAGES", "fr, ko")
    assert VoiceSettings(_env_file=None).languages == ("fr", "ko")
    with pytest.raises(BadInput, match="languages"):
        changed(VoiceSettings(_env_file=None), "languages", ["xx"])


async def test_words_count_in_the_languages_that_are_chosen_now(talk: Open) -> None:
    one = await talk([])
    assert one.final("Warte mal.").meaning != "hold"
    one.conductor.change("languages", ["de", "fr"])
    assert one.final("Warte mal.").meaning == "hold"
    assert one.final("attends").meaning == "hold"
    assert one.final("espera").meaning != "hold"
    assert one.final("wait").meaning == "hold"
    assert tuple(voice_settings_of(one.log).languages) == ("de", "fr")


async def test_what_is_typed_is_read_by_its_script_if_nothing_is_chosen(talk: Open) -> None:
    one = await talk([])
    one.conductor.typed("ちょっと待って")
    assert [event.meaning for event in one.log if event.kind == "understood"] == ["hold"]


@pytest.mark.parametrize("said", ["Stopp!", "止めて", "توقف", "रुको", "стой", "¡Para ya!"])
async def test_a_stop_stops_in_every_language_at_the_first_transcript(
    talk: Open, slow_tool: FakeTool, said: str
) -> None:
    one = await talk([[*says("I click."), *call(), hang]], slow_tool)
    one.spoken_task("do it for a long time")
    await one.until(lambda event: event.kind == "action_started")
    one.interim(said)
    await one.until(lambda event: isinstance(event, Stopped))


async def _timers_due_now() -> None:
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.0, later.set)  # behind any that was set before
    await later.wait()


async def test_a_stop_that_may_go_on_is_waited_for_and_taken_back_by_what_follows(
    talk: Open, slow_tool: FakeTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "SETTLED", 0.0)
    one = await talk([[*says("I click."), *call(), hang]], slow_tool)
    one.conductor.change("languages", ["fr"])
    one.spoken_task("do it for a long time")
    await one.until(lambda event: event.kind == "action_started")
    for words in ("Arrête", "Arrête pas"):
        one.interim(words)
    await _timers_due_now()
    assert one.log.of(Stopped) == []
    one.interim("Arrête")
    one.final("Arrête pas.")
    await _timers_due_now()
    one.interim("Arrête")
    one.event("local.state", state="reconnecting")
    await _timers_due_now()
    assert one.log.of(Stopped) == []
    one.connect()
    one.interim("Arrête")
    assert one.log.of(Stopped) == []
    await one.until(lambda event: isinstance(event, Stopped))


async def test_it_is_said_once_that_this_machine_hears_english(talk: Open) -> None:
    one = await talk([])
    assert one.log.of(Failed) == []
    one.conductor.change("languages", ["en"])
    assert one.log.of(Failed) == []
    one.conductor.change("languages", ["it"])
    one.conductor.change("languages", ["it", "pt"])
    one.connect()
    assert ["English only" in failed.error for failed in one.log.of(Failed)] == [True]


async def test_the_phrase_that_allows_is_said_and_heard_in_the_chosen_language(talk: Open) -> None:
    tool = FakeTool(harmless=False, name="bash", members=("bash",), toolset=None)
    lists = [*says("I list."), *call("bash", toolset=None, command="ls"), *done("tool_use")]
    one = await talk([lists, [*says("It is done."), *done()]], tool)
    one.spoken_task("list my files")
    await one.until(lambda event: isinstance(event, ApprovalAsked))
    one.conductor.change("languages", ["de"])
    one.conductor.typed("ja")
    assert "ja, führ es aus" in one.log.of(Replied)[-1].text
    for doubtful in ("ja, führ es später aus", "ja, führ es aus?", "sí, ejecútalo"):
        one.conductor.typed(doubtful)
        assert one.log.of(ApprovalDecided) == [], doubtful
    one.conductor.typed("Ja, führ es aus.")
    await one.until(lambda event: isinstance(event, TaskFinished))
    assert [decided.decision for decided in one.log.of(ApprovalDecided)] == ["allow"]
    assert len(tool.ran) == 1
