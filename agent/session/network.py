"""What programs on a session's desktop reach: by the rules, or by the person's answer.

The gate's proxy asks for each connection, and waits. What is allowed is written down before the
answer is given. Hosts that nothing is known of are put to the person in one question, with all that
are asked for while it is made; meanwhile no action of the agent begins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Literal, Protocol, runtime_checkable

from agent.clock import ended
from agent.desktop.base import Desktop
from agent.errors import ConfigurationError, JournalError
from agent.network.gate import GateState, Guard
from agent.network.policy import Mode, Place, Ruling, Why, judge, read_place
from agent.network.proxy import Answer
from agent.providers import provider_of
from agent.record import events as ev
from agent.record.log import EventLog
from agent.session.control import Control, new_id
from agent.session.grants import Grants
from agent.session.kept_hosts import KeptHosts
from agent.settings import Settings

_log = logging.getLogger(__name__)

RULE = "network"
PHRASE = "yes, reach it"
TIMEOUT = 30.0
"""Seconds without an answer that mean no."""

ONCE = 300.0
"""Seconds that a yes for once is good for: a page sends for more than one thing."""

NO = 120.0
"""Seconds in which nobody is asked again about what they did not allow, unless a task begins."""

PAGE = 20.0
"""Seconds after a yes in which other hosts are told of as what that page wants."""

_GATHER = 0.4
"""Seconds in which hosts are gathered into one question."""

_IN_ONE = 20
"""Hosts in a question. What a page wants beyond that it does not get."""

_NOTED = 300
"""Hosts of a task that are written down; there are no more."""

_By = Literal["listed", "open", "reach", "once", "session", "always"]


@runtime_checkable
class Guarded(Protocol):
    """A desktop whose connections somebody answers for."""

    def guard_network(self, guard: Guard) -> None: ...

    def cut_network(self) -> None: ...


def network_mode(settings: Settings) -> Mode:
    """What these settings come to."""
    if settings.network != "auto":
        return settings.network
    name = provider_of(settings.model)[0].name
    keyless = settings.anthropic_api_key is None and settings.anthropic_base_url is None
    offline = name == "offline" or (name == "auto" and keyless)
    return "off" if offline and not settings.reach else "listed"


class Network:
    """Answers for what a session's desktop wants to reach. To be used on the session's loop.

    Implements ``agent.network.gate.Guard``.
    """

    def __init__(
        self,
        log: EventLog,
        control: Control,
        desktop: Desktop,
        settings: Callable[[], Settings],
        grants: Grants,
        kept: KeptHosts | None,
        distrust: Callable[[JournalError], None],
    ) -> None:
        self.kept = kept
        """Hosts that are allowed for good; None where that cannot be."""

        self.attended: Callable[[], bool] = lambda: True
        """Whether anybody is there to be asked."""

        self._log = log
        self._control = control
        self._desktop = desktop
        self._settings = settings
        self._grants = grants
        self._distrust = distrust
        self._once: dict[str, float] = {}
        self._no: dict[str, tuple[float, Why]] = {}
        self._noted: set[tuple[str, int, str]] = set()
        self._waiting: dict[str, asyncio.Future[str]] = {}
        """Hosts that wait for an answer, in the order in which they came."""

        self._asking: asyncio.Task[None] | None = None
        self._page = ("", 0.0)
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        log.guard(self._see)

    def open(self) -> None:
        """Answer from now on."""
        if isinstance(self._desktop, Guarded):
            self._desktop.guard_network(self)

    async def close(self) -> None:
        """Refuse what waits, and all that comes."""
        self._closed = True
        if self._asking is not None:
            self._asking.cancel()
            await ended("A question about a host", self._asking)

    @property
    def mode(self) -> Mode:
        """What is reached at present."""
        return network_mode(self._settings())

    @property
    def waiting(self) -> bool:
        """Whether a host waits for the person."""
        return not self._idle.is_set()

    async def settled(self) -> None:
        """Return when none waits."""
        await self._idle.wait()

    # For the gate ------------------------------------------------------------------------

    async def judge(self, host: str, port: int) -> Answer:
        """Whether a host may be reached; waits for the person where only they can tell."""
        place = Place(host, port)
        ruling, approval_id = self._ruled(place), ""
        if ruling.decision == "ask" and not self._closed:
            approval_id = await self._put(host)
            ruling = self._ruled(place)
        if ruling.decision == "ask" or self._closed:
            ruling = _no(place, "unanswered")
        noted = self._note(place, ruling, approval_id)
        allow = noted and ruling.decision == "allow"
        return Answer(allow, ruling.by == "reach", ruling.text or _UNNOTED, ruling.more)

    def refused(self, host: str, port: int, why: str) -> None:
        """The proxy itself refused something."""
        kind: Why = "address" if "address" in why else "spelling"
        self._refuse(host, port, kind, f"{host} is not reached: {why}")

    def changed(self, state: GateState, detail: str) -> None:
        """The proxy was restarted, or is not any more."""
        self._append(ev.GateChanged(state=state, detail=detail))

    # Rules -------------------------------------------------------------------------------

    def _ruled(self, place: Place) -> Ruling:
        now = asyncio.get_running_loop().time()
        until, why = self._no.get(place.host, (0.0, "declined"))
        by = self._allowed_by(place.host, now)
        reach = [read_place(text) for text in self._settings().reach]
        ruling = judge(place, self.mode, reach, (place.host,) if by else ())
        if ruling.by == "you":
            return Ruling("allow", by)
        return _no(place, why) if ruling.decision == "ask" and now < until else ruling

    def _allowed_by(self, host: str, now: float) -> str:
        if self.kept is not None and host in self.kept.hosts:
            return "always"
        if any(
            grant.match.get("tool") == RULE and host in grant.match["hosts"].split()
            for grant in self._grants.given.values()
        ):
            return "session"
        return "once" if now < self._once.get(host, 0.0) else ""

    def _see(self, event: ev.Event) -> None:
        if isinstance(event, ev.TaskStarted):
            self._noted.clear()
            self._no.clear()
        elif isinstance(event, ev.SettingChanged) and event.name == "network":
            self._no.clear()
            if isinstance(self._desktop, Guarded):  # what was reached before may not be now
                self._desktop.cut_network()

    # The log -----------------------------------------------------------------------------

    def _note(self, place: Place, ruling: Ruling, approval_id: str) -> bool:
        """Whether what becomes of a connection could be written down."""
        if ruling.decision == "refuse":
            return self._refuse(place.host, place.port, ruling.why or "off", ruling.text)
        by: _By = ruling.by  # type: ignore[assignment]
        if (key := (place.host, place.port, by)) in self._noted:
            return True
        if len(self._noted) >= _NOTED:
            self._refuse(place.host, place.port, "crowded", "")
            return False
        return self._append(
            ev.HostReached(host=place.host, port=place.port, by=by, approval_id=approval_id), key
        )

    def _refuse(self, host: str, port: int, why: Why, text: str) -> bool:
        key = (host, port, why)
        if key in self._noted or len(self._noted) > _NOTED:
            return True
        if len(self._noted) == _NOTED:
            text = f"More than {_NOTED} hosts were asked for in one task; others are refused."
            key, why = ("", 0, "crowded"), "crowded"
        return self._append(ev.HostRefused(host=host, port=port, why=why, text=text), key)

    def _append(
        self,
        event: ev.HostReached | ev.HostRefused | ev.GateChanged,
        key: tuple[str, int, str] | None = None,
    ) -> bool:
        """Whether it could be written down."""
        if self._control.status.closed:
            return False
        try:
            self._log.append(event)
        except JournalError as error:
            self._distrust(error)
            return False
        if key is not None:
            self._noted.add(key)
        return True

    # Questions ---------------------------------------------------------------------------

    async def _put(self, host: str) -> str:
        """Wait until a host was asked about; returns the approval that allows it, if one does."""
        if host not in self._waiting:
            self._waiting[host] = asyncio.get_running_loop().create_future()
            self._idle.clear()
        answer = self._waiting[host]
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_all(), name="questions about hosts")
        return await asyncio.shield(answer)

    async def _ask_all(self) -> None:
        """The border of the questions: whatever happens, what waits is answered."""
        try:
            while self._waiting:
                await asyncio.sleep(_GATHER)
                await self._ask(await self._turn())
        except JournalError as error:
            self._distrust(error)
        except Exception:  # noqa: BLE001 - the border of a task; logged just below
            _log.exception("A question about a host failed")
        finally:
            self._answered(tuple(self._waiting), "")
            self._idle.set()

    async def _turn(self) -> bool:
        """Wait until no other question is open; whether that came before the time is over."""
        try:
            async with asyncio.timeout(TIMEOUT):
                while (s := self._control.status).pending_approval is not None or s.question:
                    await self._log.wait_for(
                        lambda e: e.kind in ("approval_decided", "question_answered"),
                        since=len(self._log),
                    )
        except TimeoutError:
            return False
        return True

    async def _ask(self, free: bool) -> None:
        hosts, more = (*self._waiting,)[:_IN_ONE], (*self._waiting,)[_IN_ONE:]
        self._forbid(more, "crowded")
        self._answered(more, "")
        if not free or not self.attended():
            self._forbid(hosts, "unanswered")
            self._tell(hosts, "nobody was there to be asked")
            self._answered(hosts, "")
            return
        asked = self._question(hosts)
        decision = await self._control.ask_between_actions(asked)
        if decision == "allow":
            self._allow(hosts, asked.approval_id)
        else:
            self._forbid(hosts, "unanswered" if decision == "timeout" else "declined")
            if decision == "deny":
                self._tell(hosts, "the person did not allow it")
            elif decision == "timeout":
                self._tell(hosts, "nobody answered in time")
        self._answered(hosts, asked.approval_id if decision == "allow" else "")

    def _question(self, hosts: Sequence[str]) -> ev.ApprovalAsked:
        return ev.ApprovalAsked(
            approval_id=new_id("approval"),
            action_id="",
            action_hash="",
            question=f"{self._words(hosts)}: {self._choices} Say “{PHRASE}” to allow it.",
            phrase=PHRASE,
            rule=RULE,
            timeout=TIMEOUT,
            grant=ev.Grant(
                match={"tool": RULE, "hosts": " ".join(hosts)}, words=f"reaching {_all(hosts)}."
            ),
            lasting=self.kept is not None,
        )

    def _words(self, hosts: Sequence[str]) -> str:
        page, until = self._page
        if asyncio.get_running_loop().time() < until:
            return f"The page of {page} also wants to reach {_some(hosts)}"
        return f"The desktop wants to reach {_some(hosts)}"

    @property
    def _choices(self) -> str:
        return f"once, for this session, {'always, ' if self.kept is not None else ''}or no?"

    def _allow(self, hosts: Sequence[str], approval_id: str) -> None:
        loop = asyncio.get_running_loop()
        answer = next(e for e in reversed(self._log) if e.kind == "approval_decided")
        assert isinstance(answer, ev.ApprovalDecided)  # noqa: S101
        if not (answer.for_session or answer.for_good):
            self._once |= dict.fromkeys(hosts, loop.time() + ONCE)
        if answer.for_good and self.kept is not None:
            try:
                self.kept.add(hosts)
            except ConfigurationError as error:
                self._log.append(ev.Failed(where="network", error=str(error), advice=_BUT))
        if loop.time() >= self._page[1]:
            self._page = (hosts[0], loop.time() + PAGE)

    def _forbid(self, hosts: Sequence[str], why: Why) -> None:
        until = asyncio.get_running_loop().time() + NO
        self._no |= dict.fromkeys(hosts, (until, why))

    def _answered(self, hosts: Sequence[str], approval_id: str) -> None:
        for host in hosts:
            answer = self._waiting.pop(host)
            if not answer.done():
                answer.set_result(approval_id)

    def _tell(self, hosts: Sequence[str], why: str) -> None:
        """The model learns why its program gets no answer; a stop tells it anyway."""
        if hosts and self._control.status.task_id is not None:
            text = f"{_some(hosts)} could not be reached: {why}."
            self._log.append(ev.UserMessage(text=text, origin="session"))


_UNNOTED = "This could not be written down, so it is not reached"
_BUT = "It is allowed for now, but you will be asked again."


def _no(place: Place, why: Why) -> Ruling:
    words = {
        "declined": "you did not allow it",
        "unanswered": "nobody allowed it in time",
        "crowded": "too many hosts were wanted at once",
    }
    text = f"{place.words} is not reached: {words[why]}"
    return Ruling("refuse", why=why, text=text, more="Try again in two minutes to be asked again.")


def _some(hosts: Sequence[str]) -> str:
    """Hosts as they are spoken of: a few, and how many more."""
    if len(hosts) <= 3:
        return _all(hosts)
    return f"{', '.join(hosts[:2])} and {len(hosts) - 2} other hosts"


def _all(hosts: Sequence[str]) -> str:
    return ", ".join(hosts[:-1]) + " and " + hosts[-1] if len(hosts) > 1 else hosts[0]
