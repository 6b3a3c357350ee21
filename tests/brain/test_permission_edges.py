"""What stands between a wish and the act, with a person whose answers are written down."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.record import events as ev
from agent.session.approval import Approvals, Rule
from agent.session.grants import command_grant
from agent.session.limits import Limits
from agent.session.permissions import (
    Agent,
    Ended,
    action_fingerprint,
    check_limits,
    check_time,
    cleared,
    permit,
)
from agent.session.refused import DECLINED, MOVED_ON, TIMED_OUT, TOLD_OTHERWISE
from agent.settings import Settings
from agent.testing.scripted import FakeTool
from agent.tools.base import Intent, ToolCall

CALL = ToolCall("c", "bash", {"command": "ls"})
INTENT = Intent(
    "shell", "bash", {"command": "ls", "title": "Notes", "wm_class": "XTerm"}, window="1"
)
ALLOW_ALL, DENY_ALL = (), (Rule("never", "deny", lambda intent: True, advice="It is forbidden."),)


@dataclass
class Person:
    """In the place of the control: answers, bars the agent, and moves things meanwhile."""

    answers: list[str] = field(default_factory=list)
    bars: int = 0
    """How often the agent has to wait at the gate."""

    asked: list[str] = field(default_factory=list)
    meanwhile: Any = None
    """Called while the person is asked."""

    @property
    def barred(self) -> bool:
        return self.bars > 0

    async def gate(self) -> None:
        self.bars -= 1

    async def ask(self, lease: object, text: str, question_id: str) -> str:
        self.asked.append(text)
        return self._answer()

    async def ask_approval(self, lease: object, asked: ev.ApprovalAsked) -> str:
        self.asked.append(asked.question)
        return self._answer()

    def _answer(self) -> str:
        if self.meanwhile:
            self.meanwhile()
        return self.answers.pop(0)


@dataclass
class Files:
    """Of the session: being recorded, for so many looks."""

    left: int = 0

    @property
    def recording(self) -> bool:
        return self.left > 0

    async def recorded(self) -> None:
        self.left = max(0, self.left - 1)


@dataclass
class Starting:
    """Programs that are asked about, for so many looks."""

    left: int = 0
    lines: list[Intent] = field(default_factory=list)

    @property
    def waiting(self) -> bool:
        return self.left > 0

    async def settled(self) -> None:
        self.left = max(0, self.left - 1)

    async def line_taken(self, intent: Intent) -> None:
        self.lines.append(intent)


@dataclass
class Hosts:
    """That are asked about, for so many looks."""

    left: int = 0

    @property
    def waiting(self) -> bool:
        return self.left > 0

    async def settled(self) -> None:
        self.left = max(0, self.left - 1)


@dataclass
class Lease:
    """Keeps what is emitted."""

    events: list[Any] = field(default_factory=list)

    def emit(self, event: Any) -> None:
        self.events.append(event)

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@dataclass
class Eye(FakeTool):
    """A tool whose target is what is on the screen now."""

    now: Intent = INTENT
    looks: int = 0

    async def intent(self, call: ToolCall) -> Intent:
        self.looks += 1
        return self.now


def agent(
    person: Person | None = None,
    rules: tuple[Rule, ...] | None = None,
    *,
    seconds: float = 0.0,
    model: str = "claude-opus-5-5",
    refusal: str = "",
    notice: str = "",
    files: int = 0,
    starting: int = 0,
    hosts: int = 0,
) -> Agent:
    settings = Settings(_env_file=None, max_seconds=100.0, max_turns=10, approval_timeout=7.0)
    limits = Limits(settings)
    limits.add(ev.TaskStarted(task_id="t", text="x", source="typed"), 0.0)
    made = SimpleNamespace(
        settings=settings,
        control=person or Person(),
        limits=limits,
        approvals=Approvals() if rules is None else Approvals(rules),
        records=Files(files),
        programs=Starting(starting),
        network=Hosts(hosts),
        model=SimpleNamespace(name=model),
        steady=lambda: seconds,
        refusal=lambda: refusal,
        notice=lambda: notice,
    )
    return cast(Agent, made)


def go(waiting: Any) -> Any:
    return asyncio.run(waiting)


@pytest.mark.parametrize(
    ("answer", "told"), [("allow", ""), ("deny", DECLINED), ("timeout", TIMED_OUT)]
)
def test_what_the_model_is_told_of_each_answer(answer: str, told: str) -> None:
    person, lease = Person([answer]), Lease()
    assert go(permit(agent(person), cast(Any, lease), Eye(), CALL, INTENT)) == told
    assert person.asked == ["Run the command “ls”? Say “yes, run it” to allow it."]
    assert lease.events == []  # whoever asks puts it on record


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({}, False),
        ({"box": "9"}, False),
        ({"title": "Notes12"}, False),  # it counts, or ticks
        ({"title": "*Notes"}, False),
        ({"title": "Other"}, True),
        ({"wm_class": "Mousepad"}, True),
        ({"name": "Delete"}, True),
        ({"command": "rm"}, True),
    ],
)
def test_a_yes_holds_for_what_was_asked_about_only(change: dict[str, str], *, moved: bool) -> None:
    tool, person = Eye(), Person(["allow"])

    def meanwhile() -> None:
        tool.now = replace(INTENT, target={**INTENT.target, **change})

    person.meanwhile = meanwhile
    told = go(permit(agent(person), cast(Any, Lease()), tool, CALL, INTENT))
    assert told == (MOVED_ON if moved else "")


@pytest.mark.parametrize(
    ("call", "intent"),
    [
        (replace(CALL, name="other"), INTENT),
        (replace(CALL, input={"command": "rm"}), INTENT),
        (replace(CALL, toolset="computer"), INTENT),
        (CALL, replace(INTENT, tool="computer")),
        (CALL, replace(INTENT, window="2")),
        (CALL, replace(INTENT, target={**INTENT.target, "x": "1"})),
    ],
)
def test_another_act_is_another_hash(call: ToolCall, intent: Intent) -> None:
    assert action_fingerprint(call, intent) != action_fingerprint(CALL, INTENT)
    assert action_fingerprint(call, intent) == action_fingerprint(call, intent)


def test_the_order_and_the_place_make_no_other_act_nor_does_a_strange_letter_fail() -> None:
    turned = replace(INTENT, target=dict(reversed(INTENT.target.items())) | {"box": "1 2 3 4"})
    assert action_fingerprint(CALL, turned) == action_fingerprint(CALL, INTENT)
    assert action_fingerprint(replace(CALL, id="other"), INTENT) == action_fingerprint(CALL, INTENT)
    assert len(action_fingerprint(CALL, replace(INTENT, target={"name": "\ud800"}))) == 64


def test_what_needs_no_permission_is_not_asked_and_leaves_no_record() -> None:
    lease = Lease()
    assert go(permit(agent(rules=ALLOW_ALL), cast(Any, lease), Eye(), CALL, INTENT)) == ""
    assert lease.events == []


def test_what_is_forbidden_is_told_and_on_record() -> None:
    lease = Lease()
    told = go(permit(agent(rules=DENY_ALL), cast(Any, lease), Eye(), CALL, INTENT))
    assert told == "It is forbidden."
    [ruled] = lease.events
    assert (ruled.decision, ruled.channel, ruled.note, ruled.for_session, ruled.action_id) == (
        "deny",
        "rule",
        "never",
        False,
        "c",
    )


def test_what_was_allowed_for_the_session_is_on_record_with_its_words() -> None:
    who, lease, grant = agent(), Lease(), command_grant(INTENT)
    assert grant is not None
    asked = ev.ApprovalAsked(
        approval_id="p", action_id="a", action_hash="h", question="?", phrase="", timeout=9,
        grant=grant,
    )  # fmt: skip
    who.approvals.add(asked)
    who.approvals.add(
        ev.ApprovalDecided(approval_id="p", decision="allow", channel="button", for_session=True)
    )
    assert go(permit(who, cast(Any, lease), Eye(), CALL, INTENT)) == ""
    [ruled] = lease.events
    assert (ruled.decision, ruled.note, ruled.for_session) == ("allow", grant.words, True)


def test_a_question_carries_what_it_is_bound_to() -> None:
    seen: list[ev.ApprovalAsked] = []

    class Keeps(Person):
        async def ask_approval(self, lease: object, asked: ev.ApprovalAsked) -> str:
            seen.append(asked)
            return "deny"

    go(permit(agent(Keeps()), cast(Any, Lease()), Eye(), CALL, INTENT))
    [asked] = seen
    assert asked.action_hash == action_fingerprint(CALL, INTENT)
    assert (asked.action_id, asked.rule, asked.timeout) == ("c", "shell", 7.0)
    assert asked.grant == command_grant(INTENT)
    assert asked.phrase == "yes, run it"


# Limits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "kinds", "asked"),
    [
        (79.0, [], 0),
        (80.0, ["limit_reached"], 0),
        (99.0, ["limit_reached"], 0),
        (100.0, ["limit_reached", "limit_extended"], 1),
    ],
)
def test_near_is_told_and_reached_is_asked(seconds: float, kinds: list[str], asked: int) -> None:
    person, lease = Person(["yes"]), Lease()
    go(check_limits(agent(person, seconds=seconds), cast(Any, lease)))
    assert lease.kinds() == kinds
    assert len(person.asked) == asked


@pytest.mark.parametrize(
    ("answer", "kinds", "goes_on"),
    [
        ("yes", ["limit_extended"], True),
        ("yes, but hurry", ["limit_extended", "user_message"], True),
        ("look at the other window", ["limit_extended", "user_message"], False),
        ("no", [], None),
        ("", [], None),
    ],
)
def test_each_answer_at_a_limit(answer: str, kinds: list[str], *, goes_on: bool | None) -> None:
    lease, who = Lease(), agent(Person([answer]), seconds=150.0)
    if goes_on is None:
        with pytest.raises(Ended) as ended:
            go(check_time(who, cast(Any, lease)))
        assert (ended.value.outcome, ended.value.understood) == ("limit", True)
        assert str(ended.value) == ended.value.summary == "I stopped at the limit, as you said."
    else:
        assert go(check_time(who, cast(Any, lease))) is goes_on
    assert lease.kinds() == ["limit_reached", *kinds]
    reached = lease.events[0]
    assert (reached.used, reached.allowed, reached.share) == (150.0, 100.0, 1.5)
    if kinds:
        assert lease.events[1].allowed == 200.0
    if "user_message" in kinds:
        assert (lease.events[2].text, lease.events[2].cuts) == (answer, not goes_on)


def test_time_that_is_left_is_not_asked_about() -> None:
    assert go(check_time(agent(seconds=99.9), cast(Any, Lease()))) is None


@pytest.mark.parametrize(("model", "ends"), [("claude-opus-5-5", True), ("offline", False)])
def test_money_that_may_not_be_spent_ends_what_costs(model: str, *, ends: bool) -> None:
    lease, who = Lease(), agent(model=model, refusal="Enough for today.", notice="Nearly enough.")
    if ends:
        with pytest.raises(Ended, match=r"Enough for today\.") as ended:
            go(check_limits(who, cast(Any, lease)))
        assert ended.value.outcome == "limit"
    else:
        go(check_limits(who, cast(Any, lease)))
    assert lease.events == []


@pytest.mark.parametrize(("model", "told"), [("claude-opus-5-5", True), ("offline", False)])
def test_that_money_comes_to_an_end_is_told(model: str, *, told: bool) -> None:
    lease = Lease()
    go(check_limits(agent(model=model, notice="Nearly enough."), cast(Any, lease)))
    assert [event.text for event in lease.events] == (["Nearly enough."] if told else [])


# What bars an action -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bars", "files", "starting", "hosts"),
    [(0, 0, 0, 0), (2, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (1, 2, 3, 4)],
)
def test_an_action_waits_for_all_that_bars_it_and_is_looked_at_anew(
    bars: int, files: int, starting: int, hosts: int
) -> None:
    tool, person = Eye(), Person(["allow"], bars=bars)
    tool.now = replace(INTENT, target={**INTENT.target, "command": "pwd"})
    who = agent(person, files=files, starting=starting, hosts=hosts)
    judged, told = go(cleared(who, cast(Any, Lease()), tool, CALL, INTENT))
    waited = bool(bars or files or starting or hosts)
    assert person.bars <= 0
    assert not who.records.recording
    assert not who.programs.waiting
    assert not who.network.waiting
    assert judged == (tool.now if waited else INTENT)
    assert person.asked == [
        f"Run the command “{judged.target['command']}”? Say “yes, run it” to allow it."
    ]
    assert told == ("" if waited else MOVED_ON)
    assert cast(Starting, who.programs).lines == [INTENT, judged]


@pytest.mark.parametrize("change", [False, True])
def test_what_changes_while_it_is_asked_about_and_barred_again_is_not_done(change: bool) -> None:
    tool, person = Eye(), Person(["allow"])

    def meanwhile() -> None:
        person.bars = 1

    person.meanwhile = meanwhile
    who = agent(person)
    if change:

        async def gate() -> None:
            person.bars -= 1
            tool.now = replace(INTENT, window="2")

        person.gate = gate  # type: ignore[method-assign]
    judged, told = go(cleared(who, cast(Any, Lease()), tool, CALL, INTENT))
    assert (judged, told) == (INTENT, MOVED_ON if change else "")
    assert not person.barred


def test_a_refusal_stays_one_though_the_screen_has_moved() -> None:
    tool, person = Eye(), Person(["deny"])
    tool.now = replace(INTENT, window="2")
    _, told = go(cleared(agent(person), cast(Any, Lease()), tool, CALL, INTENT))
    assert told == DECLINED


@pytest.mark.parametrize(
    ("answer", "told", "asked"),
    [("yes", "", 2), ("yes, but hurry", "", 2), ("something else", TOLD_OTHERWISE, 1)],
)
def test_time_that_is_over_is_asked_about_before_the_act(
    answer: str, told: str, asked: int
) -> None:
    person, tool = Person([answer, "allow"]), Eye()
    judged, found = go(cleared(agent(person, seconds=100), cast(Any, Lease()), tool, CALL, INTENT))
    assert (judged, found) == (INTENT, told)
    assert len(person.asked) == asked
    assert tool.looks >= 1
