"""What providers that packages brought say of their keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from live_report import Check, Verdict, judge

from agent.providers import KeyKind, ModelKind
from agent.settings import Settings


def provider_checks(
    kinds: Iterable[ModelKind], settings: Settings, *, everything: bool = False
) -> list[Check]:
    """One check for each key that can be tested, and is set."""
    return [
        Check(f"provider-{kind.name}-{key.name.lower()}", partial(_takes, key, settings))
        for kind in kinds
        for key in kind.keys
        if key.test is not None and (everything or settings.key(key.name) is not None)
    ]


async def _takes(key: KeyKind, settings: Settings) -> Verdict:
    secret = settings.key(key.name)
    assert key.test is not None
    assert secret is not None
    good, sentence = await key.test(secret, settings)
    return judge(good, sentence, sentence)
