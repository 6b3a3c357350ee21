"""Names of AT-SPI's numbers, and a small pipelining D-Bus client.

The numbers are those of ``atspi-constants.h`` (at-spi2-core 2.46). The client is
blocking on purpose: it lives in one thread of its own, sends many calls at once and
waits for all answers under one deadline, so an application that hangs costs that
deadline and nothing else.
"""

from __future__ import annotations

import functools
import socket
import time
from collections.abc import Sequence
from itertools import count
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    Parser,
    Properties,
    new_method_call,
)
from jeepney.auth import BEGIN, AuthenticationError, Authenticator, make_auth_anonymous
from jeepney.bus import get_bus
from jeepney.bus_messages import message_bus

ROLES = tuple(
    """invalid,accelerator label,alert,animation,arrow,calendar,canvas,check box,check menu item,
color chooser,column header,combo box,date editor,desktop icon,desktop frame,dial,dialog,
directory pane,drawing area,file chooser,filler,focus traversable,font chooser,frame,glass pane,
html container,icon,image,internal frame,label,layered pane,list,list item,menu,menu bar,menu item,
option pane,page tab,page tab list,panel,password text,popup menu,progress bar,push button,
radio button,radio menu item,root pane,row header,scroll bar,scroll pane,separator,slider,
spin button,split pane,status bar,table,table cell,table column header,table row header,
tearoff menu item,terminal,text,toggle button,tool bar,tool tip,tree,tree table,unknown,viewport,
window,extended,header,footer,paragraph,ruler,application,autocomplete,editbar,embedded,entry,
chart,caption,document frame,heading,page,section,redundant object,form,link,input method window,
table row,tree item,document spreadsheet,document presentation,document text,document web,
document email,comment,list box,grouping,image map,notification,info bar,level bar,title bar,
block quote,audio,video,definition,article,landmark,log,marquee,math,rating,timer,static,
math fraction,math root,subscript,superscript,description list,description term,
description value,footnote,content deletion,content insertion,mark,suggestion,
push button menu""".replace("\n", "").split(",")
)

STATES = tuple(
    """invalid,active,armed,busy,checked,collapsed,defunct,editable,enabled,expandable,expanded,
focusable,focused,has tooltip,horizontal,iconified,modal,multi line,multiselectable,opaque,pressed,
resizable,selectable,selected,sensitive,showing,single line,stale,transient,vertical,visible,
manages descendants,indeterminate,required,truncated,animated,invalid entry,
supports autocompletion,selectable text,is default,visited,checkable,has popup,
read only""".replace("\n", "").split(",")
)


_IN_FLIGHT = 100
"""Calls without an answer yet; a message bus refuses more than 128 by default."""
_WRITE_TIMEOUT = 5.0


def role_name(number: int) -> str:
    """AT-SPI's name of a role."""
    return ROLES[number] if 0 <= number < len(ROLES) else "unknown"


def state_names(words: Sequence[int]) -> frozenset[str]:
    """Names of the states set in AT-SPI's two 32-bit words."""
    return _named_states(tuple(words))


@functools.lru_cache(4096)
def _named_states(words: tuple[int, ...]) -> frozenset[str]:
    bits = sum(word << (32 * place) for place, word in enumerate(words))
    return frozenset(name for place, name in enumerate(STATES) if bits >> place & 1)


def call(
    name: str,
    path: str,
    interface: str,
    member: str,
    signature: str = "",
    body: tuple[Any, ...] = (),
) -> Message:
    """A method call; ``interface`` without its ``org.a11y.atspi.`` prefix."""
    address = DBusAddress(path, bus_name=name, interface=f"org.a11y.atspi.{interface}")
    return new_method_call(address, member, signature or None, body)


def get_property(name: str, path: str, interface: str, member: str) -> Message:
    """A request for one property; the answer's body is ``((signature, value),)``."""
    address = DBusAddress(path, bus_name=name, interface=f"org.a11y.atspi.{interface}")
    return Properties(address).get(member)


class Bus:
    """One connection to a message bus; not thread-safe.

    Args:
        address: D-Bus address (``unix:path=…``), with a path that exists on this side.

    The desktop's user may be another than the server's, whom the bus does not know by
    credentials: its private buses let anonymous clients in.

    Raises:
        OSError: the bus cannot be reached, or went away.
        AuthenticationError: the bus lets nobody in.
    """

    def __init__(self, address: str) -> None:
        self._serials = count(1)
        self._parser = Parser()
        self.unanswered = 0
        """Calls that nobody answered in time; they count against the bus's limit for long."""
        path = get_bus(address)
        try:
            self._socket = _login(path, Authenticator())
        except AuthenticationError:
            self._socket = _login(path, _Anonymous())
        try:
            self.call(message_bus.Hello(), timeout=5)
        except BaseException:
            self.close()
            raise

    def call(self, message: Message, timeout: float = 1.0) -> tuple[Any, ...] | None:
        """Body of the answer, or None for an error answer or none in time."""
        return self.call_all([message], timeout)[0]

    def call_all(
        self, messages: Sequence[Message], timeout: float = 1.0
    ) -> list[tuple[Any, ...] | None]:
        """Bodies of the answers, in order; None where an error came, or nothing in time.

        Calls are pipelined, with at most `_IN_FLIGHT` unanswered.
        """
        answers: list[tuple[Any, ...] | None] = [None] * len(messages)
        waiting: dict[int, int] = {}
        sent = 0
        deadline = time.monotonic() + timeout
        while sent < len(messages) or waiting:
            if sent < len(messages) and len(waiting) <= _IN_FLIGHT // 2:
                upto = min(len(messages), sent + _IN_FLIGHT - len(waiting))
                self._send(messages, range(sent, upto), waiting)
                sent = upto
            answer = self._receive(deadline)
            if answer is None:
                break
            place = waiting.pop(answer.header.fields.get(HeaderFields.reply_serial, -1), -1)
            if place >= 0 and answer.header.message_type is MessageType.method_return:
                answers[place] = answer.body
        self.unanswered += len(waiting)
        return answers

    def _send(self, messages: Sequence[Message], places: range, waiting: dict[int, int]) -> None:
        pieces = []
        for place in places:
            serial = next(self._serials)
            waiting[serial] = place
            pieces.append(messages[place].serialise(serial))
        self._socket.settimeout(_WRITE_TIMEOUT)
        self._socket.sendall(b"".join(pieces))

    def _receive(self, deadline: float) -> Message | None:
        while (message := self._parser.get_next_message()) is None:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(1 << 18)
            except TimeoutError:
                return None
            if not data:
                raise ConnectionError("The message bus went away.")
            self._parser.add_data(data)
        return message

    def close(self) -> None:
        self._socket.close()


class _Anonymous(Authenticator):  # type: ignore[misc]  # jeepney is untyped
    """Sign in without credentials."""

    def __init__(self) -> None:
        super().__init__()
        self._to_send = b"\0" + make_auth_anonymous()


def _login(path: str, steps: Authenticator) -> socket.socket:
    """A connected socket, past D-Bus's SASL exchange.

    Raises:
        AuthenticationError: the bus does not accept this way of signing in.
    """
    sock = socket.socket(socket.AF_UNIX)
    try:
        sock.settimeout(5)
        sock.connect(path)
        for line in steps:
            sock.sendall(line)
            answer = sock.recv(1024)
            if not answer:
                raise AuthenticationError(b"", "The bus hung up")
            steps.feed(answer)
        sock.sendall(BEGIN)
    except BaseException:
        sock.close()
        raise
    return sock
