"""Claude's adapter when things go wrong: each failure has its kind and its sentence."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from contextlib import suppress

import pytest
from model_conversation import Connect, ManualClock, Turn, picture, request, take_turn, user

from agent.errors import (
    ContextTooLong,
    ConversationRefused,
    ModelError,
    ModelRefused,
    ModelUnavailable,
    PictureTooLarge,
    StreamBroken,
)
from agent.models.base import Text, Waiting
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.errors import most_pictures
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.testing.messages_script import FOREVER, Reply, call, fails, says, thinking

HELLO = request([user("Hello.")])
ANSWER = says(thinking("Looking."), "I open it.", call("left_click", coordinate=[1, 2]))
KEY = "sk-ant-secret-0123456789"


async def test_a_rate_limit_is_waited_for_in_sight(connect: Connect) -> None:
    """``retry-after`` becomes a Waiting part, and the turn then succeeds."""
    server, claude = await connect([fails(429, retry_after=7), says("Hi.")])
    turn = await take_turn(claude, HELLO)
    assert [wait.seconds for wait in turn.waits] == [7]
    assert "rate" in turn.waits[0].reason
    assert turn.words() == "Hi."
    assert len(server.requests) == 2


async def test_milliseconds_are_understood(connect: Connect) -> None:
    """``retry-after-ms`` goes before ``retry-after``."""
    replies = [fails(429, retry_after=7, headers={"retry-after-ms": "250"}), says("Hi.")]
    _, claude = await connect(replies)
    assert (await take_turn(claude, HELLO)).waits[0].seconds == 0.25


async def test_back_off_grows_and_ends(connect: Connect) -> None:
    """Overload without a wish: half a second, doubled each time, then a sentence."""
    server, claude = await connect([fails(529)] * 9)
    turn = Turn()
    with pytest.raises(ModelUnavailable, match="overloaded, after several tries"):
        await take_turn(claude, HELLO, turn)
    first, second, third = (wait.seconds for wait in turn.waits)
    assert 0.375 <= first <= 0.5
    assert 0.75 <= second <= 1.0
    assert 1.5 <= third <= 2.0
    assert len(server.requests) == 4


async def test_the_service_can_forbid_a_retry(connect: Connect) -> None:
    """``x-should-retry: false`` is obeyed."""
    server, claude = await connect([fails(529, headers={"x-should-retry": "false"})])
    with pytest.raises(ModelUnavailable, match=r"is overloaded\. Try again"):
        await take_turn(claude, HELLO)
    assert len(server.requests) == 1


async def test_overload_told_as_the_first_event_is_retried(connect: Connect) -> None:
    """Nothing had begun, so nothing can be done twice."""
    server, claude = await connect([Reply(end="error", end_after=0), says("Hi.")])
    turn = await take_turn(claude, HELLO)
    assert len(turn.waits) == 1
    assert turn.words() == "Hi."
    assert len(server.requests) == 2


@pytest.mark.parametrize("end", ["error", "cut", "no_stop"])
async def test_an_answer_that_breaks_off_is_not_repeated(connect: Connect, end: str) -> None:
    """What was whole is told, then StreamBroken; no second request is made."""
    reply = ANSWER.model_copy(update={"end": end, "end_after": 9})
    server, claude = await connect([reply, says("Never.")])
    turn = Turn()
    with pytest.raises(StreamBroken):
        await take_turn(claude, HELLO, turn)
    assert [block["type"] for block in turn.blocks] == ["thinking", "text"]
    assert turn.words() == "I open it."
    assert len(server.requests) == 1


async def test_silence_in_the_middle_ends_by_itself(connect: Connect) -> None:
    """A stream that hangs breaks off after the allowed silence."""
    reply = ANSWER.model_copy(update={"end": "hang", "end_after": 9})
    _, claude = await connect([reply], silence=0.3)
    with pytest.raises(StreamBroken, match="fell silent"):
        await take_turn(claude, HELLO)


async def test_silence_before_the_first_byte_is_retried(connect: Connect) -> None:
    """A service that does not answer is tried again, then named."""
    server, claude = await connect([Reply(hang=FOREVER)] * 2, silence=0.3, retries=1)
    with pytest.raises(ModelUnavailable, match="did not answer in time"):
        await take_turn(claude, HELLO)
    assert len(server.requests) == 2


async def test_a_refusal_is_its_own_error(connect: Connect) -> None:
    """The service's explanation reaches the person."""
    reply = says("I", stop_reason="refusal", stop_details={"explanation": "Not this."})
    _, claude = await connect([reply])
    with pytest.raises(ModelRefused, match=r"\(Not this\)\."):
        await take_turn(claude, HELLO)


async def test_a_call_cut_by_max_tokens_is_left_out(connect: Connect) -> None:
    """Half a call is never acted upon; the stop reason tells the loop."""
    reply = says("I type.", call("type", text="a long text"), stop_reason="max_tokens")
    _, claude = await connect([reply])
    turn = await take_turn(claude, HELLO)
    assert [block["type"] for block in turn.blocks] == ["text"]
    assert turn.done.stop_reason == "max_tokens"


@pytest.mark.parametrize(
    ("reply", "kind", "sentence"),
    [
        (fails(402), ModelUnavailable, "credit"),
        (fails(403, message="no"), ModelUnavailable, "may not use"),
        (fails(413), ContextTooLong, "larger window"),
        (fails(400, message="prompt is too long: 9 > 8"), ContextTooLong, "larger window"),
        (fails(500, message="context overflows"), ContextTooLong, "larger window"),
        (
            fails(400, error_code="image_dimensions_too_large", message="x"),
            PictureTooLarge,
            "SAYSO_WIDTH",
        ),
        (fails(400, message="bad"), ConversationRefused, "rejects the request"),
        (says(stop_reason="model_context_window_exceeded"), ContextTooLong, "window"),
    ],
)
async def test_errors_say_what_to_do(
    connect: Connect, reply: Reply, kind: type[ModelError], sentence: str
) -> None:
    """Each failure that a person can mend has its own kind and words."""
    _, claude = await connect([reply])
    with pytest.raises(kind, match=sentence):
        await take_turn(claude, HELLO)


async def test_a_wrong_key_is_named_without_being_shown(connect: Connect) -> None:
    """401: the sentence says which variable to mend."""
    _, claude = await connect([says("Never.")], key=KEY)
    wrong = AnthropicModel("claude-opus-5-5", ToolsetDialect(), new_client("bad", _address(claude)))
    with pytest.raises(ModelUnavailable, match="ANTHROPIC_API_KEY"):
        await take_turn(wrong, HELLO)
    await wrong.close()


async def test_an_unknown_model_is_named(connect: Connect) -> None:
    """404: the model and the address are in the sentence."""
    _, claude = await connect([], models=frozenset({"claude-opus-5-5"}), model="claude-none-9")
    with pytest.raises(ModelUnavailable, match="claude-none-9"):
        await take_turn(claude, HELLO)


async def test_a_picture_that_is_too_large_is_explained(connect: Connect) -> None:
    """The server measures the picture itself; the person reads which settings to change."""
    _, claude = await connect([says("Never.")])
    with pytest.raises(PictureTooLarge, match="SAYSO_WIDTH"):
        await take_turn(claude, request([user("Look.", picture(3000, 1000))]))


async def test_a_blind_local_model_is_explained_at_once(connect: Connect) -> None:
    """A local server says so with a 500; that is not retried."""
    server, claude = await connect(
        [says("Never.")], model="small", dialect=PortableDialect(), vision=False
    )
    with pytest.raises(ModelUnavailable, match="cannot see images"):
        await take_turn(claude, request([user("Look.", picture())]))
    assert len(server.requests) == 1


async def test_a_full_window_is_its_own_error(connect: Connect) -> None:
    """The server counts tokens and refuses; the adapter calls it by its name."""
    _, claude = await connect([says("Never.")], window=1000)
    with pytest.raises(ContextTooLong):
        await take_turn(claude, HELLO)


@pytest.mark.parametrize(
    "words",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input is too long for requested model.",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "The decoder prompt (length 5000) is longer than the maximum model length of 4096.",
        "the request exceeds the available context size (4096 tokens), try increasing it",
        "the prompt exceeds the max_model_len",
    ],
)
async def test_a_full_window_is_known_in_many_words(connect: Connect, words: str) -> None:
    """Of Claude's API, Bedrock, Gemini, vLLM and llama.cpp."""
    _, claude = await connect([fails(400, message=words)])
    with pytest.raises(ContextTooLong):
        await take_turn(claude, HELLO)


@pytest.mark.parametrize(
    ("words", "most"),
    [
        ("Too many images: 101 > 100", None),
        ("Too much media: 0 document pages + 101 images > 100", 100),
        ("messages.0.content.21: at most 20 images are allowed", 20),
        ("Number of images (12) exceeds the maximum allowed (10)", 10),
        ("image limit reached: 10", 10),
        ("image count exceeds the limit", None),
        ("Only one image is supported per request", 1),
        ("This model does not support multiple images", 1),
        ("image exceeds 5 MB maximum: 5303376 bytes > 5242880 bytes", None),
        ("The image is larger than the maximum of 8000 pixels", None),
    ],
)
def test_how_many_pictures_a_server_takes_is_read_from_its_words(
    words: str, most: int | None
) -> None:
    assert most_pictures(words) == most


async def test_an_address_where_nobody_listens() -> None:
    """Refused connections are retried in sight, then the address is named."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://user:hidden@127.0.0.1:{free.getsockname()[1]}"
    claude = AnthropicModel(
        "claude-opus-5-5", ToolsetDialect(), new_client("k", url), clock=ManualClock()
    )
    turn = Turn()
    with pytest.raises(ModelUnavailable, match="cannot be reached") as caught:
        await take_turn(claude, HELLO, turn)
    await claude.close()
    assert len(turn.waits) == 3
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("message", [1.5, ["no"], {"text": "no"}, True])
async def test_a_refusal_whose_message_is_no_text_is_told(
    connect: Connect, message: object
) -> None:
    """The service is at fault, not Sayso."""
    raw = json.dumps({"type": "error", "error": {"type": "x", "message": message}}).encode()
    _, claude = await connect([Reply(status=418, raw=(raw,))] * 9)
    with pytest.raises(ModelError, match="418"):
        await take_turn(claude, HELLO)


@pytest.mark.parametrize("kind", [{"a": "b"}, ["overloaded_error"], None, 7])
async def test_a_failure_whose_kind_is_no_text_is_told(connect: Connect, kind: object) -> None:
    """In a stream's first event, where nothing but its kind says whether to try again."""
    told = json.dumps({"type": "error", "error": {"type": kind, "message": "no"}}).encode()
    server, claude = await connect([Reply(raw=(b"event: error\ndata: " + told + b"\n\n",))])
    with pytest.raises(ModelError):
        await take_turn(claude, HELLO)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "405 Not Allowed", "501 No"])
async def test_an_address_that_speaks_something_else(status: str) -> None:
    """A web page instead of a stream: the address is wrong, and the sentence says so."""

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: 9\r\n\r\n"
        writer.write(head.encode() + b"<html>Hi.")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = new_client("k", url)
    claude = AnthropicModel("claude-opus-5-5", ToolsetDialect(), client, clock=ManualClock())
    with pytest.raises(ModelUnavailable, match="does not speak the Messages API") as told:
        await take_turn(claude, HELLO)
    assert "<html>" not in str(told.value)
    await claude.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("events", [0, 2, 5, 8, 11])
async def test_cancelling_closes_the_connection(connect: Connect, events: int) -> None:
    """A cancelled turn leaves the service at once, wherever it was; the client lives on."""
    reply = ANSWER.model_copy(update={"end": "hang", "end_after": events})
    server, claude = await connect([reply, says("Hi.")])
    task = asyncio.create_task(take_turn(claude, HELLO))
    served = await server.request(0)
    while served.sent < events:
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):
        await served.gone.wait()
    assert (await take_turn(claude, HELLO)).words() == "Hi."


async def test_cancelling_before_the_first_byte(connect: Connect) -> None:
    """A service that thinks for long can be left before it has said anything."""
    server, claude = await connect([Reply(hang=FOREVER)])
    task = asyncio.create_task(take_turn(claude, HELLO))
    served = await server.request(0)
    task.cancel()
    async with asyncio.timeout(10):
        await served.gone.wait()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closing_the_generator_closes_the_connection(connect: Connect) -> None:
    """Leaving the loop over a turn is enough."""
    reply = ANSWER.model_copy(update={"end": "hang", "end_after": 9})
    server, claude = await connect([reply])
    parts = claude.stream(HELLO)
    async for part in parts:
        if isinstance(part, Text):
            break
    await parts.aclose()
    async with asyncio.timeout(10):
        await server.requests[0].gone.wait()


async def test_a_wait_can_be_cancelled(connect: Connect) -> None:
    """Between a Waiting part and the retry no request is open."""
    server, claude = await connect([fails(429, retry_after=50), says("Never.")])
    parts = claude.stream(HELLO)
    assert isinstance(await anext(parts), Waiting)
    await parts.aclose()
    assert len(server.requests) == 1


async def test_the_key_appears_nowhere(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Not in errors (even when the service echoes it), causes, reprs, logs or the record."""
    caplog.set_level(logging.DEBUG)
    echoes = [
        fails(400, message=f"bad header Authorization: Bearer {KEY}"),
        fails(403, message=f"{KEY} may not"),
        says("x", end="error", error_type="api_error", message=KEY, end_after=4),
        fails(500, message=KEY, headers={"x-should-retry": "false"}),
    ]
    server, claude = await connect(echoes, key=KEY)
    seen = [repr(claude)]
    for _ in echoes:
        with pytest.raises(ModelError) as caught:
            await take_turn(claude, HELLO)
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None
        seen += [str(error), repr(error)]
    seen += [repr([served.request for served in server.requests]), caplog.text]
    assert len(server.requests) == len(echoes)
    assert [text for text in seen if KEY in text] == []


def _address(claude: AnthropicModel) -> str:
    return repr(claude).rsplit(", ", 1)[1].rstrip(")")


@pytest.mark.parametrize("status", [400, 403, 404, 500, 529])
@pytest.mark.parametrize("unit", ["x", "model ", "9", f"{KEY} "])
async def test_an_endless_error_is_told_in_short(connect: Connect, status: int, unit: str) -> None:
    """Searched whole it would keep the loop for seconds, and nobody reads or hears it out."""
    message = (unit * 200_000)[:200_000]
    _, claude = await connect([fails(status, message=message)] * 9)
    with pytest.raises(ModelError) as told:
        await take_turn(claude, HELLO)
    assert len(str(told.value)) < 2000
    assert KEY not in str(told.value)
    assert KEY[:12] not in str(told.value)
