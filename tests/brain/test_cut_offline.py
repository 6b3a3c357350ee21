"""The default model, which needs no key, through the same loop: cut anywhere, by any control.

Random sentences for the voice commands, the real tools on a desktop in memory, random cuts;
limits are low, so that the question about them is cut as well.
"""

from __future__ import annotations

import asyncio

import pytest
from cases import cases
from cut_cases import CONTROLS, SETTINGS, Case, LivelyDesktop, check, cut, played
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.models.offline import OfflineModel
from agent.record import events as ev
from agent.tools import build_tools

SENTENCES = (
    "Type hello",
    "Select all",
    "Scroll down",
    "Run ls",
    "Take a screenshot",
    "Scroll down and type one",
    "Scroll up and press escape and scroll down and take a screenshot",
    "Press F5 and run ls",
    "Go on",
    "Hello",
    "This means nothing to it",
)
sentences = st.sampled_from(SENTENCES)


def offline(task: str, redirection: str, max_turns: int) -> Case:
    return Case(
        OfflineModel,
        build_tools,
        settings=SETTINGS.model_copy(update={"max_turns": max_turns}),
        task=task,
        redirection=redirection,
        last_word="Hello",
        desktop=LivelyDesktop,
    )


@pytest.mark.slow
@settings(
    max_examples=cases(2000),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    task=sentences,
    redirection=sentences,
    max_turns=st.sampled_from((1, 2, 9)),
    controls=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(CONTROLS)), max_size=7),
)
def test_any_cut_leaves_the_default_model_well(
    task: str, redirection: str, max_turns: int, controls: list[tuple[int, str]]
) -> None:
    check(played(cut(offline(task, redirection, max_turns), controls)))


@pytest.mark.parametrize(
    ("answer", "outcome", "ran"),
    [("yes", "done", ["scroll", "key"]), ("no", "limit", ["scroll"]), ("", "limit", ["scroll"])],
)
async def test_at_its_limit_it_asks_and_goes_on_or_ends_as_told(
    answer: str, outcome: str, ran: list[str]
) -> None:
    """The plan goes on where it was, and nothing of it is done twice."""
    case = offline("Scroll down and press F5", "Hello", 1)
    await case.open()
    session = case.session

    def answered(event: ev.Event) -> None:
        if isinstance(event, ev.QuestionAsked):
            asyncio.get_running_loop().call_soon(session.answer, event.question_id, answer)

    session.log.subscribe(answered)
    session.say(case.task)
    await session.wait_idle(20)
    assert "turns of this task" in session.log.of(ev.QuestionAsked)[0].text
    assert session.status.outcome == outcome
    assert [call.name for call in case.began] == ran
    await session.close()
