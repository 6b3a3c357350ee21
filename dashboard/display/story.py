"""What happened, to be read: the words, the actions, and the screen at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from agent.record import events as ev
from agent.replay import Recording
from dashboard.display.markup import Html, bold, paragraph, picture, short, table
from dashboard.display.pictures import shrunk, strip
from dashboard.transcript import Transcript

Look = Callable[[str], bytes | None]
"""The bytes of a picture by its hash."""

_ENDED = {"done": "", "cut": " — cut off", "skipped": " — not run"}
_WHO = {
    "heard": "person",
    "said": "agent",
    "progress": "agent",
    "spoken": "agent, aloud",
    "action": "action",
    "approval": "may I?",
    "question": "question",
    "outcome": "outcome",
    "note": "",
    "reply": "answer",
    "error": "error",
    "thinking": "thought",
}
_MOST_ROWS = 40


def story(events: Sequence[ev.Event], look: Look, *, title: str = "", film: bool = False) -> Html:
    """The transcript of events as a table, under the last screen.

    Args:
        events: Of one session, in order.
        look: Finds pictures.
        title: A line above all.
        film: All screens, small, instead of the last one.
    """
    parts = [paragraph(*filter(None, [title and bold(title), _summary(events)]))]
    shown = [data for image in screens(events) if (data := look(image.sha256)) is not None]
    if film and len(shown) > 1:
        parts.append(picture(strip(_spread(shown, 8)), "The screens that the agent saw, in order"))
    elif shown:
        parts.append(picture(shrunk(shown[-1]), "The screen at the end"))
    rows = _rows(events)
    parts.append(table(("s", "who", "what"), rows) if rows else paragraph("Nothing was said yet."))
    return Html("".join(parts))


def recording_look(recording: Recording) -> Look:
    """Pictures of a recording."""

    def look(sha256: str) -> bytes | None:
        path = recording.image_path(sha256)
        return path.read_bytes() if path is not None else None

    return look


def screens(events: Sequence[ev.Event]) -> Iterator[ev.Image]:
    """Screens that the agent saw, in order, each of them once."""
    seen = ""
    for event in events:
        images = event.images if isinstance(event, ev.UserMessage) else ()
        if isinstance(event, ev.ActionFinished | ev.ScreenSeen) and event.image is not None:
            images = (event.image,)
        for image in images:
            if image.sha256 != seen:
                yield image
            seen = image.sha256


def _spread(pictures: Sequence[bytes], most: int) -> list[bytes]:
    """At most ``most``, evenly chosen, the first and the last among them."""
    if len(pictures) <= most:
        return list(pictures)
    return [pictures[round(n * (len(pictures) - 1) / (most - 1))] for n in range(most)]


def _summary(events: Sequence[ev.Event]) -> str:
    turns = [event.usage for event in events if isinstance(event, ev.TurnFinished)]
    if not turns:
        return ""
    acted = sum(isinstance(event, ev.ActionStarted) for event in events)
    dollars = sum(usage.dollars for usage in turns)
    seconds = events[-1].at - events[0].at if events else 0.0
    counts = f"{_count(len(turns), 'turn')}, {_count(acted, 'action')}"
    return f"{counts}, {seconds:.1f} s, ${dollars:.4f}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _rows(events: Sequence[ev.Event]) -> list[tuple[object, ...]]:
    transcript = Transcript(lambda sha256: "")
    for event in events:
        transcript.feed(event)
    items = transcript.snapshot()
    begin = items[0]["at"] if items else 0.0
    rows: list[tuple[object, ...]] = [
        (f"{item['at'] - begin:.1f}", _WHO.get(item["kind"], item["kind"]), _words(item))
        for item in items
    ]
    if len(rows) > _MOST_ROWS:
        left_out = len(rows) - _MOST_ROWS
        rows[_MOST_ROWS // 2 : -_MOST_ROWS // 2] = [("", "", f"… {left_out} more …")]
    return rows


def _words(item: dict[str, Any]) -> object:
    kind = item["kind"]
    if kind == "action":
        if item["state"] == "failed":
            return f"{short(item['title'])} — failed: {short(item.get('output', ''), 120)}"
        return short(item["title"]) + _ENDED.get(item["state"], f" — {item['state']}")
    if kind == "outcome":
        label = item["label"].lower()
        said = "" if item["text"].lower().startswith(label) else f": {item['text']}"
        return bold(label + short(said if item["text"] else "", 400))
    if kind == "approval":
        return short(f"{item['text']} — {item['decision'] or 'open'}")
    if kind == "question":
        return short(f"{item['text']} — {item['answer'] or 'open'}")
    if kind == "error":
        return short(f"{item['text']} {item['advice']}", 400)
    if item.get("mark"):
        return short(f"{item['text']} — {item['mark']}", 400)
    return short(item["text"], 400)
