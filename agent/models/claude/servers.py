"""Who serves a model: what each kind of server is like, and what it tells before it is used.

A server is asked once: which models it has, how long its window is, whether the model sees and
takes tools, and which model stands behind a gateway's own name. What it does not tell is learned
from what it refuses (`agent.models.claude.model`). docs/models.md says how each is set up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import httpx2
from anthropic import AnthropicError, APIStatusError, AsyncAnthropic

from agent.models.capabilities import is_claude
from agent.models.claude.errors import Service, blind, explain, says_for_sure, unknown_model

Kind = Literal["vllm", "llama.cpp", "ollama", "litellm", "unknown"]

ASK_SECONDS = 5.0
"""How long a server may take to tell of itself."""

LONGEST_LIST = 8
"""Models of a server that are named to a person."""


@dataclass(frozen=True, slots=True)
class ServerKind:
    """What one kind of server is like.

    ``whole_list``: a model that is not in its list cannot be used; ``details``: where it tells
    more about a model; ``posts``: that is asked for by a POST with the model's name.
    """

    whole_list: bool
    details: str = ""
    posts: bool = False


KINDS: Mapping[Kind, ServerKind] = {
    "vllm": ServerKind(whole_list=True),
    "llama.cpp": ServerKind(whole_list=False, details="/props"),
    "ollama": ServerKind(whole_list=True, details="/api/show", posts=True),
    "litellm": ServerKind(whole_list=False, details="/v1/model/info"),
    "unknown": ServerKind(whole_list=False),
}
_OWNERS: Mapping[str, Kind] = {"vllm": "vllm", "llamacpp": "llama.cpp", "library": "ollama"}
"""What their lists say about who owns a model."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a server told of itself and of one model; None where it did not tell."""

    kind: Kind = "unknown"
    fault: str = ""
    """Why the model cannot be used, in a sentence; empty if nothing speaks against it."""

    window: int | None = None
    """Tokens of a conversation, its answer included."""

    output_tokens: int | None = None
    """Tokens of an answer."""

    takes_tools: bool | None = None
    sees: bool | None = None
    behind: str = ""
    """The Claude that a gateway passes requests on to, by its provider's name for it."""


async def ask_server(client: AsyncAnthropic, model: str, service: Service) -> Found:
    """What the server at a client's address tells of itself and of a model; never fails."""
    try:
        response = await _get(client, "/v1/models")
    except (AnthropicError, httpx2.HTTPError) as error:
        refused = isinstance(error, APIStatusError) and error.status_code != 401
        sure = says_for_sure(error) and not refused
        return Found(fault=str(explain(error, service)) if sure else "")
    listed = tuple(_entries(_json(response)))
    found = Found(kind=_kind(response.headers, listed))
    if entry := next((each for each in listed if _is(each.get("id"), model)), None):
        found = replace(found, window=_count(entry.get("max_model_len")))
    elif listed and KINDS[found.kind].whole_list:
        return replace(found, fault=f"{unknown_model(service)} {_it_has(listed)}")
    found = await _details(client, model, found)
    return replace(found, fault=blind(model)) if found.sees is False else found


async def _details(client: AsyncAnthropic, model: str, found: Found) -> Found:
    kinds: list[Kind] = [found.kind] if found.kind != "unknown" else ["litellm"]
    for kind in kinds:
        if not (path := KINDS[kind].details):
            continue
        try:
            told = _json(await _get(client, path, {"model": model} if KINDS[kind].posts else None))
        except (AnthropicError, httpx2.HTTPError):
            continue
        found = _READERS[kind](found, told, model)
    return found


async def _get(
    client: AsyncAnthropic, path: str, body: dict[str, str] | None = None
) -> httpx2.Response:
    options: Any = {"timeout": ASK_SECONDS}
    if body is None:
        return await client.get(path, cast_to=httpx2.Response, options=options)
    return await client.post(path, cast_to=httpx2.Response, body=body, options=options)


def _json(response: httpx2.Response) -> Mapping[str, Any]:
    try:
        value = response.json()
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _entries(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    data = told.get("data")
    yield from (each for each in data if isinstance(each, dict)) if isinstance(data, list) else ()


def _kind(headers: Mapping[str, str], listed: tuple[Mapping[str, Any], ...]) -> Kind:
    if any(name.lower().startswith("x-litellm-") for name in headers):
        return "litellm"
    if headers.get("server", "").lower().startswith("llama.cpp"):
        return "llama.cpp"
    owners = (_OWNERS.get(str(each.get("owned_by"))) for each in listed)
    return next((kind for kind in owners if kind is not None), "unknown")


def _is(listed: object, model: str) -> bool:
    """Whether a listed name is the model's; Ollama adds ``:latest`` where no tag is given."""
    return listed in (model, f"{model}:latest")


def _it_has(listed: tuple[Mapping[str, Any], ...]) -> str:
    names = [str(each.get("id"))[:80] for each in listed]
    more = f" and {len(names) - LONGEST_LIST} more" if len(names) > LONGEST_LIST else ""
    return f"It has {', '.join(names[:LONGEST_LIST])}{more}."


def _count(value: object) -> int | None:
    """A number of tokens, or None where it is none."""
    right = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return int(value) if right else None  # type: ignore[call-overload]


def _yes_or_no(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _part(told: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = told.get(key)
    return part if isinstance(part, dict) else {}


def _llama_cpp(found: Found, told: Mapping[str, Any], model: str) -> Found:
    window = _count(_part(told, "default_generation_settings").get("n_ctx"))
    sees = _yes_or_no(_part(told, "modalities").get("vision"))
    return replace(found, window=window or found.window, sees=sees)


def _ollama(found: Found, told: Mapping[str, Any], model: str) -> Found:
    able = told.get("capabilities")
    if not isinstance(able, list) or not able:
        return found
    return replace(found, sees="vision" in able, takes_tools="tools" in able)


def _litellm(found: Found, told: Mapping[str, Any], model: str) -> Found:
    entry = next((each for each in _entries(told) if each.get("model_name") == model), None)
    if entry is None:
        return found
    info, behind = _part(entry, "model_info"), str(_part(entry, "litellm_params").get("model", ""))
    claude = is_claude(behind) and str(info.get("litellm_provider", "")) != "openai"
    return replace(
        found,
        kind="litellm",
        output_tokens=_count(info.get("max_output_tokens")),
        sees=_yes_or_no(info.get("supports_vision")),
        takes_tools=_yes_or_no(info.get("supports_function_calling")),
        behind=behind if claude else "",
    )


_READERS = {"llama.cpp": _llama_cpp, "ollama": _ollama, "litellm": _litellm}
