"""Checks a request's body against the types that the installed SDK declares for it.

The SDK describes each request as `TypedDict`s (``…Params``), which only a type checker reads:
nothing in it refuses a wrong key before it is sent. The service does, and so does this, in its
words. Every type that occurs in them is understood; unions are settled by the fields that
tell their members apart, such as ``type`` and ``role``.
"""

from __future__ import annotations

import collections.abc
import types
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from anthropic.types.beta import message_create_params
from typing_extensions import get_type_hints, is_typeddict

IN_HEADERS = frozenset({"betas", "user_profile_id", "workspace_id"})
"""Parameters of a call that travel as headers: in a body they are not known."""

_TELLING = ("type", "role")
_QUALIFIERS = (Required, NotRequired)
_LISTS = (list, collections.abc.Iterable, collections.abc.Sequence)
_PLAIN: Mapping[object, str] = {
    str: "a valid string",
    bool: "a valid boolean",
    int: "a valid integer",
    float: "a valid number",
}
_STREAMED: Any = message_create_params.MessageCreateParamsStreaming
_WHOLE: Any = message_create_params.MessageCreateParamsNonStreaming


def body_problems(body: Mapping[str, Any]) -> list[str]:
    """What the service would say of a body's shape; empty when it is as declared."""
    for name in IN_HEADERS & body.keys():
        return [f"{name}: Extra inputs are not permitted"]
    return list(problems(body, _STREAMED if body.get("stream") else _WHOLE, ""))


def problems(value: Any, declared: Any, where: str) -> Iterator[str]:
    """Where ``value``, as JSON has it, is not what a type declares."""
    declared = _bare(declared)
    origin, arguments = get_origin(declared), get_args(declared)
    if is_typeddict(declared):
        yield from _fields(value, declared, where)
    elif origin in (Union, types.UnionType):
        yield from _union(value, arguments, where)
    elif origin is Literal:
        if value not in arguments or isinstance(value, bool) != isinstance(arguments[0], bool):
            yield f"{_at(where)}Input should be {_either(arguments)}"
    elif origin in _LISTS or _is_sequence(declared):
        yield from _items(value, arguments[0] if arguments else Any, where)
    elif origin is dict:
        yield from _values(value, arguments[1], where)
    elif declared is type(None):
        if value is not None:
            yield f"{_at(where)}Input should be null"
    elif declared in _PLAIN and not _is_plain(value, declared):
        yield f"{_at(where)}Input should be {_PLAIN[declared]}"


def _fields(value: Any, declared: Any, where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{_at(where)}Input should be a valid dictionary"
        return
    known = _hints(declared)
    for name in known:
        if name not in value and get_origin(known[name]) is Required:
            yield f"{_below(where, name)}: Field required"
    for name, given in value.items():
        if name in known:
            yield from problems(given, known[name], _below(where, name))
        elif name not in IN_HEADERS or where:
            yield f"{_below(where, name)}: Extra inputs are not permitted"


def _union(value: Any, members: Sequence[Any], where: str) -> Iterator[str]:
    """The complaints of the member that comes closest; none, if one has none."""
    fitting = [member for member in _flat(members) if _is_kind(value, member)]
    if not fitting:
        yield f"{_at(where)}Input should be {_kinds(_flat(members))}"
        return
    dictionaries = [member for member in fitting if is_typeddict(member)]
    if len(dictionaries) > 1:
        named = _named(value, dictionaries)
        if isinstance(named, str):
            yield f"{_at(where)}{named}"
            return
        fitting = named
    found = [list(problems(value, member, where)) for member in fitting]
    yield from min(found, key=len)


def _named(value: Mapping[str, Any], members: list[Any]) -> list[Any] | str:
    """The members that a value's telling field names, or that it names none of them."""
    for field in _TELLING:
        tags = [_tags(member, field) for member in members]
        if not any(tags):
            continue
        given = value.get(field)
        left = [m for m, own in zip(members, tags, strict=True) if _names(m, own, field, value)]
        if left:
            return left
        if given is None:
            return f"Unable to extract tag using discriminator '{field}'"
        known = ", ".join(repr(tag) for own in tags for tag in own)
        return (
            f"Input tag {given!r} found using '{field}' does not match any of the expected "
            f"tags: {known}"
        )
    return members


def _names(member: Any, tags: tuple[Any, ...], field: str, value: Mapping[str, Any]) -> bool:
    if field in value:
        return value[field] in tags or (not tags and field not in _hints(member))
    return field not in _hints(member) or get_origin(_hints(member)[field]) is not Required


def _tags(member: Any, field: str) -> tuple[Any, ...]:
    """What a member's field may hold, where that is one of a few words."""
    hint = _bare(_hints(member).get(field, Any))
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    return tuple(tag for each in options if get_origin(each) is Literal for tag in get_args(each))


def _items(value: Any, declared: Any, where: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{_at(where)}Input should be a valid list"
        return
    for index, item in enumerate(value):
        yield from problems(item, declared, _below(where, str(index)))


def _values(value: Any, declared: Any, where: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{_at(where)}Input should be a valid dictionary"
        return
    for name, item in value.items():
        yield from problems(item, declared, _below(where, name))


def _is_kind(value: Any, member: Any) -> bool:
    """Whether a value is of the JSON kind that a member of a union describes."""
    origin = get_origin(member)
    if is_typeddict(member) or origin is dict:
        return isinstance(value, Mapping)
    if origin is Literal:
        return isinstance(value, type(get_args(member)[0]))
    if origin in _LISTS or _is_sequence(member):
        return isinstance(value, list)
    if member is type(None):
        return value is None
    return member in (Any, object) or (member in _PLAIN and _is_plain(value, member))


def _is_plain(value: Any, declared: Any) -> bool:
    if declared is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, declared) and (declared is bool or not isinstance(value, bool))


def _is_sequence(declared: Any) -> bool:
    """Whether it is the SDK's own protocol for a list of words."""
    return getattr(get_origin(declared) or declared, "__name__", "") == "SequenceNotStr"


def _flat(members: Sequence[Any]) -> list[Any]:
    """The members of a union and of the unions in it; the SDK's own models are no JSON."""
    found: list[Any] = []
    for member in map(_bare, members):
        if get_origin(member) in (Union, types.UnionType):
            found += _flat(get_args(member))
        elif is_typeddict(member) or not isinstance(member, type) or member in _JSON:
            found.append(member)
    return found


_JSON = frozenset({*_PLAIN, type(None), object})


def _bare(declared: Any) -> Any:
    """A type without what says how it is sent, or whether it must be there."""
    while get_origin(declared) in (*_QUALIFIERS, Annotated):
        declared = get_args(declared)[0]
    return declared


@cache
def _hints(declared: Any) -> dict[str, Any]:
    """The fields of a dictionary, those of its bases included, each with its qualifier."""
    hints: dict[str, Any] = get_type_hints(declared, include_extras=True)
    return hints


def _kinds(members: Sequence[Any]) -> str:
    if any(get_origin(m) in _LISTS for m in members):
        return "a valid list"
    if any(is_typeddict(m) for m in members):
        return "a valid dictionary"
    words = [option for m in members if get_origin(m) is Literal for option in get_args(m)]
    if words:
        return _either(words)
    return next((_PLAIN[m] for m in members if m in _PLAIN), "of another kind")


def _either(options: Sequence[Any]) -> str:
    named = [repr(option) for option in options]
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"


def _below(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _at(where: str) -> str:
    return f"{where}: " if where else ""
