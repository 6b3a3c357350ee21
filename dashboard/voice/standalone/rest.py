"""REST as far as Hume's SDKs and our own set-up use it: configs, prompts, tools, chats, voices."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from tornado.web import HTTPError, RequestHandler

from agent.sanitize import NotJson, read_json
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.server.store import VOICES, ChatRecord, Row, Store, Versioned

_REQUIRED: Final = {
    "tools": ("name", "parameters"),
    "prompts": ("name", "text"),
    "configs": ("name", "evi_version"),
}

_NUMBER: Final = re.compile("[0-9]{1,9}")

Answer = Callable[["Rest"], Row | None]


class Rest(RequestHandler):
    """One handler for all paths; `resources` says which function serves which."""

    evi: OfflineEvi

    def initialize(
        self, serve: Callable[..., Row | None], methods: tuple[str, ...], **kept: Any
    ) -> None:
        super().initialize(**kept)
        self._serve, self._methods = serve, methods

    def _answer(self, *path: str) -> None:
        if self.request.method not in self._methods:
            raise HTTPError(405)
        found = self._serve(self, *path)
        if found is not None:
            self.finish(found)

    get = post = patch = delete = _answer

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Errors as Hume words them."""
        reason = getattr(kwargs.get("exc_info", (None, None))[1], "log_message", None)
        text = reason or self._reason
        if status_code == 422:
            self.finish({"detail": [{"loc": ["body"], "msg": text, "type": "value_error"}]})
        else:
            self.finish({"error": self._reason, "message": text, "code": str(status_code)})

    def body(self) -> Row:
        """The request's JSON object."""
        try:
            data = read_json(self.request.body)
        except NotJson as error:
            raise HTTPError(400, "the body is not JSON") from error
        if not isinstance(data, dict):
            raise HTTPError(422, "the body is not an object")
        return data

    def number(self, name: str, default: int) -> int:
        """A whole number of the query."""
        found = self.get_query_argument(name, "") or str(default)
        if not _NUMBER.fullmatch(found):
            raise HTTPError(422, f"{name} is not a number")
        return int(found)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A truth value of the query."""
        return self.get_query_argument(name, str(default)).lower() in ("true", "1")


def _paged(rest: Rest, name: str, rows: list[Row], **extra: Any) -> Row:
    size = min(100, max(1, rest.number("page_size", 10)))
    page = rest.number("page_number", 0)
    return {
        "page_number": page,
        "page_size": size,
        "total_pages": -(-len(rows) // size),
        f"{name}_page": rows[page * size : (page + 1) * size],
        **extra,
    }


def _directed(rest: Rest, name: str, oldest_first: list[Row], **extra: Any) -> Row:
    ascending = rest.flag("ascending_order")
    rows = oldest_first if ascending else oldest_first[::-1]
    direction = "ASC" if ascending else "DESC"
    return _paged(rest, name, rows, pagination_direction=direction, **extra)


def _resource(rest: Rest, name: str) -> Versioned:
    found: Versioned = getattr(rest.evi.store, name)
    return found


def _checked(store: Store, name: str, body: Row, required: tuple[str, ...]) -> Row:
    missing = [key for key in required if not body.get(key)]
    if missing:
        raise HTTPError(422, f"missing: {', '.join(missing)}")
    try:
        return store.complete(body) if name == "configs" else body
    except ValueError as error:
        raise HTTPError(422, "the config is not as it must be") from error


def _collection(name: str, rest: Rest) -> Row | None:
    things = _resource(rest, name)
    if rest.request.method == "POST":
        rest.set_status(201)
        return things.create(_checked(rest.evi.store, name, rest.body(), _REQUIRED[name]))
    wanted = rest.get_query_argument("name", None)
    recent = rest.flag("restrict_to_most_recent", default=True)
    return _paged(rest, name, things.newest(wanted) if recent else things.every(wanted))


def _document(name: str, rest: Rest, key: str) -> Row | None:
    things = _resource(rest, name)
    if not things.versions(key):
        raise HTTPError(404, "there is no such thing")
    method = rest.request.method
    if method == "POST":
        rest.set_status(201)
        required = tuple(k for k in _REQUIRED[name] if k != "name")
        return things.revise(key, _checked(rest.evi.store, name, rest.body(), required))
    if method == "PATCH":
        things.rename(key, str(rest.body().get("name", "")))
        rest.set_header("Content-Type", "text/plain")
        rest.write("OK")
    elif method == "DELETE":
        things.delete(key)
        rest.set_status(204)
    else:
        return _paged(rest, name, things.versions(key))
    return None


def _version(name: str, rest: Rest, key: str, number: str) -> Row | None:
    things = _resource(rest, name)
    found = things.version(key, int(number))
    if found is None:
        raise HTTPError(404, "there is no such version")
    if rest.request.method == "DELETE":
        things.delete(key, int(number))
        rest.set_status(204)
        return None
    if rest.request.method == "PATCH":
        found["version_description"] = rest.body().get("version_description")
    return found


def _chat_rows(rest: Rest, records: list[ChatRecord]) -> list[Row]:
    status, config = (rest.get_query_argument(k, None) for k in ("status", "config_id"))
    return [
        record.row()
        for record in records
        if status in (None, record.status) and config in (None, record.config.id)
    ]


def _chats(rest: Rest) -> Row:
    return _directed(rest, "chats", _chat_rows(rest, rest.evi.store.chats.all()))


def _chat(rest: Rest, key: str) -> Row:
    record = rest.evi.store.chats.get(key)
    if record is None:
        raise HTTPError(404, "there is no such chat")
    row = record.row()
    row.pop("event_count")
    return _directed(rest, "events", record.events, **row)


def _group_row(records: list[ChatRecord]) -> Row:
    last = records[-1]
    return {
        "id": last.group_id,
        "first_start_timestamp": records[0].started,
        "most_recent_start_timestamp": last.started,
        "most_recent_chat_id": last.id,
        "most_recent_config": last.row()["config"],
        "num_chats": len(records),
        "active": any(record.status == "ACTIVE" for record in records),
    }


def _groups(rest: Rest) -> Row:
    chats = rest.evi.store.chats
    keys = dict.fromkeys(record.group_id for record in chats.all())
    return _directed(rest, "chat_groups", [_group_row(chats.group(key)) for key in keys])


def _members(rest: Rest, key: str) -> list[ChatRecord]:
    records = rest.evi.store.chats.group(key)
    if not records:
        raise HTTPError(404, "there is no such group")
    return records


def _group(rest: Rest, key: str) -> Row:
    records = _members(rest, key)
    return _directed(rest, "chats", [r.row() for r in records], **_group_row(records))


def _group_events(rest: Rest, key: str) -> Row:
    events = [event for record in _members(rest, key) for event in record.events]
    return _directed(rest, "events", events, id=key)


def _voices(rest: Rest) -> Row:
    provider = rest.get_query_argument("provider", "HUME_AI")
    return _paged(rest, "voices", [dict(v) for v in VOICES if v["provider"] == provider])


def resources() -> list[tuple[str, dict[str, Any]]]:
    """Paths, and for each what serves it."""
    read, every = ("GET",), ("GET", "PATCH", "DELETE")
    found: list[tuple[str, dict[str, Any]]] = []
    for name in _REQUIRED:
        at, key = f"/v0/evi/{name}", r"([\w-]+)"
        found += [
            (at, {"serve": partial(_collection, name), "methods": ("GET", "POST")}),
            (f"{at}/{key}", {"serve": partial(_document, name), "methods": (*every, "POST")}),
            (rf"{at}/{key}/version/(\d+)", {"serve": partial(_version, name), "methods": every}),
        ]
    for path, serve in (
        ("/v0/evi/chats", _chats),
        (r"/v0/evi/chats/([\w-]+)", _chat),
        ("/v0/evi/chat_groups", _groups),
        (r"/v0/evi/chat_groups/([\w-]+)", _group),
        (r"/v0/evi/chat_groups/([\w-]+)/events", _group_events),
        ("/v0/tts/voices", _voices),
    ):
        found.append((path, {"serve": serve, "methods": read}))
    return found
