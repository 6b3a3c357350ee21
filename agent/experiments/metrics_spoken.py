"""Numbers of speech and interruptions, from a trial's event log. Times are seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from agent.record import events as ev

Metrics = dict[str, float]


def interruption_kinds(events: Iterable[ev.Event]) -> list[str]:
    """Every time that words, a hold or a stop cut in, in order."""
    kinds = []
    events = list(events)
    held = persons_holds(events)
    for event in events:
        if isinstance(event, ev.Stopped):
            kinds.append("stop")
        elif event.seq in held:
            kinds.append("hold")
        elif isinstance(event, ev.Understood) and event.meaning == "redirect":
            kinds.append("redirect")
    return kinds


def persons_holds(events: Iterable[ev.Event]) -> frozenset[int]:
    """Numbers of the events with which the person held the agent.

    A hold that only waits for an announcement is not the person's, until they say so.
    """
    found, announcing = [], False
    for event in events:
        if isinstance(event, ev.HoldBegan):
            announcing = event.reason == ev.ANNOUNCING
            found += [] if announcing else [event.seq]
        elif isinstance(event, ev.HoldEnded):
            announcing = False
        elif announcing and isinstance(event, ev.Understood) and event.meaning == "hold":
            announcing = False
            found.append(event.seq)
    return frozenset(found)


def voice(events: Sequence[ev.Event]) -> Metrics:
    """What was told aloud; nothing if nothing was."""
    lines = [e for e in events if isinstance(e, ev.Narrated)]
    if not lines:
        return {}
    began = {e.narration_id: e.at for e in lines if e.state == "speaking"}
    spoken = [e for e in lines if e.state in ("heard", "cut") and e.narration_id in began]
    seconds = sum(e.at - began[e.narration_id] for e in spoken)
    words = sum(len(e.text.split()) if e.cut_at is None else e.cut_at for e in spoken)
    found = {
        "spoken_words": float(words),
        "speaking_seconds": seconds,
        "dropped_lines": float(sum(e.state == "dropped" for e in lines)),
        "announcing_seconds": _announcing(events),
    }
    if seconds > 0:
        found["words_per_minute"] = 60 * words / seconds
    if (run := events[-1].at - events[0].at) > 0:
        found["speaking_share"] = seconds / run
    ready = {e.narration_id: e.at for e in lines if e.state == "queued"}
    if lags := [at - ready[line] for line, at in began.items() if line in ready]:
        found["speech_lag_seconds"] = sum(lags) / len(lags)
    heard = [e.at for e in events if isinstance(e, ev.Heard) and not e.interim]
    first = [e.at for e in lines if e.state == "speaking" and heard and e.at >= heard[0]]
    if first:
        found["first_word_seconds"] = first[0] - heard[0]
    return found


def _announcing(events: Sequence[ev.Event]) -> float:
    """How long actions waited for lines that announced them."""
    total, since = 0.0, None
    own = persons_holds(events)
    for event in events:
        if isinstance(event, ev.HoldBegan) and event.reason == ev.ANNOUNCING:
            since = event.at
        elif since is not None and (
            isinstance(event, ev.HoldEnded | ev.Stopped) or event.seq in own
        ):
            total, since = total + event.at - since, None
    return total


def interruptions(events: Sequence[ev.Event]) -> Metrics:
    """What cut in, how soon it took hold, and what it cost."""
    kinds = interruption_kinds(events)
    understood = [e for e in events if isinstance(e, ev.Understood)]
    found = {
        "interruptions": float(len(kinds)),
        **{f"{kind}s": float(kinds.count(kind)) for kind in ("stop", "redirect", "hold")},
        "backchannels": float(sum(e.meaning == "backchannel" for e in understood)),
        "false_interruptions": float(sum(_cut_by(events, e) for e in understood)),
        "missed_stops": float(sum(_missed(events, e) for e in understood)),
        "work_lost": float(
            sum(isinstance(e, ev.ActionFinished) and not e.ran for e in events) if kinds else 0
        ),
    }
    return found | _stopping(events) | _redirecting(events)


def _stopping(events: Sequence[ev.Event]) -> Metrics:
    """How soon the first stop took hold, until the person asked for something new."""
    place = next((n for n, e in enumerate(events) if isinstance(e, ev.Stopped)), None)
    if place is None:
        return {}
    at, after = events[place].at, events[place + 1 :]
    new = next((n for n, e in enumerate(after) if isinstance(e, ev.TaskStarted)), len(after))
    late = [e.at for e in after[:new] if isinstance(e, ev.ActionStarted)]
    found = {"last_action_after_stop_seconds": late[-1] - at if late else 0.0}
    silenced = [e.at for e in after if isinstance(e, ev.Narrated) and e.state == "cut"]
    return found | ({"silence_after_stop_seconds": silenced[0] - at} if silenced else {})


def _redirecting(events: Sequence[ev.Event]) -> Metrics:
    """Whether words that cut in were obeyed: nothing proposed before them begins after them."""
    cuts = [n for n, e in enumerate(events) if isinstance(e, ev.UserMessage) and e.cuts]
    if not cuts:
        return {}
    obeyed, waits = 0, []
    for place in cuts:
        before, after = events[:place], events[place + 1 :]
        old = {e.action_id for e in before if isinstance(e, ev.ActionProposed)}
        late = (e for e in after if isinstance(e, ev.ActionStarted) and e.action_id in old)
        obeyed += next(late, None) is None
        turns = (e.at for e in after if isinstance(e, ev.TurnStarted))
        if (turn := next(turns, None)) is not None:
            waits.append(turn - events[place].at)
    found = {"redirects_obeyed": obeyed / len(cuts)}
    return found | ({"redirect_seconds": sum(waits) / len(waits)} if waits else {})


def _cut_by(events: Sequence[ev.Event], heard: ev.Understood) -> bool:
    """Whether a back-channel or noise was followed at once by a stop or hold."""
    if heard.meaning not in ("backchannel", "noise"):
        return False
    after = _after(events, heard.at, lambda e: e.seq > heard.seq and e.at - heard.at < 0.5)
    return any(isinstance(e, ev.Stopped | ev.HoldBegan) for e in after)


def _missed(events: Sequence[ev.Event], heard: ev.Understood) -> bool:
    """Whether a stop was understood but nothing was stopped."""
    stops = (e for e in events if isinstance(e, ev.Stopped) and e.seq > heard.seq)
    return heard.meaning == "stop" and next(stops, None) is None


def _after(
    events: Sequence[ev.Event], at: float, fits: Callable[[ev.Event], bool]
) -> list[ev.Event]:
    return [e for e in events if e.at >= at and fits(e)]
