"""Whether an arm's model can be had: its name, its key, its file, and the way to its service."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from agent.experiments.plan.task import Task
from agent.models.factory import is_anthropic
from agent.providers import CLAUDE, ModelKind, provider_of, providers
from agent.settings import Settings

_CONNECT_SECONDS = 5.0


def model_faults(
    model: str, tasks: Sequence[Task], settings: Settings, *, elsewhere: bool
) -> Iterator[str]:
    """What keeps a model from being used, a sentence each.

    Args:
        model: its name, as an arm has it.
        tasks: for whose ids ``{task}`` stands.
        settings: with the keys of whoever runs it.
        elsewhere: it is used on other machines, whose keys and files are not known here.
    """
    kind, rest = provider_of(model)
    if kind.takes == "file":
        yield from _file(kind, rest, tasks, elsewhere)
        return
    own_server = kind is CLAUDE and not is_anthropic(settings.anthropic_base_url)
    if kind is CLAUDE and not own_server and not model.startswith("claude-"):
        yield _unknown(model)
    elif not elsewhere and not kind.local:
        yield from _service(kind, settings)


def _unknown(model: str) -> str:
    known = CLAUDE.models()
    near = get_close_matches(model, known, 1)
    others = ", ".join(name for name, kind in providers("lab").items() if kind.prefixed)
    return (
        f"there is no model “{model}”; {f'did you mean “{near[0]}”? ' if near else ''}"
        f"Models of Anthropic begin with claude-, others are {others}; a server of your own is "
        "reached by its address in ANTHROPIC_BASE_URL."
    )


def _file(kind: ModelKind, rest: str, tasks: Sequence[Task], elsewhere: bool) -> Iterator[str]:
    if not rest:
        yield f"the model {kind.name} lacks a path, as in {kind.name}:run.jsonl."
    if elsewhere or not kind.local:  # what is written need not be there
        return
    paths = dict.fromkeys(rest.replace("{task}", task.id) for task in tasks)
    for path in paths:
        if path and not Path(path).is_file():
            yield f"there is no cassette {path}."


def _service(kind: ModelKind, settings: Settings) -> Iterator[str]:
    if not kind.ready(settings):
        names = " and ".join(key.name for key in kind.keys)
        yield f"its model needs {names}: set it, or choose the model offline, which needs none."
        return
    for key in kind.keys:
        secret = settings.key(key.name)
        if secret is not None and key.test is not None:
            works, told = asyncio.run(_asked(key.test(secret, settings)))
            if not works:
                yield f"{key.label}: {told}"
    if kind is CLAUDE and settings.anthropic_api_key is None and settings.anthropic_base_url:
        yield from _unreachable(settings.anthropic_base_url)


async def _asked(answer: Awaitable[tuple[bool, str]]) -> tuple[bool, str]:
    return await answer


def _unreachable(address: str) -> Iterator[str]:
    try:
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        socket.create_connection((parts.hostname or "", port), _CONNECT_SECONDS).close()
    except (OSError, ValueError) as error:
        yield f"nothing answers at ANTHROPIC_BASE_URL, {address} ({error})."
