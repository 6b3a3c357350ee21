"""One bad byte ends at most one turn: whatever is sent, the next instruction starts clean."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from served_session import SETTINGS, Rig

from agent.errors import BadInput
from agent.models.base import ModelPart, ModelRequest
from agent.models.claude.image_fallback import count_pictures, without_webp
from agent.models.claude.portable import PortableDialect
from agent.models.offline import OfflineModel
from agent.record import events as ev
from agent.session.history import ANEW
from agent.session.session import Session
from agent.settings import Settings
from agent.testing.memory import MemorySessionJournal
from agent.testing.messages_script import Reply, call, fails, says
from agent.testing.messages_server import MessagesServer
from agent.testing.scripted import FakeDesktop, FakeTool, ScriptedModel, done
from agent.testing.scripted import call as asks
from agent.testing.scripted import says as speaks
from agent.tools import build_tools
from agent.tools.base import ToolCall, ToolResult

STRANGE: tuple[Any, ...] = (
    [float("nan"), 5],
    [float("inf"), 5],
    [10**400, 5],
    {"x": [[[[[5]]]]]},
    "\ud83d",
    float("nan"),
    True,
    "5,5\0",
)


def deep(levels: int) -> Any:
    value: Any = 5
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("value", [*STRANGE, deep(300)], ids=lambda value: repr(value)[:20])
async def test_no_input_of_a_call_poisons_the_conversation(value: Any):
    """The tool refuses it in words, the next request is sent, and the task goes on."""
    desktop = FakeDesktop()
    script = [says(call("left_click", coordinate=value)), says("I see.")]
    async with Rig(script, desktop=desktop, tools=build_tools(desktop)) as rig:
        rig.session.say("Click.")
        await rig.session.wait_idle(30)
        rig.session.say("And again.")
        await rig.session.wait_idle(30)
        assert rig.refused() == []
        outcomes = [(e.outcome, e.summary) for e in rig.session.log.of(ev.TaskFinished)]
        assert outcomes[1:] == [("done", "Done.")]
        (acted,) = rig.session.log.of(ev.ActionFinished)
        assert acted.is_error
        assert "coordinate" in acted.text or "script of the test" in acted.text
        for event in rig.session.log:
            assert ev.load_event(ev.dump_event(event)) == event
        assert "0" * 30 not in json.dumps(rig.server.requests[-1].body)


async def test_what_was_put_right_is_told_to_the_model():
    async def type_it(call: ToolCall) -> ToolResult:
        return ToolResult(f"Typed {call.input['text']}")

    tool = FakeTool(type_it)
    script = [[*asks("type", text="hi \ud83d"), *done("tool_use")], [*speaks("Ok."), *done()]]
    model = ScriptedModel(script)
    session = Session(
        SETTINGS, "s", MemorySessionJournal(), model=model, tools=(tool,), desktop=FakeDesktop()
    )
    await session.open()
    session.say("Type.")
    await session.wait_idle(20)
    (acted,) = session.log.of(ev.ActionFinished)
    assert acted.text.startswith("Typed hi")
    assert "a character was not valid" in acted.text
    await session.close()


@pytest.mark.parametrize("name", ["caf\udce9.txt", "half \ud83d", "nul \0 here"])
async def test_names_from_a_disk_are_shown_and_not_fatal(name: str):
    async def lists(call: ToolCall) -> ToolResult:
        return ToolResult(f"Files: {name}")

    async with Rig([says(call("left_click", coordinate=[1, 1])), says("Ok.")]) as rig:
        rig.tool.behaviour = lists
        rig.session.say("What is here?")
        await rig.session.wait_idle(30)
        assert rig.session.log.of(ev.TaskFinished)[-1].outcome == "done"
        said = rig.session.log.of(ev.ActionFinished)[-1].text
        said.encode()
        assert "\0" not in said
        assert "caf" not in said or "caf\\xe9.txt" in said


MYSTERY = {"type": "crystal_ball", "vision": "rain"}


def strict(script: list[Reply], refuse: Any) -> Any:
    """Answers from a script, but refuses requests for which ``refuse`` gives words."""

    def answer(request: Any) -> Reply:
        words = refuse(request.body)
        return fails(400, message=words) if words else script.pop(0)

    return answer


def holds(body: dict[str, Any], kind: str) -> bool:
    return f'"type": "{kind}"' in json.dumps(body)


async def served(rig: Rig, answer: Any) -> None:
    """Let the rig's server answer so instead."""
    rig._answer = answer  # type: ignore[method-assign]
    rig.server = MessagesServer(answer, key="sk-ant-test-0123456789", dialect="portable")


async def test_a_block_that_the_service_does_not_take_back_is_left_out_from_then_on():
    """Kept in the log, refused once, not sent again: not in this task and not in the next."""
    script = [
        says(MYSTERY, call("left_click", coordinate=[1, 2])),
        says("Clicked."),
        says(MYSTERY, "More."),
        says("Still here."),
    ]
    answer = strict(script, lambda body: holds(body, "crystal_ball") and "unknown block")
    rig = Rig([], dialect=PortableDialect())
    await served(rig, answer)
    async with rig:
        for words in ("Click.", "Go on.", "Are you there?"):
            rig.session.say(words)
            await rig.session.wait_idle(30)
        ends = [(e.outcome, e.summary) for e in rig.session.log.of(ev.TaskFinished)]
        assert ends == [("done", "Clicked."), ("done", "More."), ("done", "Still here.")]
        (anew,) = rig.session.log.of(ev.Compacted)
        assert anew.left_out == ("crystal_ball",)
        assert "refused" in anew.reason
        assert len(rig.tool.ran) == 1
        assert any(e.block == MYSTERY for e in rig.session.log.of(ev.BlockFinished))


@pytest.mark.parametrize("status", [400, 422])
async def test_a_refusal_that_stays_ends_clearly_and_is_not_tried_for_ever(status: int):
    """Once anew, then the end, with the service's own reason; each instruction alike."""
    fault = fails(status, message="tools.0: not supported")
    script = [says("Hello."), *[fault] * 9]
    async with Rig(script) as rig:
        rig.session.say("Hello.")
        await rig.session.wait_idle(30)
        for _ in range(2):
            rig.session.say("Click.")
            await rig.session.wait_idle(30)
        ends = rig.session.log.of(ev.TaskFinished)
        assert [e.outcome for e in ends] == ["done", "failed", "failed"]
        assert "not supported" in ends[1].summary
        assert "network" not in ends[1].summary
        assert len(rig.session.log.of(ev.Compacted)) == 1
        assert len(rig.server.requests) == 4


async def test_a_refusal_that_comes_again_in_the_same_task_is_its_end():
    """Though the conversation had another answer since it began anew; the next task may again."""
    fault = fails(400, message="no such thing")
    click = says(call("left_click", coordinate=[1, 2]))
    script = [click, fault, click, fault, says("Here."), click, fault, says("Done.")]
    async with Rig(script) as rig:
        for words in ("Click twice.", "Are you there?", "Click."):
            rig.session.say(words)
            await rig.session.wait_idle(30)
        ends = rig.session.log.of(ev.TaskFinished)
        assert [e.outcome for e in ends] == ["failed", "done", "done"]
        assert "no such thing" in ends[0].summary
        assert len(rig.session.log.of(ev.Compacted)) == 2


@pytest.mark.parametrize("always", [False, True])
async def test_a_service_that_fails_inside_twice_gets_the_conversation_in_words(always: bool):
    """Not at the first time, which is the service's; and not again and again."""

    def answer(request: Any) -> Reply:
        began = any(message["role"] == "assistant" for message in request.body["messages"])
        broke = began or (always and len(rig.server.requests) > 1)
        return fails(500, message="template error") if broke else says("Here I am.")

    rig = Rig([], dialect=PortableDialect())
    await served(rig, answer)
    async with rig:
        for words in ("Hello.", "Click.", "Are you there?", "And now?", "Still?"):
            rig.session.say(words)
            await rig.session.wait_idle(60)
        ends = [end.outcome for end in rig.session.log.of(ev.TaskFinished)]
        anew = rig.session.log.of(ev.Compacted)
        assert ends[:2] == ["done", "failed"]
        assert "failed twice" in anew[0].reason
        if always:
            assert ends[2:] == ["failed", "failed", "failed"]
            assert len(anew) == 1
        else:
            assert ends[2] == "done"


async def test_an_account_without_credit_does_not_cost_the_conversation():
    fault = fails(400, message="Your credit balance is too low to access the API.")
    async with Rig([says("Hello."), fault]) as rig:
        for words in ("Hello.", "Click."):
            rig.session.say(words)
            await rig.session.wait_idle(30)
        assert "no credit left" in rig.session.log.of(ev.TaskFinished)[-1].summary
        assert not rig.session.log.of(ev.Compacted)


@pytest.mark.parametrize(
    ("most", "words"),
    [
        (2, "At most 2 image(s) may be provided in one request."),
        (1, "this model only supports a single image per message"),
        (3, "too many images in the prompt"),
        (2, "You set image=2 in --limit-mm-per-prompt, but passed 3 image items in one prompt."),
    ],
)
async def test_a_server_that_takes_few_pictures_is_shown_the_newest(most: int, words: str):
    script = [says(call("left_click", coordinate=[n, 1])) for n in range(6)] + [says("Looked.")]

    async def shows(call: ToolCall) -> ToolResult:
        return ToolResult("", await FakeDesktop().screenshot())

    def too_many(body: dict[str, Any]) -> str:
        return words if count_pictures(body["messages"]) > most else ""

    rig = Rig([], dialect=PortableDialect())
    await served(rig, strict(script, too_many))
    rig.tool.behaviour = shows
    async with rig:
        rig.session.say("Look six times.")
        await rig.session.wait_idle(30)
        assert rig.session.log.of(ev.TaskFinished)[-1].outcome == "done"
        assert not rig.session.log.of(ev.Compacted)
        last = rig.server.requests[-1].body["messages"]
        assert 1 <= count_pictures(last) <= most
        assert count_pictures(last[-1:]) == 1


async def test_another_model_does_not_get_the_thoughts_of_the_first():
    """Also by way of a model that is bound to nothing."""
    first = Rig([says({"type": "thinking", "thinking": "hm", "signature": "s"}, "Hello.")])
    async with first:
        first.session.say("Hello.")
        await first.session.wait_idle(30)
        events = [event for event in first.session.log if not isinstance(event, ev.SessionClosed)]
    journal = MemorySessionJournal()
    for event in events:
        journal.write(event)
    async with Rig([says("I am another.")], model="claude-sonnet-5") as second:
        second.session = Session(
            SETTINGS,
            "rig",
            journal,
            model=second.model,
            tools=(second.tool,),
            desktop=FakeDesktop(),
        )
        await second.session.open()
        second.session.say("Who are you?")
        await second.session.wait_idle(30)
        body = second.server.requests[-1].body
        assert not holds(body, "thinking")
        assert body["messages"][0]["content"][0]["text"].startswith(ANEW)
        assert second.session.log.of(ev.Compacted)


class Faulty(PortableDialect):
    """A dialect that cannot write what it is given, once."""

    left = 1

    def body(self, request: ModelRequest, model: str) -> dict[str, Any]:
        if len(request.messages) > 1 and Faulty.left:
            Faulty.left -= 1
            raise TypeError("a set is not JSON")
        return super().body(request, model)


async def test_a_fault_in_building_a_request_is_told_as_ours_and_healed():
    Faulty.left = 1
    async with Rig([says("Hello."), says("Here.")], dialect=Faulty()) as rig:
        for words in ("Hello.", "Are you there?"):
            rig.session.say(words)
            await rig.session.wait_idle(30)
        assert [e.outcome for e in rig.session.log.of(ev.TaskFinished)] == ["done", "done"]
        assert len(rig.session.log.of(ev.Compacted)) == 1


async def test_a_fault_of_ours_is_never_the_networks():
    Faulty.left = 9
    async with Rig([says("Hello.")], dialect=Faulty()) as rig:
        for words in ("Hello.", "Are you there?", "Hello?"):
            rig.session.say(words)
            await rig.session.wait_idle(30)
        summary = rig.session.log.of(ev.TaskFinished)[-1].summary
        assert (
            "fault of Sayso" in summary or rig.session.log.of(ev.TaskFinished)[-1].outcome == "done"
        )
        assert "Check the network" not in summary
    Faulty.left = 1


class FallsOver(OfflineModel):
    """The offline planner with an error inside a handler."""

    left = 1

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelPart, None]:
        if self.left:
            self.left -= 1
            raise OSError(36, "File name too long")
        async for part in super().stream(request):
            yield part


async def test_an_error_inside_a_handler_ends_that_instruction_and_no_other():
    """The planner does not come upon the one that failed again and again."""
    session = Session(
        SETTINGS,
        "s",
        MemorySessionJournal(),
        model=FallsOver(FakeDesktop()),
        tools=(FakeTool(),),
        desktop=FakeDesktop(),
    )
    await session.open()
    for words in ("Create a file called aaa.", "What can I say?"):
        session.say(words)
        await session.wait_idle(20)
    ends = session.log.of(ev.TaskFinished)
    assert [e.outcome for e in ends] == ["failed", "done"]
    assert session.status.turn_id is None
    assert "aaa" not in ends[1].summary
    await session.close()


@pytest.mark.parametrize("words", ["half \ud83d", "latin \udce9", "nul \0"])
async def test_what_a_person_says_or_answers_can_be_written_down(words: str):
    async with Rig([says("Ok.")]) as rig:
        rig.session.say(words)
        await rig.session.wait_idle(30)
        assert rig.session.log.of(ev.TaskFinished)[-1].outcome == "done"
    with pytest.raises(BadInput):
        rig.session.control.say(" ")


@pytest.mark.parametrize("kind", ["image", "document", "tool_result"])
def test_a_block_that_only_people_send_is_not_taken_for_one(kind: str):
    """A model's answer with a picture, a document or a result in it that has nothing in it."""
    said = {"role": "assistant", "content": [{"type": kind, "content": 5}]}
    asked = [{"role": "user", "content": [{"type": "text", "text": "Hello."}]}, said]
    assert without_webp(asked) == asked
    assert count_pictures(asked) == 0
    body = PortableDialect().body(ModelRequest("", asked, [], (640, 480)), "local")
    assert body["messages"] == asked


@pytest.mark.parametrize(
    "words",
    [
        f"create a file called {'a' * 300}",
        f"create a file called {'ü' * 200} with the text hello",
        f"create a folder called {'b' * 300}",
        f"create a file called {'c' * 300} in the documents folder",
    ],
)
async def test_a_name_that_no_file_can_have_is_told_and_the_next_instruction_works(
    words: str, tmp_path: Path
):
    """By the planner itself, in its own words; no instruction after it suffers."""
    parts: dict[str, Any] = {"desktop": FakeDesktop(home=tmp_path)}
    session = Session(Settings(model="offline"), "s", MemorySessionJournal(), **parts)
    await session.open()
    for said in (words, "what can I say?"):
        session.say(said)
        await session.wait_idle(30)
    told, after = session.log.of(ev.TaskFinished)
    assert told.outcome == "ended"
    assert "is too long: a name has at most 255 letters" in told.summary
    assert after.outcome == "done"
    assert not list(tmp_path.iterdir())
    await session.close()


async def test_a_home_that_cannot_be_read_ends_that_instruction_in_words(tmp_path: Path):
    home = tmp_path / "gone"
    parts: dict[str, Any] = {"desktop": FakeDesktop(home=home)}
    session = Session(Settings(model="offline"), "s", MemorySessionJournal(), **parts)
    await session.open()
    session.say("create a file called notes in the holiday folder")
    await session.wait_idle(30)
    (told,) = session.log.of(ev.TaskFinished)
    assert "I could not look at the files: No such file or directory." in told.summary
    await session.close()
