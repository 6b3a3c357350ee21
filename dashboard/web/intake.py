"""Files on their way into sessions: how many come in at once, and what is told of them."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

from agent.content.attachments import MOST_ATTACHED, attach, room_in
from agent.errors import FilesError, JournalError
from agent.files import count_files, open_file
from agent.record.events import Attachment
from agent.session.arrivals import Arrived, bring_in
from dashboard.web.disk import from_disk

if TYPE_CHECKING:
    from agent.session.session import Session

_WHAT = "these files"

AT_ONCE = 4
"""Files that may be on their way into one session."""

_TOGETHER = 0.4
"""Seconds without another file after which those that came are told of in one sentence."""

_REMEMBERED = 1000
"""Uploads whose answers are kept for pages that did not get them."""

_FRESH = 5.0
"""Seconds for which a count of the home is good enough."""


@dataclass
class _Desk:
    """What comes into one session."""

    coming: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    source: str = "button"
    timer: asyncio.TimerHandle | None = None
    attached: dict[str, Attachment] = field(default_factory=dict)
    """Ready for the next words, by the token that the page has for each."""

    counted: tuple[float, int, int] = (float("-inf"), 0, 0)
    """When the home was counted, its files and bytes; raised by what came in since."""

    reserved: dict[object, int] = field(default_factory=dict)
    """Bytes that each upload under way takes in the end."""

    sending: dict[str, Callable[[], None] | None] = field(default_factory=dict)
    """What gives each upload up that waits for more; None for one that is whole."""

    answers: OrderedDict[str, dict[str, Any]] = field(default_factory=OrderedDict)
    """What was answered to uploads that are in."""

    preparing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One file after another, so that together they keep within the bounds."""


class Intake:
    """All sessions' files on their way in. On the server's event loop."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._desks: WeakKeyDictionary[Session, _Desk] = WeakKeyDictionary()
        self._now = now

    def begin(self, session: Session) -> bool:
        """Note that a file begins to come in; false when too many do."""
        desk = self._desk(session)
        if desk.coming >= AT_ONCE:
            return False
        desk.coming += 1
        return True

    def reserve(self, session: Session, upload: object, size: int) -> None:
        """Note how many bytes an upload takes, until `release`."""
        self._desk(session).reserved[upload] = size

    def release(self, session: Session, upload: object) -> None:
        """The upload is over."""
        self._desk(session).reserved.pop(upload, None)

    def reserved(self, session: Session) -> int:
        """Bytes that all uploads under way take in the end."""
        return sum(self._desk(session).reserved.values())

    def again(self, session: Session, upload: str) -> bool:
        """Give up what is left of an upload that was sent before.

        Args:
            session: Where it comes in.
            upload: Its id, the same each time that it is sent; empty for none.

        Returns:
            Whether it may begin: not if it is whole and being put into its place, or in it.
        """
        desk = self._desk(session)
        before = desk.sending.get(upload)
        if before is not None:
            before()
        return upload not in desk.answers and upload not in desk.sending

    def sends(self, session: Session, upload: str, give_up: Callable[[], None]) -> None:
        """Note that an upload begins, and what ends this try."""
        if upload:
            self._desk(session).sending[upload] = give_up

    def whole(self, session: Session, upload: str) -> None:
        """All of it is here: it is not given up any more."""
        sending = self._desk(session).sending
        if upload in sending:
            sending[upload] = None

    def gone(self, session: Session, upload: str, give_up: Callable[[], None]) -> None:
        """This try of it is over; a later one stands."""
        desk = self._desk(session)
        if desk.sending.get(upload) in (None, give_up):
            desk.sending.pop(upload, None)

    def came(self, session: Session, upload: str, answer: dict[str, Any]) -> None:
        """It is in; the answer is kept for a page that does not get it."""
        if not upload:
            return
        desk = self._desk(session)
        desk.sending.pop(upload, None)
        desk.answers[upload] = answer
        if len(desk.answers) > _REMEMBERED:
            desk.answers.popitem(last=False)

    def answer(self, session: Session, upload: str) -> dict[str, Any] | None:
        """What was answered to an upload, or None if it is not in."""
        return self._desk(session).answers.get(upload)

    def end(self, session: Session, came: Arrived | None, source: str) -> None:
        """Note that it is in, or (None) that it is not and will not be."""
        desk = self._desk(session)
        desk.coming -= 1
        if came is not None:
            if desk.arrived and desk.source != source:
                self.tell(session)
            desk.arrived.append(came)
            desk.source = source
            when, files, size = desk.counted
            desk.counted = (when, files + 1, size + came.size)
        if desk.arrived:
            self._tell_soon(session, desk)

    def tell(self, session: Session) -> None:
        """Write down what came in, and tell the model, now."""
        desk = self._desk(session)
        if desk.timer is not None:
            desk.timer.cancel()
            desk.timer = None
        arrived, desk.arrived = desk.arrived, []
        try:
            bring_in(session.log.append, arrived, desk.source)
        except JournalError as error:
            session.trouble = str(error)

    async def counted(
        self, session: Session, home: Path, *, fresh: bool = False
    ) -> tuple[int, int]:
        """Files and bytes in the home, about: counted a moment ago, with what came since.

        Args:
            session: Whose home it is.
            home: Where it is.
            fresh: Whether to count now.
        """
        desk = self._desk(session)
        if fresh or self._now() - desk.counted[0] > _FRESH:
            files, size = await from_disk(lambda: count_files(home, state=True), _WHAT)
            desk.counted = (self._now(), files, size)
        return desk.counted[1], desk.counted[2]

    async def prepare(
        self, session: Session, home: Path, path: str, came: Arrived
    ) -> tuple[str, Attachment]:
        """Make a file that came in ready for the next words; returns its token.

        Raises:
            FilesError: too many wait already, or it is gone.
            JournalError: the disk refuses.
        """
        desk = self._desk(session)
        async with desk.preparing:
            if len(desk.attached) >= MOST_ATTACHED:
                raise FilesError(
                    f"{MOST_ATTACHED} files are attached already, which is as many as one "
                    "message takes. This one is in your files."
                )
            waiting = sum(each.size for each in desk.attached.values() if each.kind == "pdf")
            room = room_in(session.log) - waiting
            made = await from_disk(
                lambda: _prepared(session, home, path, came, room), _WHAT, longer=6
            )
            token = secrets.token_urlsafe(9)
            desk.attached[token] = made
            return token, made

    def waiting(self, session: Session) -> dict[str, Attachment]:
        """What goes with the next words, by token."""
        return dict(self._desk(session).attached)

    def drop(self, session: Session, token: str) -> None:
        """The person took an attachment away again; the file stays."""
        self._desk(session).attached.pop(token, None)

    def _give(self, session: Session) -> Sequence[Attachment]:
        """What goes with the words that come now; what came in before them is told first."""
        desk = self._desk(session)
        ready = tuple(desk.attached.values())
        desk.attached.clear()
        if desk.arrived:
            self.tell(session)
        return ready

    def _tell_soon(self, session: Session, desk: _Desk) -> None:
        if desk.timer is not None:
            desk.timer.cancel()
        loop = asyncio.get_running_loop()
        if desk.coming:
            desk.timer = None  # told with what is still coming
        else:
            desk.timer = loop.call_later(_TOGETHER, self.tell, session)

    def _desk(self, session: Session) -> _Desk:
        desk = self._desks.get(session)
        if desk is None:
            desk = self._desks[session] = _Desk()
            known = ref(session)  # the session must not keep itself alive by this
            session.before_words.append(lambda: self._before_words(known))
        return desk

    def _before_words(self, known: ref[Session]) -> Sequence[Attachment]:
        session = known()
        return self._give(session) if session is not None else ()


def _prepared(session: Session, home: Path, path: str, came: Arrived, room: int) -> Attachment:
    with open_file(home, path) as file:
        return attach(session.journal, file, came, session.model, room)
