"""Thinking and calls that a model writes into its text: told apart, read, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from model_conversation import TOOLS

from agent.models.base import Block, BlockDone, ModelPart, Text, TurnDone
from agent.models.written import AnswerReader


def read(*texts: str, chunk: int = 0, opens: bool = False, calls: Sequence[Block] = ()) -> Answer:
    """What comes of an answer of these text blocks, streamed in pieces of ``chunk`` letters."""
    reader = AnswerReader(TOOLS, opens_thinking=opens)
    parts: list[ModelPart] = []
    for index, text in enumerate(texts):
        size = chunk or len(text) or 1
        for at in range(0, len(text), size):
            parts += reader.take(Text(text[at : at + size]))
        parts += reader.take(BlockDone(index, {"type": "text", "text": text}))
    for index, call in enumerate(calls, len(texts)):
        parts += reader.take(BlockDone(index, call))
    parts += reader.finish(TurnDone("end_turn"))
    return Answer(parts, unopened=reader.unopened)


class Answer:
    def __init__(self, parts: list[ModelPart], *, unopened: bool) -> None:
        self.unopened = unopened
        texts = [part for part in parts if isinstance(part, Text)]
        self.said = "".join(part.text for part in texts if part.role == "text").strip()
        self.thought = "".join(part.text for part in texts if part.role == "thinking")
        blocks = [part.block for part in parts if isinstance(part, BlockDone)]
        self.text = "\n".join(block["text"] for block in blocks if block["type"] == "text")
        self.calls = [
            (block["name"], block["input"], block.get("toolset_name"))
            for block in blocks
            if block["type"] == "tool_use"
        ]
        self.ids = [block["id"] for block in blocks if block["type"] == "tool_use"]
        last = parts[-1]
        assert isinstance(last, TurnDone)
        self.done = last
        indices = [part.index for part in parts if isinstance(part, BlockDone)]
        assert indices == sorted(set(indices))


CLICK = ("left_click", {"coordinate": [10, 20]}, "computer")


@pytest.mark.parametrize("chunk", [0, 1, 3, 7])
@pytest.mark.parametrize(
    "text",
    [
        "<think>Look first.</think>I click it.",
        "<think>\nLook first.\n</think>\n\nI click it.",
        "\n<thinking>Look first.</thinking>\nI click it.",
        "[THINK]Look first.[/THINK]I click it.",
        "◁think▷Look first.◁/think▷I click it.",
        "<|START_THINKING|>Look first.<|END_THINKING|>I click it.",
        "<|channel|>analysis<|message|>Look first.<|channel|>final<|message|>I click it.",
        "I click\n<think>Look first.</think>it.",
    ],
)
def test_thinking_in_tags_is_neither_shown_nor_spoken_nor_sent_back(text: str, chunk: int):
    """But the log has it."""
    answer = read(text, chunk=chunk)
    assert "".join(answer.said.split()) == "Iclickit."
    assert answer.text == answer.said
    assert answer.thought.strip() == "Look first."
    assert not answer.unopened


@pytest.mark.parametrize("chunk", [0, 1, 5])
def test_thinking_that_never_ends_is_no_answer(chunk: int):
    """It was cut by the answer's length, for example."""
    answer = read("<think>On and on", chunk=chunk)
    assert (answer.said, answer.text, answer.thought) == ("", "", "On and on")


@pytest.mark.parametrize("chunk", [1, 4])
def test_thinking_without_a_beginning_is_known_the_next_time(chunk: int):
    """The server's template has opened the tag already."""
    first = read("Look first.</think>I click it.", chunk=chunk)
    assert (first.text, first.unopened) == ("I click it.", True)
    second = read("Look first.</think>I click it.", chunk=chunk, opens=True)
    assert (second.said, second.thought, second.text) == (
        "I click it.",
        "Look first.",
        "I click it.",
    )


def test_an_answer_that_was_taken_for_thinking_is_shown_after_all():
    answer = read("It is done.", chunk=2, opens=True)
    assert (answer.said, answer.text) == ("It is done.", "It is done.")


@pytest.mark.parametrize(
    "text",
    [
        "The tag `<think>` begins it, `</think>` ends it.",
        "a < b, and {x} is a set; 2 <3",
        "Action: I will look at it.",
        'The file says {"name": "Anna", "age": 3}.',
        '```json\n{"name": "Anna", "age": 3}\n```',
        "```\nls -la\n```\nThat was it.",
        "Line one\n<b>bold</b>\n[1] a note\n",
    ],
)
@pytest.mark.parametrize("chunk", [0, 1])
def test_text_that_is_neither_stays_as_it_is(text: str, chunk: int):
    answer = read(text, chunk=chunk)
    assert answer.calls == []
    assert answer.done.told == ""
    assert "".join(answer.text.split()) == "".join(text.split())
    assert "".join(answer.said.split()) == "".join(text.split())


@pytest.mark.parametrize("chunk", [0, 1, 6])
@pytest.mark.parametrize(
    "text",
    [
        '{"name": "computer_left_click", "arguments": {"coordinate": [10, 20]}}',
        '```json\n{"name": "left_click", "arguments": {"coordinate": [10, 20]}}\n```',
        '```\n{"name": "left_click", "parameters": {"coordinate": [10, 20]}}\n```\n',
        '<tool_call>\n{"name": "left_click", "arguments": {"coordinate": [10, 20]}}\n</tool_call>',
        '<tool_call>{"name":"computer_use","arguments":{"action":"left_click","coordinate":[10,20]}}',
        '<|python_tag|>{"name": "left_click", "parameters": {"coordinate": [10, 20]}}<|eom_id|>',
        '[TOOL_CALLS][{"name": "left_click", "arguments": {"coordinate": [10, 20]}}]',
        '{"type":"function","function":{"name":"left_click","arguments":"{\\"coordinate\\":[10,20]}"}}',
        '{"action": "left_click", "coordinate": [10, 20]}',
        "<function=left_click>\n<parameter=coordinate>\n[10, 20]\n</parameter>\n</function>",
        """<function_calls>
<invoke name="left_click">
<parameter name="coordinate">[10, 20]</parameter>
</invoke>
</function_calls>""",
        "Action: click(start_box='(10,20)')",
        "Action: click(start_box='<|box_start|>(10,20)<|box_end|>')",
        "Action: click(point='<point>10 20</point>')",
        "Action: click(start_box='[5, 10, 15, 30]')",
        'Action: left_click\nAction Input: {"coordinate": [10, 20]}',
        (
            "<tool_call>left_click\n<arg_key>coordinate</arg_key>\n"
            "<arg_value>[10, 20]</arg_value>\n</tool_call>"
        ),
        (
            "<|tool_calls_section_begin|><|tool_call_begin|>functions.left_click:0"
            '<|tool_call_argument_begin|>{"coordinate": [10, 20]}<|tool_call_end|>'
        ),
        (
            "<|tool▁calls▁begin|><|tool▁call▁begin|>function<|tool▁sep|>left_click\n"
            '```json\n{"coordinate": [10, 20]}\n```<|tool▁call▁end|><|tool▁calls▁end|>'
        ).replace("|", "\uff5c"),
        '[TOOL_CALLS]left_click[ARGS]{"coordinate": [10, 20]}',
        '[TOOL_CALLS]left_click[CALL_ID]a1[ARGS]{"coordinate": [10, 20]}',
        (
            "<|channel|>commentary to=functions.left_click <|constrain|>json<|message|>"
            '{"coordinate": [10, 20]}<|call|>'
        ),
        'functools[{"name": "left_click", "arguments": {"coordinate": [10, 20]}}]',
        '<TOOLCALL>[{"name": "left_click", "arguments": {"coordinate": [10, 20]}}]</TOOLCALL>',
        (
            '<|START_ACTION|>[{"tool_name": "left_click", "parameters": {"coordinate": [10, 20]}}]'
            "<|END_ACTION|>"
        ),
        '{"arguments": {"coordinate": [10, 20]}, "name": "left_click"}',
        '{"tool_calls": [{"name": "left_click", "arguments": {"coordinate": [10, 20]}}]}',
        "[left_click(coordinate=[10, 20])]",
        "```tool_code\nprint(left_click(coordinate=[10, 20]))\n```",
        "<function_calls>\nleft_click(coordinate=[10, 20])\n</function_calls>",
    ],
)
def test_a_call_that_is_written_as_text_is_made(text: str, chunk: int):
    """And its text is not shown; the log has it."""
    answer = read(f"I click it.\n{text}", chunk=chunk)
    assert answer.calls == [CLICK]
    assert answer.done.stop_reason == "tool_use"
    assert (answer.said, answer.text) == ("I click it.", "I click it.")
    assert "10" in answer.thought


@pytest.mark.parametrize(
    ("line", "name", "given"),
    [
        ("left_double(start_box='(1,2)')", "double_click", {"coordinate": [1, 2]}),
        ("right_single(start_box='(0.5,0.25)')", "right_click", {"coordinate": [0.5, 0.25]}),
        ("type(content='It\\'s\\n')", "type", {"text": "It's\n"}),
        ("hotkey(key='ctrl c')", "key", {"text": "ctrl+c"}),
        ("wait()", "wait", {"duration": 5}),
        (
            "drag(start_box='(1,2)', end_box='(3,4)')",
            "left_click_drag",
            {"start_coordinate": [1, 2], "coordinate": [3, 4]},
        ),
        (
            "scroll(start_box='(1,2)', direction='up')",
            "scroll",
            {"coordinate": [1, 2], "scroll_direction": "up", "scroll_amount": 5},
        ),
    ],
)
def test_the_actions_of_ui_tars_are_ours(line: str, name: str, given: dict[str, Any]):
    answer = read(f"Thought: So.\nAction: {line}")
    assert answer.calls == [(name, given, "computer")]


def test_ui_tars_says_that_it_is_done():
    answer = read("Thought: So.\nAction: finished(content='It is saved.')")
    assert (answer.calls, answer.done.told) == ([], "")
    assert answer.text.endswith("It is saved.")


def test_several_calls_are_made_in_their_order():
    one = '<tool_call>{"name": "key", "arguments": {"text": "a"}}</tool_call>'
    two = '<tool_call>{"name": "key", "arguments": {"text": "b"}}</tool_call>'
    answer = read(f"{one}\n{two}")
    assert [given["text"] for _, given, _ in answer.calls] == ["a", "b"]
    assert len(set(answer.ids)) == 2


REFUSED = {
    "cut": '<tool_call>{"name": "left_click", "arguments": {"coordinate": [10,',
    "no JSON": "<tool_call>left_click at 10, 20</tool_call>",
    "single quotes": "<tool_call>{'name': 'left_click', 'arguments': {}}</tool_call>",
    "not a number": '<tool_call>{"name": "wait", "arguments": {"duration": NaN}}</tool_call>',
    "unknown": '<tool_call>{"name": "fly", "arguments": {}}</tool_call>',
    "unknown, bare": '{"name": "fly", "arguments": {"to": "Rome"}}',
    "cut, bare": '{"name": "left_click", "arguments": {"coordinate": [10',
    "an example": '```json\n{"name": "key", "arguments": {"text": "a"}}\n```\nis how to do it.',
    "arguments": '{"name": "bash", "arguments": "ls -la"}',
    "positional": "Action: click(10, 20)",
    "code": "Action: click(start_box=open('x'))",
    "code in a list": "[left_click(coordinate=open('x'))]",
    "positional in a list": "[left_click(10, 20)]",
    "an example of a list": "[left_click(coordinate=[1, 2])] is how to do it.",
    "a name without JSON": "[TOOL_CALLS]left_click[ARGS]10, 20",
    "no object after a name": '[TOOL_CALLS]left_click[ARGS]{"coordinate": [10,',
    "of another kind": "<minimax:tool_call>\nleft_click\n</minimax:tool_call>",
    "a program": "pyautogui.click(x=10, y=20)",
    "another tongue": "<|tool▁calls▁begin|>bash<|tool▁sep|>ls",
    "too many": "".join('<tool_call>{"name":"key","arguments":{}}</tool_call>' for _ in range(33)),
    "deep": '<tool_call>{"name": "key", "arguments": {"a": ' + "[" * 5000,
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_read_is_refused_in_a_sentence_to_the_model(text: str):
    """Nothing is guessed and nothing is spoken; the model sees again what it wrote."""
    answer = read(f"I do it.\n{text}")
    assert answer.calls == []
    assert answer.said == "I do it."
    assert answer.text.startswith("I do it.")
    assert answer.text.split("\n", 1)[1].strip() == text.strip()
    assert answer.done.told.startswith(
        "A tool call that you wrote into your text was not executed:"
    )
    assert "Call the tool by the tool interface." in answer.done.told


def test_a_call_that_the_server_passed_on_goes_before_one_that_is_written():
    """The server's own parser has read the text already: it would be made twice."""
    call = {"type": "tool_use", "id": "a", "name": "key", "input": {"text": "a"}}
    answer = read('{"name": "key", "arguments": {"text": "a"}}', calls=[call])
    assert answer.ids == ["a"]
    assert answer.done.told == ""


def test_a_long_text_with_many_signs_is_read_at_once():
    """Each piece is looked at once: 400 kB of what may begin a mark are no matter of minutes."""
    text = "<x {y [z `q A " * 30_000
    answer = read(text, chunk=40)
    assert len(answer.said) > 400_000
