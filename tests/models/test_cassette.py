"""Cassettes: a recorded run plays again, and a miss shows what differs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from model_conversation import Connect, answer_calls, picture, request, take_turn, user

from agent.errors import ModelRefused, ModelUnavailable
from agent.models.base import Message, Model, ModelPart
from agent.models.cassette import CassetteMiss, CassetteModel, RecordingModel, read_cassette
from agent.record import events as ev
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.messages_script import call, fails, says, thinking
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done
from agent.testing.scripted import call as scripted_call
from agent.testing.scripted import says as scripted_says

SCRIPT = (
    fails(529, headers={"retry-after-ms": "1"}),
    says(thinking("Looking."), "I open it.", call("left_click", coordinate=[1, 2])),
    says("Done."),
)


async def record(connect: Connect, path: Path) -> tuple[list[Message], list[ModelPart]]:
    """Record two turns through the real SDK; returns the history and what was yielded."""
    _, claude = await connect(list(SCRIPT))
    recorder = RecordingModel(claude, path)
    messages: list[Message] = [user("Open the editor.", picture())]
    parts: list[ModelPart] = []
    for _ in range(2):
        turn = await take_turn(recorder, request(messages))
        parts += turn.parts
        messages.append({"role": "assistant", "content": turn.blocks})
        if turn.done.stop_reason == "tool_use":
            messages.append(answer_calls(turn.blocks, image=picture()))
    await recorder.close()
    return messages, parts


@pytest.mark.parametrize("strict", [False, True])
async def test_a_recorded_run_plays_again(connect: Connect, tmp_path: Path, strict: bool) -> None:
    """Every part comes back as it was, waits and usage included."""
    path = tmp_path / "run.jsonl"
    messages, recorded = await record(connect, path)
    model = CassetteModel(path, strict=strict)
    played = []
    for count in (1, 3):
        played += (await take_turn(model, request(messages[:count]))).parts
    assert played == recorded


async def test_a_recording_is_never_written_over(connect: Connect, tmp_path: Path) -> None:
    """Told before the model is asked, so that nothing is paid for in vain; no file is lost."""
    path = tmp_path / "run.jsonl"
    await record(connect, path)
    before = path.read_text()
    server, claude = await connect([says("Never.")])
    for place, sentence in ((path, "already"), (path / "below.jsonl", "another p")):
        with pytest.raises(ModelUnavailable, match=sentence):
            await take_turn(RecordingModel(claude, place), request([user("Hello.")]))
    assert path.read_text() == before
    assert not server.requests


async def test_pixels_and_ids_are_no_part_of_the_key(connect: Connect, tmp_path: Path) -> None:
    """Another screenshot and other call ids are still the same conversation."""
    path = tmp_path / "run.jsonl"
    messages, _ = await record(connect, path)
    text = json.dumps(messages[:3]).replace("toolu_", "toolu_other_")
    other: list[Message] = json.loads(text)
    other[0] = user("Open the editor.", picture(colour="red"))
    turn = await take_turn(CassetteModel(path, strict=True), request(other))
    assert turn.words() == "Done."


async def test_neither_key_nor_pixels_are_in_the_file(connect: Connect, tmp_path: Path) -> None:
    """A cassette can be given away."""
    path = tmp_path / "run.jsonl"
    await record(connect, path)
    text = path.read_text()
    assert "sk-ant" not in text
    assert picture()["source"]["data"][:40] not in text


async def test_a_strict_miss_shows_the_difference(connect: Connect, tmp_path: Path) -> None:
    """A changed word is found and shown as a diff."""
    path = tmp_path / "run.jsonl"
    await record(connect, path)
    with pytest.raises(CassetteMiss) as caught:
        await take_turn(
            CassetteModel(path, strict=True), request([user("Open the browser.", picture())])
        )
    lines = str(caught.value).splitlines()
    assert any(line.startswith("-") and "Open the editor." in line for line in lines)
    assert any(line.startswith("+") and "Open the browser." in line for line in lines)


async def in_session(
    folder: Path, model: Model, *said: str, at: float = 0.0
) -> tuple[Session, FakeTool]:
    """A whole session in which these words are said one after the other."""
    tool = FakeTool()
    session = Session.create(
        Settings(_env_file=None, data_dir=folder, model="offline"),
        desktop=FakeDesktop(),
        model=model,
        tools=(tool,),
        now=lambda: at,
    )
    await session.open()
    for words in said:
        session.say(words)
        await session.wait_idle(20)
    await session.close()
    return session, tool


def acts_and_ends() -> ScriptedModel:
    return ScriptedModel(
        [[*scripted_call(), *done("tool_use")], [*scripted_says("Done."), *done()]]
    )


@pytest.mark.parametrize("strict", [False, True])
async def test_a_cassette_recorded_from_another_conversation_is_reported_as_misfit(
    tmp_path: Path, strict: bool
) -> None:
    """With a diff and what to do; nothing is done, and the session stands.

    Positions in it hold for the screens of the recording: nothing is re-aimed by guess.
    """
    path = tmp_path / "run.jsonl"
    await in_session(tmp_path, RecordingModel(acts_and_ends(), path), "Open the editor.")
    model = CassetteModel(path, strict=strict)
    session, tool = await in_session(tmp_path, model, "Open the browser.", "Are you there?")
    assert [e.outcome for e in session.log.of(ev.TaskFinished)] == ["failed", "failed"]
    assert tool.began == []
    told = session.log.of(ev.Failed)[0].error
    assert "run.jsonl has another conversation at turn 1" in told
    assert "Record it again, or choose another model." in told
    lines = told.casefold().splitlines()
    assert any(line.startswith("-") and "open the editor." in line for line in lines)
    assert any(line.startswith("+") and "open the browser." in line for line in lines)


@pytest.mark.parametrize("strict", [False, True])
async def test_a_session_recorded_today_plays_on_another_day(tmp_path: Path, strict: bool) -> None:
    """Sayso tells the model the date: that is no difference."""
    path = tmp_path / "run.jsonl"
    words = "Open the editor."
    await in_session(tmp_path, RecordingModel(acts_and_ends(), path), words, at=1e9)
    model = CassetteModel(path, strict=strict)
    session, tool = await in_session(tmp_path, model, words, at=1.5e9)
    assert session.status.outcome == "done"
    assert len(tool.began) == 1


async def test_loose_play_looks_at_turn_words_and_tools(connect: Connect, tmp_path: Path) -> None:
    """Results may differ when not strict; the words may not."""
    path = tmp_path / "run.jsonl"
    messages, _ = await record(connect, path)
    changed = json.loads(json.dumps(messages[:3]).replace("Did left_click", "Clicked the left"))
    asked = request(changed, system="Another prompt.")
    assert (await take_turn(CassetteModel(path), asked)).words() == "Done."
    with pytest.raises(CassetteMiss):
        await take_turn(CassetteModel(path, strict=True), asked)


async def test_a_cassette_that_is_over_says_so(connect: Connect, tmp_path: Path) -> None:
    """A turn beyond the last one is a miss in words."""
    path = tmp_path / "run.jsonl"
    messages, _ = await record(connect, path)
    with pytest.raises(CassetteMiss, match="ends before turn 3"):
        await take_turn(CassetteModel(path), request([*messages, user("And now?")]))


async def test_failures_are_played_as_they_were(connect: Connect, tmp_path: Path) -> None:
    """A refusal in the recording is a refusal in the replay."""
    path = tmp_path / "run.jsonl"
    _, claude = await connect([says("I", stop_reason="refusal")])
    recorder = RecordingModel(claude, path)
    for model in (recorder, CassetteModel(path)):
        with pytest.raises(ModelRefused):
            await take_turn(model, request([user("No.")]))
    await recorder.close()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read"),
        ("", "is not a cassette"),
        ("hello\n", "is not a cassette"),
        ('{"cassette": 99}\n', "format 99"),
        ('{"cassette": 2}\n{"key": 1}\n', "damaged at line 2"),
        ("[" * 5000, "is not a cassette"),
        ('{"cassette": 2}\n' + "[" * 5000, "damaged at line 2"),
    ],
)
async def test_bad_cassettes_are_explained(
    tmp_path: Path, content: str | None, sentence: str
) -> None:
    """Missing, foreign, of another version, damaged: each has its sentence at first use."""
    path = tmp_path / "bad.jsonl"
    if content is not None:
        path.write_text(content)
    model = CassetteModel(path)
    with pytest.raises(ModelUnavailable, match=sentence):
        await take_turn(model, request([user("Hello.")]))


async def test_times_are_kept(connect: Connect, tmp_path: Path) -> None:
    """Each part bears the seconds since its request, in order."""
    path = tmp_path / "run.jsonl"
    await record(connect, path)
    for step in read_cassette(path):
        times = [at for at, _ in step.parts]
        assert times == sorted(times)
