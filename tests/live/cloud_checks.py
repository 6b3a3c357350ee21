"""What only a cloud can tell of the Claude that ``SAYSO_MODEL`` names there, as in ``aws:ID``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from anthropic_checks import _picture, _request, _result, _user
from live_report import Check, Verdict, judge
from server_checks import seen_of

from agent.models.base import Budget, Message
from agent.models.factory import build_model
from agent.providers import provider_of
from agent.settings import Settings
from agent.testing.fake_desktop import FakeDesktop

CLOUDS = frozenset({"aws", "bedrock", "foundry", "google", "mantle", "vertex"})
SHOT = _user("Take a screenshot with your tool. Do nothing else, and do not explain.")


class CloudChecks:
    """Checks of one model in one cloud, as Sayso speaks to it there."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> Iterator[Check]:
        yield Check("cloud-call", self.call, dollars=0.05)
        yield Check("cloud-picture", self.picture, dollars=0.05)
        yield Check("cloud-options", self.options, dollars=0.05)

    async def call(self) -> Verdict:
        """The computer's tool, in the form that this cloud is thought to take."""
        names, _, spent = await self._turn([SHOT])
        return judge("screenshot" in names, f"it called {names}.", f"it called {names}.", spent)

    async def picture(self) -> Verdict:
        """A call, and its result with a picture."""
        used = {"type": "tool_use", "id": "toolu_live_cloud", "name": "screenshot", "input": {}}
        call = {**used, "toolset_name": "computer"}
        result = _result(call, "The picture follows.")
        result["content"].append(_picture(1280, 800))
        messages: list[Message] = [
            SHOT,
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result]},
        ]
        _, learned, spent = await self._turn(messages)
        told = f"but for {'; '.join(learned)}" if learned else "as it is"
        return judge(not learned, "a picture in a result is taken.", f"taken {told}.", spent)

    async def options(self) -> Verdict:
        """All that is asked for beside the bare conversation, of what the cloud is said to have."""
        more = {"pauses": True, "fast": True, "fallbacks": True, "effort": "low"}
        _, learned, spent = await self._turn([SHOT], budget=Budget(2_000_000, 1_900_000), **more)
        return judge(not learned, "nothing of it is refused.", f"{'; '.join(learned)}", spent)

    async def _turn(
        self, messages: Sequence[Message], **changes: Any
    ) -> tuple[list[str], list[str], float]:
        """Names of the calls of an answer, what the cloud did not take, and what it cost."""
        model = build_model(self._settings, FakeDesktop())
        try:
            seen, learned = await seen_of(model, replace(_request(messages), **changes))
        finally:
            await model.close()
        names = [str(call["name"]) for call in seen.calls]
        return names, [each.text for each in learned], seen.usage.dollars


def cloud_checks(settings: Settings, *, everything: bool = False) -> list[Check]:
    """Those of the cloud that the settings' model is in."""
    kind, _ = provider_of(settings.model)
    return list(CloudChecks(settings).all()) if everything or kind.name in CLOUDS else []
