"""Names of AT-SPI's numbers, and a small pipelining D-Bus client.

The numbers are those of ``atspi-constants.h`` (at-spi2-core 2.46). The client is
blocking on purpose: it lives in one thread of its own, sends many calls at once and
waits for all answers under one deadline, so an application that hangs costs that
deadline and nothing else. Signing in is jeepney's; what is said then is `agent.desktop.see.wire`'s.
"""

from __future__ import annotations

import functools
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from jeepney.auth import BEGIN, AuthenticationError, Authenticator, make_auth_anonymous
from jeepney.bus import get_bus

from agent.desktop.see.wire import Answer, Call, Incoming

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


_IN_FLIGHT = 1000
"""Calls without an answer yet, of 50 000 that accessibility's bus allows: the more, the more seldom
bus, program and reader wait for each other."""

_BUS = "org.freedesktop.DBus"
PROPERTIES = f"{_BUS}.Properties"
"""The interface of what has a value and a name."""
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
) -> Call:
    """A method call; ``interface`` without its ``org.a11y.atspi.`` prefix."""
    return Call(name, path, f"org.a11y.atspi.{interface}", member, signature, body)


def get_property(name: str, path: str, interface: str, member: str) -> Call:
    """A request for one property; the answer's body is ``((signature, value),)``."""
    wanted = (f"org.a11y.atspi.{interface}", member)
    return Call(name, path, PROPERTIES, "Get", "ss", wanted)


def process_of(name: str) -> Call:
    """A question to the bus: which process has a name."""
    return Call(_BUS, "/org/freedesktop/DBus", _BUS, "GetConnectionUnixProcessID", "s", (name,))


@dataclass(slots=True)
class Spent:
    """What talking to a bus has cost."""

    calls: int = 0
    """How many were sent."""

    rounds: int = 0
    """How often answers were waited for, to one call or to many at once."""

    seconds: float = 0.0
    """Processor time on this side, as far as whoever talks reckons it."""


class Bus:
    """One connection to a message bus; not thread-safe.

    Args:
        address: D-Bus address (``unix:path=…``), with a path that exists on this side.
        spent: what it costs is added there.

    The desktop's user may be another than the server's, whom the bus does not know by
    credentials: its private buses let anonymous clients in.

    Raises:
        OSError: the bus cannot be reached, or went away.
        AuthenticationError: the bus lets nobody in.
    """

    def __init__(self, address: str, spent: Spent | None = None) -> None:
        self._spent = spent or Spent()
        self._serials = count(1)
        self._incoming = Incoming()
        self.unanswered = 0
        """Calls that nobody answered in time; they count against the bus's limit for long."""
        path = get_bus(address)
        try:
            self._socket = _login(path, Authenticator())
        except AuthenticationError:
            self._socket = _login(path, _Anonymous())
        try:
            self.call(Call(_BUS, "/org/freedesktop/DBus", _BUS, "Hello"), timeout=5)
        except BaseException:
            self.close()
            raise

    def call(self, message: Call, timeout: float = 1.0) -> tuple[Any, ...] | None:
        """Body of the answer, or None for an error answer or none in time."""
        return self.call_all([message], timeout)[0]

    def call_all(
        self, messages: Sequence[Call], timeout: float = 1.0
    ) -> list[tuple[Any, ...] | None]:
        """Bodies of the answers, in order; None where an error came, or nothing in time.

        Calls are pipelined, with at most `_IN_FLIGHT` unanswered.
        """
        answers: list[tuple[Any, ...] | None] = [None] * len(messages)
        waiting: dict[int, int] = {}
        sent = 0
        self._spent.rounds += bool(messages)
        deadline = time.monotonic() + timeout
        while sent < len(messages) or waiting:
            if sent < len(messages) and len(waiting) <= _IN_FLIGHT // 2:
                upto = min(len(messages), sent + _IN_FLIGHT - len(waiting))
                self._send(messages, range(sent, upto), waiting)
                sent = upto
            answer = self._receive(deadline)
            if answer is None:
                break
            place = waiting.pop(answer.answers, -1)
            if place >= 0:
                answers[place] = answer.body
        self.unanswered += len(waiting)
        return answers

    def _send(self, messages: Sequence[Call], places: range, waiting: dict[int, int]) -> None:
        pieces = []
        for place in places:
            serial = next(self._serials)
            waiting[serial] = place
            pieces.append(messages[place].written(serial))
        self._spent.calls += len(pieces)
        self._socket.settimeout(_WRITE_TIMEOUT)
        self._socket.sendall(b"".join(pieces))

    def _receive(self, deadline: float) -> Answer | None:
        while (message := self._incoming.next()) is None:
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
            self._incoming.add(data)
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
