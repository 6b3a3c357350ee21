"""Models that are slow to build: off the event loop, and not before they are asked."""

from __future__ import annotations

import asyncio
import threading

import pytest
from model_conversation import request, take_turn, user

from agent.errors import ModelUnavailable
from agent.models.base import Model
from agent.models.factory import build_model
from agent.models.lazy_model import LazyModel
from agent.settings import Settings
from agent.testing.scripted import FakeDesktop, ScriptedModel, done, says


async def test_the_event_loop_runs_on_while_a_model_is_built() -> None:
    """Imports of a cloud's package take seconds; nothing else waits for them."""
    beats = threading.Event()

    def build() -> Model:
        assert threading.current_thread() is not threading.main_thread()
        assert beats.wait(20), "the loop stood still"
        return ScriptedModel([[*says("Hello."), *done()]])

    model = LazyModel("slow", build)
    turn = asyncio.create_task(take_turn(model, request([user("Hello.")])))
    await asyncio.sleep(0)
    beats.set()
    assert (await turn).words() == "Hello."
    await model.close()


async def test_what_could_not_be_built_is_tried_again_by_the_next_turn() -> None:
    """The person may have signed in meanwhile."""
    tries = iter([ModelUnavailable("Sign in first."), ScriptedModel([[*says("Yes."), *done()]])])

    def build() -> Model:
        made = next(tries)
        if isinstance(made, Exception):
            raise made
        return made

    model = LazyModel("slow", build)
    with pytest.raises(ModelUnavailable, match="Sign in"):
        await take_turn(model, request([user("Hello.")]))
    assert (await take_turn(model, request([user("Hello.")]))).words() == "Yes."


@pytest.mark.parametrize("name", ["bedrock:us.anthropic.claude-opus-4-8-v1:0", "vertex:x"])
async def test_clouds_are_built_late(name: str) -> None:
    """So that neither their import nor their files of credentials hold anybody up."""
    model = build_model(Settings(_env_file=None, model=name), FakeDesktop())
    assert isinstance(model, LazyModel)
    assert model.name == name.partition(":")[2]
    await model.close()
