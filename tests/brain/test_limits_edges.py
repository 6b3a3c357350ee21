"""Each limit at its very edge, and the answers that extend it."""

from __future__ import annotations

from typing import Any

import pytest

from agent.record import events as ev
from agent.session.describe import SAME_ACTIONS
from agent.session.limits import REPEATS, Excess, Limits, agrees, question_for, refuses, says_more
from agent.settings import Settings


@pytest.fixture
def limits() -> Limits:
    return Limits(
        Settings(_env_file=None, max_turns=10, max_tokens=1000, max_dollars=2.0, max_seconds=100.0)
    )


def told(limits: Limits, now: float = 0.0) -> list[tuple[str, float]]:
    return [(excess.limit, round(excess.share, 3)) for excess in limits.excesses(now)]


def add(limits: Limits, event: Any, at: float = 0.0) -> None:
    limits.add(event, at)


def begin(limits: Limits, at: float = 0.0) -> None:
    add(limits, ev.TaskStarted(task_id="t", text="x", source="typed"), at)


def turn(
    limits: Limits,
    *,
    dollars: float = 0.0,
    tokens: int = 0,
    click: int | None = None,
    words: str = "",
) -> None:
    add(limits, ev.TurnStarted(turn_id="n", model="m", messages=1))
    if words:
        add(limits, ev.TextStreamed(turn_id="n", role="text", text=words))
    if click is not None:
        action = {"action_id": "a", "turn_id": "n", "tool": "computer", "name": "left_click"}
        add(limits, ev.ActionProposed(**action, input={}, action_hash=f"{click}", target={}))
    usage = ev.Usage(input_tokens=tokens, dollars=dollars)
    add(limits, ev.TurnFinished(turn_id="n", stop_reason="end_turn", usage=usage))


@pytest.mark.parametrize(
    ("turns", "shares"),
    [(7, []), (8, [("turns", 0.8)]), (9, [("turns", 0.9)]), (10, [("turns", 1.0)])],
)
def test_turns_warn_from_80_percent_on_and_are_reached_at_100(
    limits: Limits, turns: int, shares: list[tuple[str, float]]
) -> None:
    begin(limits)
    for _ in range(turns):
        turn(limits)
    assert told(limits) == shares


@pytest.mark.parametrize("dollars", [1.59, 1.6, 1.99, 2.0, 3.0])
def test_dollars_are_of_the_session(limits: Limits, dollars: float) -> None:
    begin(limits)
    turn(limits, dollars=dollars)
    begin(limits)
    share = round(dollars / 2, 3)
    assert told(limits) == ([("dollars", share)] if share >= 0.8 else [])


def test_tokens_add_up_over_tasks_and_turns_begin_anew_with_each(limits: Limits) -> None:
    for _ in range(2):
        begin(limits)
        for _ in range(5):
            turn(limits, tokens=90)
    assert told(limits) == [("tokens", 0.9)]


def test_a_warning_is_given_once_until_the_limit_is_extended(limits: Limits) -> None:
    begin(limits)
    for _ in range(8):
        turn(limits)
    assert told(limits) == [("turns", 0.8)]
    add(limits, ev.LimitReached(limit="turns", used=8, allowed=10, share=0.8))
    assert told(limits) == []
    turn(limits)
    turn(limits)
    assert told(limits) == [("turns", 1.0)]  # what is reached is asked about, warned or not
    add(limits, ev.LimitExtended(limit="turns", allowed=20))
    assert told(limits) == []
    for _ in range(6):
        turn(limits)
    assert told(limits) == [("turns", 0.8)]
    begin(limits)
    for _ in range(8):
        turn(limits)
    assert told(limits) == [("turns", 0.8)]  # a new task has the first limit again


def test_what_is_reached_comes_first(limits: Limits) -> None:
    begin(limits)
    for _ in range(10):
        turn(limits, dollars=0.17)
    assert told(limits) == [("turns", 1.0), ("dollars", 0.85)]


def test_a_yes_allows_twice_what_was_allowed_or_used(limits: Limits) -> None:
    begin(limits)
    assert limits.extended("turns") == 20
    for _ in range(13):
        turn(limits)
    assert limits.extended("turns") == 26
    assert limits.extended("loop") == REPEATS
    add(limits, ev.LimitExtended(limit="turns", allowed=None))
    assert told(limits) == []


def test_other_settings_keep_what_was_allowed_on_top(limits: Limits) -> None:
    begin(limits)
    add(limits, ev.LimitExtended(limit="turns", allowed=15))
    limits.follow(Settings(_env_file=None, max_turns=12, max_tokens=1000, max_dollars=2.0))
    assert limits.extended("turns") == 34  # 15, and 2 more
    for _ in range(8):
        turn(limits)
    add(limits, ev.LimitReached(limit="turns", used=8, allowed=10, share=0.8))
    limits.follow(Settings(_env_file=None, max_turns=5, max_tokens=1000, max_dollars=2.0))
    assert told(limits) == [("turns", 0.8)]  # of 10 now, which was not warned of
    begin(limits)
    assert limits.extended("turns") == 10


WAITS = [
    (
        ev.ApprovalAsked(
            approval_id="p", action_id="a", action_hash="h", question="?", phrase="", timeout=9
        ),
        ev.ApprovalDecided(approval_id="p", decision="allow", channel="button"),
    ),
    (
        ev.QuestionAsked(question_id="q", text="?"),
        ev.QuestionAnswered(question_id="q", text="yes"),
    ),
    (ev.HoldBegan(reason=""), ev.HoldEnded(reason="")),
    (ev.ControlTaken(), ev.ControlReturned(note="")),
]


@pytest.mark.parametrize(("begins", "ends"), WAITS, ids=lambda event: event.kind)
def test_time_counts_but_for_waits(limits: Limits, begins: Any, ends: Any) -> None:
    assert limits.time_left(5) is None
    begin(limits, at=10)
    assert limits.time_left(30) == 80
    add(limits, begins, at=30)
    assert limits.time_left(60) is None
    assert limits.overtime(500) is None
    add(limits, ends, at=90)
    assert limits.time_left(100) == 70


@pytest.mark.parametrize("first", range(len(WAITS)))
def test_waits_that_overlap_count_as_one(limits: Limits, first: int) -> None:
    """Time runs again only when the last of them is over, whichever began first."""
    second = (first + 1) % len(WAITS)
    begin(limits)
    add(limits, WAITS[first][0], at=10)
    add(limits, WAITS[second][0], at=20)
    add(limits, WAITS[first][1], at=40)
    assert limits.time_left(45) is None
    add(limits, WAITS[second][1], at=60)
    assert limits.time_left(70) == 80


def test_the_end_of_a_wait_that_did_not_begin_makes_no_later_wait_count(limits: Limits) -> None:
    begin(limits)
    add(limits, ev.HoldEnded(reason=""), at=10)
    add(limits, ev.HoldBegan(reason=""), at=10)
    assert limits.time_left(50) is None


def test_the_time_is_over_at_its_very_end_and_begins_anew_with_a_task(limits: Limits) -> None:
    begin(limits, at=0)
    assert limits.overtime(99.9) is None
    over = limits.overtime(100)
    assert over == Excess("seconds", 100, 100)
    assert limits.time_left(100) == 0
    assert told(limits, 80) == [("seconds", 0.8)]
    add(limits, ev.HoldBegan(reason=""), at=50)
    begin(limits, at=200)
    assert limits.time_left(210) == 90
    add(limits, ev.TaskFinished(task_id="t", outcome="done", summary=""), at=220)
    assert limits.time_left(300) is None
    assert told(limits, 900) == []
    add(limits, ev.HoldEnded(reason=""), at=310)
    assert limits.time_left(400) is None
    begin(limits, at=500)
    add(limits, ev.SessionOpened(session_id="s", model="m", prompt_hash="", resumed=True), at=510)
    assert limits.time_left(900) is None


def test_a_clock_that_goes_back_gives_no_time_back(limits: Limits) -> None:
    begin(limits, at=100)
    add(limits, ev.HoldBegan(reason=""), at=50)
    add(limits, ev.HoldEnded(reason=""), at=50)
    assert limits.time_left(60) == 90
    assert limits.time_left(40) == 100


def circle(limits: Limits, now: float = 0.0) -> float:
    return max((e.share for e in limits.excesses(now) if e.limit == "loop"), default=0.0)


def test_before_the_first_task_nothing_is_used(limits: Limits) -> None:
    assert told(limits, 1e9) == []
    turn(limits, click=1)
    assert circle(limits) < 1


def test_a_limit_that_was_warned_of_and_not_extended_is_warned_of_again_in_the_next_task(
    limits: Limits,
) -> None:
    for _ in range(2):
        begin(limits)
        for _ in range(8):
            turn(limits)
        assert told(limits) == [("turns", 0.8)]
        add(limits, ev.LimitReached(limit="turns", used=8, allowed=10, share=0.8))
        assert told(limits) == []


@pytest.mark.parametrize("same", [True, False])
def test_the_same_with_the_same_words_is_a_circle_on_any_screen(
    limits: Limits, *, same: bool
) -> None:
    limits.follow(Settings(_env_file=None, max_turns=100))
    begin(limits)
    for number in range(SAME_ACTIONS):
        assert circle(limits) < 1
        turn(limits, click=1, words="Next." if same else f"Part {number}.")
        seen(limits, "0123456789"[number % 10])
    assert (circle(limits) >= 1) is same


def seen(limits: Limits, screen: str) -> None:
    image = ev.Image(sha256=screen * 64, media_type="image/png", width=1, height=1)
    add(limits, ev.ScreenSeen(action_id="a", image=image, note=""))


def test_the_same_on_the_same_screen_is_a_circle_the_third_time(limits: Limits) -> None:
    begin(limits)
    for number in range(3):
        assert circle(limits) < 1
        turn(limits, click=2 + number)  # something else between
        turn(limits, click=1)
    assert circle(limits) == 1


def test_another_screen_other_words_or_an_answer_make_no_circle(limits: Limits) -> None:
    begin(limits)
    for screen in "abc":
        turn(limits, click=1)
        seen(limits, screen)
    assert circle(limits) < 1
    turn(limits, click=1)
    seen(limits, "c")
    add(limits, ev.UserMessage(text="Go on.", source="typed"))
    turn(limits, click=1)
    seen(limits, "c")
    assert circle(limits) < 1


@pytest.mark.parametrize("event", ["task", "extended"])
def test_a_circle_is_forgotten_with(limits: Limits, event: str) -> None:
    begin(limits)
    for _ in range(REPEATS):
        turn(limits, click=1)
    assert circle(limits) == 1
    if event == "task":
        begin(limits)
    else:
        add(limits, ev.LimitExtended(limit="loop", allowed=3))
    assert circle(limits) == 0
    turn(limits, click=1)
    assert circle(limits) < 1


def test_what_is_told_by_the_session_itself_does_not_end_a_circle(limits: Limits) -> None:
    begin(limits)
    for _ in range(REPEATS):
        turn(limits, click=1)
        add(limits, ev.UserMessage(text="x", origin="session"))
    assert circle(limits) == 1


@pytest.mark.parametrize(("turns", "is_one"), [(12, True), (13, False)])
def test_a_circle_has_twelve_turns_at_most(limits: Limits, turns: int, *, is_one: bool) -> None:
    begin(limits)
    for number in range(turns):
        turn(limits, click=1 if number in (0, 5, turns - 1) else 100 + number)
    assert (circle(limits) >= 1) is is_one


@pytest.mark.parametrize(
    "word",
    ["yes", "yeah", "yep", "sure", "okay", "ok", "go on", "go ahead", "continue", "keep going"],
)
def test_each_yes(word: str) -> None:
    assert agrees(word.title())
    assert agrees(f"“{word}”, and be careful")
    assert not refuses(word)
    assert not says_more(f"{word}!")
    assert not agrees(f"x {word}")


@pytest.mark.parametrize(
    "word",
    ["no", "nope", "stop", "cancel", "enough", "that's enough", "end", "quit", "nevermind",
     "never mind", "", "..."],
)  # fmt: skip
def test_each_no(word: str) -> None:
    assert refuses(word)
    assert not agrees(word)


@pytest.mark.parametrize("word", ["notebook", "stopwatch", "ending", "yesterday", "surely not"])
def test_words_that_only_begin_so_are_neither(word: str) -> None:
    assert not refuses(word)
    assert not agrees(word)
    assert says_more(word)


@pytest.mark.parametrize(
    "courtesy",
    ["please", "thanks", "thank you", "do", "do it", "do so", "do that", "with it", "then", "fine",
     "of course"],
)  # fmt: skip
def test_a_courtesy_is_no_more_than_a_yes(courtesy: str) -> None:
    assert not says_more(f"yes, {courtesy}.")
    assert not says_more(courtesy)
    assert says_more(f"yes, {courtesy}, but slowly")


@pytest.mark.parametrize(
    ("limit", "used", "allowed", "words"),
    [
        ("turns", 10, 10, "used all 10 turns of this task"),
        ("tokens", 1000, 1000, "used all 1,000 tokens of this session"),
        ("dollars", 2, 2, "of this session"),
        ("seconds", 100, 100, "worked on this for"),
        ("loop", 3, 3, "tried the same thing 3 times and the screen is the same"),
        ("loop", 9, 3, "tried the same thing 9 times"),
        ("loop", 10, 3, "done the same thing 10 times, one after the other"),
    ],
)
def test_each_question_says_what_was_used_and_how_to_answer(
    limit: Any, used: float, allowed: float, words: str
) -> None:
    question = question_for(Excess(limit, used, allowed))
    assert words in question
    assert question.endswith("Shall I go on? Say yes, no, or what to do differently.")
