"""Messages of D-Bus as we write and read them, held against another library's."""

from __future__ import annotations

from typing import Any

import pytest
from jeepney import HeaderFields, Message, MessageType, Parser
from jeepney.low_level import Endianness, Header

from agent.desktop.see.wire import Answer, Call, Incoming

PROGRAM, OBJECT = ":1.23", "/org/a11y/atspi/accessible/7"
NULL = "/org/a11y/atspi/null"
ITEMS = "a((so)(so)(so)iiassusau)"
RULE = "(aiia{ss}iaiiasib)uib"


def answer(
    signature: str, body: tuple[Any, ...], serial: int = 7, kind: Any = MessageType.method_return
) -> bytes:
    """A message as the bus would send it."""
    fields = {
        HeaderFields.reply_serial: serial,
        HeaderFields.sender: PROGRAM,
        HeaderFields.destination: ":1.9",
        HeaderFields.signature: signature,
    }
    written: bytes = Message(Header(Endianness.little, kind, 0, 1, -1, 1, fields), body).serialise()
    return written


def read(data: bytes) -> list[Answer]:
    incoming = Incoming()
    incoming.add(data)
    return list(iter(incoming.next, None))


@pytest.mark.parametrize(
    ("signature", "body"),
    [
        ("", ()),
        ("u", (0,)),
        ("ss", ("org.a11y.atspi.Accessible", "Name")),
        ("iiu", (3, -4, 1)),
        ("ssv", ("org.a11y.Status", "IsEnabled", ("b", True))),
        ("sass", ("object:children-changed", [], "")),
        (RULE, (([-2147483648, 1], 1, {}, 1, [0, 0, 0, 8], 2, [], 1, False), 1, 150, True)),
    ],
)
@pytest.mark.parametrize("path", ["/", "/a", "/org", OBJECT, "/org/a11y/atspi/accessible/12345"])
def test_a_call_is_understood_by_others(signature: str, body: tuple[Any, ...], path: str) -> None:
    call = Call(PROGRAM, path, "org.a11y.atspi.Accessible", "GetRole", signature, body)
    parser = Parser()
    parser.add_data(call.written(41) + call.written(42))
    for serial in (41, 42):
        message = parser.get_next_message()
        assert message.header.serial == serial
        assert message.header.message_type is MessageType.method_call
        assert message.body == body
        assert message.header.fields == {
            HeaderFields.path: path,
            HeaderFields.destination: PROGRAM,
            HeaderFields.interface: "org.a11y.atspi.Accessible",
            HeaderFields.member: "GetRole",
            **({HeaderFields.signature: signature} if signature else {}),
        }
    assert parser.get_next_message() is None


@pytest.mark.parametrize(
    ("signature", "body"),
    [
        ("", ()),
        ("v", (("s", "Zażółć 日本 😀"),)),
        ("v", (("(so)", (PROGRAM, OBJECT)),)),
        ("v", (("i", -5),)),
        ("v", (("ai", []),)),
        ("u", (43,)),
        ("au", ([1124075776, 3],)),
        ("(iiii)", ((-2147483648, 2, 3, 4),)),
        ("a(so)", ([(PROGRAM, OBJECT), (":1.4", NULL)],)),
        ("a(so)", ([],)),
        ("ya(so)", (1, [])),
        ("a(ua(so))", ([(2, [(PROGRAM, OBJECT)]), (3, [])],)),
        ("a{ss}", ({"placeholder-text": "Search", "": ""},)),
        ("a{sv}", ({"Name": ("s", "x"), "ChildCount": ("i", 3), "At": ("v", ("d", 0.5))},)),
        ("ynqbixtdg", (1, -2, 3, True, -4, -(2**40), 2**63, 1.5, "a{sv}")),
        (
            ITEMS,
            (
                [
                    (
                        *((PROGRAM, f"/{n}"), (PROGRAM, "/"), (PROGRAM, NULL)),
                        *(n, 0, ["org.a11y.atspi.Text"][: n % 2], "n" * n, 43, "", [n, 2**31]),
                    )
                    for n in range(30)
                ],
            ),
        ),
    ],
)
def test_an_answer_is_read_as_others_wrote_it(signature: str, body: tuple[Any, ...]) -> None:
    assert read(answer(signature, body)) == [Answer(7, body)]


def test_answers_are_read_however_they_are_cut() -> None:
    """A piece may end in the middle of a header; none is read before it is there."""
    data = b"".join(answer("v", (("s", "x" * n),), serial=n) for n in range(1, 20))
    wanted = [Answer(n, (("s", "x" * n),)) for n in range(1, 20)]
    for size in (1, 3, 16, 100, len(data)):
        incoming, found = Incoming(), []
        for start in range(0, len(data), size):
            incoming.add(data[start : start + size])
            found += list(iter(incoming.next, None))
        assert found == wanted


def test_an_error_and_a_signal_have_no_answers_body() -> None:
    error = answer("s", ("No such object.",), kind=MessageType.error)
    fields = {
        HeaderFields.path: "/",
        HeaderFields.interface: "org.freedesktop.DBus",
        HeaderFields.member: "NameAcquired",
        HeaderFields.signature: "s",
    }
    header = Header(Endianness.little, MessageType.signal, 0, 1, -1, 1, fields)
    signal = Message(header, (PROGRAM,)).serialise()
    assert read(error + signal) == [Answer(7, None), Answer(-1, None)]


def test_what_is_no_message_is_not_taken_for_one() -> None:
    with pytest.raises(ConnectionError, match="order"):
        read(b"HTTP/1.1 400 Bad Request\r\n")
