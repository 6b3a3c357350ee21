"""Blocks are rebuilt exactly, however the stream is cut into pieces or cut off."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from model_conversation import TOOLS

from agent.models.base import Block, BlockDone, ModelPart, ModelRequest, Text, Warned
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.stream import Assembler
from agent.testing.messages_accounting import Signer
from agent.testing.messages_script import Pace, Reply, call, text, thinking
from agent.testing.messages_sse import Answer

WORDS = st.text(min_size=1, max_size=60)
BLOCKS = st.lists(
    st.one_of(
        WORDS.map(text),
        st.text(max_size=40).map(thinking),
        WORDS.map(lambda words: call("type", text=words)),
        WORDS.map(lambda words: call("bash", command=words)),
        st.just(call("screenshot")),
    ),
    min_size=1,
    max_size=6,
)
BODY: dict[str, Any] = {
    **ToolsetDialect().body(
        ModelRequest("You help.", [{"role": "user", "content": "Hi."}], TOOLS, (1280, 800)),
        "claude-opus-5-5",
    )
}


def events(blocks: list[Block], chunk: int) -> list[dict[str, Any]]:
    """A complete answer's events, as they come off the wire."""
    reply = Reply(blocks=tuple(blocks), pace=Pace(chunk=chunk))
    answer = Answer(BODY, reply, {"input_tokens": 5}, Signer(b"x"))
    return [json.loads(json.dumps(event)) for event in answer.events()]


def assemble(stream: list[dict[str, Any]]) -> list[ModelPart]:
    dialect = ToolsetDialect()
    assembler = Assembler("claude-opus-5-5", dialect.incoming, narrates=True)
    return [part for event in stream for part in assembler.feed(event)]


@settings(max_examples=200, deadline=None)
@given(blocks=BLOCKS, chunk=st.integers(1, 50))
def test_blocks_do_not_depend_on_their_pieces(blocks: list[Block], chunk: int) -> None:
    """Any chunking gives the scripted blocks, and the streamed text is theirs."""
    parts = assemble(events(blocks, chunk))
    found = [part.block for part in parts if isinstance(part, BlockDone)]
    assert [block["type"] for block in found] == [block["type"] for block in blocks]
    for made, scripted in zip(found, blocks, strict=True):
        for name in ("text", "thinking", "input", "name", "toolset_name"):
            assert made.get(name) == scripted.get(name)
    said = "".join(p.text for p in parts if isinstance(p, Text) and p.role == "text")
    assert said == "".join(block["text"] for block in blocks if block["type"] == "text")


@settings(max_examples=200, deadline=None)
@given(blocks=BLOCKS, cut=st.integers(0, 80))
def test_a_cut_stream_gives_a_prefix(blocks: list[Block], cut: int) -> None:
    """What comes before the cut is what a whole answer would have given until there."""
    stream = events(blocks, 8)
    whole, part = assemble(stream), assemble(stream[:cut])
    assert whole[: len(part)] == part


def test_another_model_in_place_of_one_that_declined_is_told() -> None:
    """A ``fallback`` block is a safety signal: the person reads who answers, and why."""
    assembler = Assembler("claude-opus-5-5", lambda block: block, narrates=False)
    block = {
        "type": "fallback",
        "from": {"model": "claude-opus-5-5"},
        "to": {"model": "claude-opus-5"},
        "trigger": {"type": "refusal", "category": "cyber"},
    }
    parts = [
        part
        for event in (
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_stop", "index": 0},
        )
        for part in assembler.feed(event)
    ]
    told, kept = parts
    assert isinstance(told, Warned)
    assert "claude-opus-5 answers in its place" in told.text
    assert "cyber" in told.text
    assert kept == BlockDone(0, block)


def test_a_remark_beside_a_good_end_is_told() -> None:
    """``stop_details`` that come with anything but a refusal are shown, not swallowed."""
    assembler = Assembler("claude-opus-5-5", lambda block: block, narrates=False)
    delta = {
        "stop_reason": "end_turn",
        "stop_details": {"type": "notice", "explanation": "Careful."},
    }
    (told,) = assembler.feed({"type": "message_delta", "delta": delta, "usage": {}})
    assert told == Warned("The model's service remarks: Careful.")
