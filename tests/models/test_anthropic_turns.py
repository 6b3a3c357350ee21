"""Claude's adapter: whole conversations through the real SDK and the faithful server."""

from __future__ import annotations

import copy
import re

import pytest
from model_conversation import Connect, Turn, answer_calls, picture, request, take_turn, user

from agent.errors import ModelError, StreamBroken
from agent.models.base import BlockDone, Counted
from agent.models.claude.dialects import ContextPolicy, Dialect, ToolsetDialect
from agent.models.claude.hosted import HostedDialect
from agent.models.claude.portable import PortableDialect
from agent.testing.messages_script import Reply, call, says, thinking

BATCH = says(
    thinking("Opening the menu."),
    "I open it.",
    call("left_click", coordinate=[10, 20]),
    call("type", text="grüße ✓"),
    call("bash", command="ls"),
)


async def test_a_batch_comes_out_block_by_block(connect: Connect) -> None:
    """Text streams, each tool block is whole, ids and toolset names are kept."""
    _, claude = await connect([BATCH])
    turn = await take_turn(claude, request([user("Hello.")]))
    kinds = [block["type"] for block in turn.blocks]
    assert kinds == ["thinking", "text", "tool_use", "tool_use", "tool_use"]
    click, typed, shell = turn.blocks[2:]
    assert click["name"] == "left_click"
    assert click["input"] == {"coordinate": [10, 20]}
    assert click["toolset_name"] == typed["toolset_name"] == "computer"
    assert typed["input"] == {"text": "grüße ✓"}
    assert "toolset_name" not in shell
    assert turn.words() == "I open it."
    assert turn.done.stop_reason == "tool_use"


async def test_a_tool_block_is_told_before_the_answer_ends(connect: Connect) -> None:
    """Eager: a finished call arrives while the service still holds back the rest."""
    reply = BATCH.model_copy(update={"end": "hang", "end_after": 12})
    server, claude = await connect([reply])
    parts = claude.stream(request([user("Hello.")]))
    async for part in parts:
        if isinstance(part, BlockDone) and part.block["type"] == "tool_use":
            break
    await parts.aclose()
    await server.requests[0].gone.wait()
    assert server.requests[0].sent == 12


@pytest.mark.parametrize(
    ("model", "role", "config"),
    [
        ("claude-opus-5-5", "progress", {"type": "adaptive", "display": "updates"}),
        ("claude-sonnet-5-5", "progress", {"type": "between_tools"}),
        ("claude-opus-4-8", "thinking", {"type": "adaptive", "display": "summarized"}),
        ("claude-haiku-5-5", None, {"type": "disabled"}),
    ],
)
async def test_narration_lines_exist_by_model(
    connect: Connect, model: str, role: str | None, config: dict[str, str]
) -> None:
    """Each family is asked for thinking in the way that yields lines fit to be spoken."""
    server, claude = await connect([BATCH], model=model)
    turn = await take_turn(claude, request([user("Hello.")]))
    assert server.requests[0].body["thinking"] == config
    if role is None:
        assert all(block["type"] != "thinking" for block in turn.blocks)
    else:
        assert turn.words(role) == "Opening the menu."


async def test_thinking_is_replayed_byte_for_byte(connect: Connect) -> None:
    """Signed blocks, empty ones included, survive three turns of an append-only history."""
    replies = [BATCH, says(thinking(""), call("screenshot")), says("Done.")]
    server, claude = await connect(replies)
    messages = [user("Hello.", picture())]
    for _ in replies:
        turn = await take_turn(claude, request(messages))
        messages.append({"role": "assistant", "content": turn.blocks})
        if turn.done.stop_reason == "tool_use":
            messages.append(answer_calls(turn.blocks, image=picture()))
    assert [served.status for served in server.requests] == [200, 200, 200]


async def test_altered_thinking_is_refused_by_the_server(connect: Connect) -> None:
    """The server's own check works: a changed prefix is a 400."""
    _, claude = await connect([BATCH, says("Done.")])
    messages = [user("Hello.")]
    turn = await take_turn(claude, request(messages))
    changed = [user("Good bye."), {"role": "assistant", "content": turn.blocks}]
    changed.append(answer_calls(turn.blocks))
    with pytest.raises(ModelError, match="signature"):
        await take_turn(claude, request(changed))
    thought = next(block for block in turn.blocks if block["type"] == "thinking")
    thought["signature"] = "caf\xe9"
    with pytest.raises(ModelError, match="signature"):
        await take_turn(claude, request([user("Hello."), *changed[1:]]))


async def test_each_turn_reads_what_the_last_one_wrote(connect: Connect) -> None:
    """Cache: after the first turn only the new blocks are written, nothing is sent bare."""
    calls = [call("left_click", coordinate=[i, i]) for i in range(24)]
    replies = [says(*calls), says(*calls), says("Done.")]
    server, claude = await connect(replies)
    messages = [user("Hello.", picture())]
    for _ in replies:
        turn = await take_turn(claude, request(messages))
        messages.append({"role": "assistant", "content": turn.blocks})
        messages.append(answer_calls(turn.blocks, image=picture()))
    first, second, third = (served.usage for served in server.requests)
    assert first["cache_read_input_tokens"] == 0
    assert first["cache_creation_input_tokens"] > 5000
    for earlier, later in ((first, second), (second, third)):
        warm = earlier["cache_read_input_tokens"] + earlier["cache_creation_input_tokens"]
        assert later["cache_read_input_tokens"] == warm
        assert later["input_tokens"] == 0


async def test_a_cut_turn_has_told_its_cost(connect: Connect) -> None:
    """The prompt's tokens and price come with the first event, before any word."""
    reply = BATCH.model_copy(update={"end": "cut", "end_after": 4})
    _, claude = await connect([reply])
    turn = Turn()
    with pytest.raises(StreamBroken):
        await take_turn(claude, request([user("Hello.")]), turn)
    counted = turn.parts[0]
    assert isinstance(counted, Counted)
    assert counted.usage.cache_creation_input_tokens > 5000
    assert counted.usage.dollars > 0


async def test_money_follows_the_table(connect: Connect) -> None:
    """Usage holds cache reads and writes, and dollars by model."""
    _, claude = await connect([says("Hi.", output_tokens=1000)], model="claude-opus-5-5")
    usage = (await take_turn(claude, request([user("Hello.")]))).done.usage
    expected = (usage.cache_creation_input_tokens * 5.0 + 1000 * 20) / 1e6
    assert usage.output_tokens == 1000
    assert usage.dollars == pytest.approx(expected)


async def test_old_results_are_cleared_by_the_service(connect: Connect) -> None:
    """Context management is asked for with its beta; the history itself stays whole."""
    policy = ContextPolicy(clear_above=5000, clear_at_least=10, keep=1)
    calls = [call("screenshot") for _ in range(3)]
    server, claude = await connect(
        [says(*calls), says("Done.")], dialect=ToolsetDialect(context=policy)
    )
    messages = [user("Hello.", picture())]
    turn = await take_turn(claude, request(messages))
    messages += [{"role": "assistant", "content": turn.blocks}, answer_calls(turn.blocks)]
    await take_turn(claude, request(messages))
    assert server.requests[1].body["messages"][1]["content"] == turn.blocks
    assert "context-management-2025-06-27" in server.requests[1].headers["anthropic-beta"]
    report = server.requests[1].managed.report or {}
    assert [edit["cleared_tool_uses"] for edit in report["applied_edits"]] == [2]


async def test_a_compaction_is_kept_and_paid_for(connect: Connect) -> None:
    """The compaction block comes out to be replayed, and its tokens are counted."""
    policy = ContextPolicy(clear_above=900_000, compact_above=50_000)
    server, claude = await connect(
        [says("Go on."), says("Done.")], dialect=ToolsetDialect(context=policy)
    )
    messages = [user("Hello. " * 30_000, picture())]
    turn = await take_turn(claude, request(messages))
    assert turn.blocks[0]["type"] == "compaction"
    assert turn.done.usage.input_tokens > 50_000
    messages += [{"role": "assistant", "content": turn.blocks}, user("And?")]
    second = await take_turn(claude, request(messages))
    assert second.words() == "Done."
    assert second.done.usage.cache_creation_input_tokens < turn.done.usage.input_tokens
    assert server.requests[1].body["messages"][1]["content"][0] == turn.blocks[0]


async def test_requests_are_not_changed_by_being_sent(connect: Connect) -> None:
    """Markers go into copies: the history that the caller holds stays as it was."""
    _, claude = await connect([says("Hi.")])
    messages = [user("a"), {"role": "assistant", "content": "b"}, user("c")]
    before = copy.deepcopy(messages)
    await take_turn(claude, request(messages))
    assert messages == before


@pytest.mark.parametrize(
    ("dialect", "model"),
    [(HostedDialect(), "claude-sonnet-4-6"), (PortableDialect(), "qwen-vl")],
    ids=["hosted", "portable"],
)
async def test_other_dialects_look_the_same_from_inside(
    connect: Connect, dialect: Dialect, model: str
) -> None:
    """The loop sees toolset blocks and answers in their shape, whatever is on the wire."""
    replies = [
        says("I look.", call("left_click", coordinate=[1, 2])),
        says(call("bash", command="ls")),
        says(call("ask", question="Which?")),
        says("Done."),
    ]
    server, claude = await connect(replies, model=model, dialect=dialect)
    messages = [user("Hello.", picture())]
    for _ in replies:
        turn = await take_turn(claude, request(messages))
        messages.append({"role": "assistant", "content": turn.blocks})
        if turn.done.stop_reason == "tool_use":
            messages.append(answer_calls(turn.blocks, image=picture()))
    assert [served.status for served in server.requests] == [200] * 4
    click = messages[1]["content"][1]
    assert (click["name"], click["toolset_name"]) == ("left_click", "computer")
    assert click["input"] == {"coordinate": [1, 2]}


@pytest.mark.parametrize(
    ("dialect", "model", "sent"),
    [
        (ToolsetDialect(), "claude-opus-5-5", "webp"),
        (HostedDialect(), "claude-sonnet-4-6", "webp"),
        (PortableDialect(), "qwen-vl", "jpeg"),
    ],
    ids=["toolset", "hosted", "portable"],
)
async def test_servers_that_may_not_know_webp_get_jpeg(
    connect: Connect, dialect: Dialect, model: str, sent: str
) -> None:
    """Wherever the picture stands; the history that the caller holds stays as it was."""
    server, claude = await connect([says("Hi."), says("Done.")], model=model, dialect=dialect)
    messages = [user("Hello.", picture(kind="webp"))]
    turn = await take_turn(claude, request(messages))
    tapped = {**call("left_click", coordinate=[1, 2]), "id": "toolu_1"}
    messages += [
        {"role": "assistant", "content": [*turn.blocks, tapped]},
        answer_calls([tapped], image=picture(64, 64, kind="webp")),
    ]
    before = copy.deepcopy(messages)
    await take_turn(claude, request(messages))
    assert re.findall("image/([a-z]+)", str(server.requests[1].body)) == [sent, sent]
    assert server.requests[1].status == 200
    assert messages == before


async def test_the_older_tool_is_one_action_per_turn(connect: Connect) -> None:
    """``computer_20251124`` is declared with the display and without parallel calls."""
    server, claude = await connect(
        [says("Hi.")], model="claude-sonnet-4-6", dialect=HostedDialect()
    )
    await take_turn(claude, request([user("Hello.")]))
    body = server.requests[0].body
    assert body["tools"][0] == {
        "type": "computer_20251124",
        "name": "computer",
        "display_width_px": 1280,
        "display_height_px": 800,
        "enable_zoom": True,
    }
    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert server.requests[0].headers["anthropic-beta"] == "computer-use-2025-11-24"


async def test_an_empty_answer_is_passed_on(connect: Connect) -> None:
    """No block at all is the loop's affair, not an error here."""
    _, claude = await connect([Reply(output_tokens=0)])
    turn = await take_turn(claude, request([user("Hello.")]))
    assert turn.blocks == []
    assert turn.done.stop_reason == "end_turn"


async def test_members_that_are_not_served_are_switched_off(connect: Connect) -> None:
    """The toolset entry disables what the tool does not offer, and names nothing else."""
    server, claude = await connect([says("Hi.")])
    await take_turn(claude, request([user("Hello.")]))
    tool = server.requests[0].body["tools"][0]
    assert tool == {
        "type": "computer_toolset_20260801",
        "configs": {"cursor_position": {"enabled": False}},
    }
