"""The conversation as a list of small items, kept up to date event by event.

It is a plain reduction of the log: feeding it the same events gives the same items. What
changed since the last `drain` is handed out as put and append operations for the page.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

from agent.network.policy import HOW_ON
from agent.record import events as e
from agent.session.describe import describe_limit
from agent.session.ending import Ending
from agent.session.history import CUT
from dashboard.describe import describe
from dashboard.fates import Fates, Item, Said
from dashboard.voice.client.speakable import read_back
from dashboard.words import marked, t

Operation = dict[str, Any]
E = TypeVar("E")

KEPT = 400
"""Items that a page shows at most; the journal has them all."""
_OUTPUT = 4000
_FILES = 20
_SPEAKABLE = frozenset(
    {"said", "progress", "outcome", "question", "approval", "spoken", "reply", "back"}
)
OUTCOMES = {
    "done": marked("Done"),
    "answered": marked("Answered"),
    "ended": marked("Ended: the last action did not succeed"),
    "denied": marked("Ended: the last action was not allowed"),
    "undone": marked("Not done"),
    "unclear": marked("Not understood"),
    "stopped": marked("Stopped"),
    "limit": marked("Limit reached"),
    "refused": marked("Refused"),
}
"""What a task's end is called, by `agent.session.ending.Ending.word`; of others it has failed."""
FAILED = marked("Failed")
MEANT = ("meant", marked("That was for you"))
"""What a person can decide otherwise about words that were passed over."""
_RULED = {
    "allow": marked("Allowed beforehand"),
    "deny": marked("Refused"),
    "alternative": marked("Another way was asked for"),
}
_EXTENDED = {
    "loop": marked("You let the agent try once more."),
    "dollars": marked("You allowed as much money again."),
    "seconds": marked("You allowed as much time again."),
}
_DESKTOP = {
    "died": marked("The desktop ended."),
    "unavailable": marked("There is no desktop."),
    "restarting": marked("The desktop is restarting."),
}


class Transcript:
    """Items by id in order of appearance, and the changes not yet handed out."""

    def __init__(self, image_url: Callable[[str], str]) -> None:
        self._image_url = image_url
        self._items: dict[str, Item] = {}
        self._dirty: dict[str, None] = {}
        self._appended: dict[str, str] = {}
        self._streams: dict[str, str] = {}
        self._numbers = itertools.count()
        self._ending = Ending()
        self._fates = Fates(self._said, self._change)
        self._task = ""
        """The running task's id."""

        self._told_off = False
        """Whether the running task was told that the network is off."""

        self._stop = ""
        """Why it was stopped, until its end is here."""

        self._handlers = self._handling()

    def _handling(self) -> dict[type, Callable[[Any], None]]:
        """What takes in each kind of event; others leave no trace here."""
        return {
            e.Heard: self._heard,
            e.Understood: self._understood,
            e.FilesArrived: self._arrived,
            e.FilesRecorded: self._recorded,
            e.PutBackFinished: self._put_back,
            e.UserMessage: self._message,
            e.Replied: lambda event: self._put(
                f"reply-{event.seq}", event, "reply", text=event.text
            ),
            e.TaskQueued: self._queued,
            e.TaskUnqueued: self._fates.unqueued,
            e.TaskStarted: self._task_started,
            e.TaskFinished: self._task_finished,
            e.TextStreamed: self._streamed,
            e.TurnFinished: self._turn_finished,
            e.ActionProposed: self._proposed,
            e.ActionStarted: lambda event: self._change(event.action_id, state="running"),
            e.ActionOutput: self._output,
            e.ActionFinished: self._finished,
            e.ScreenSeen: self._screen,
            e.ApprovalAsked: self._approval,
            e.ApprovalDecided: self._decided,
            e.GrantWithdrawn: self._withdrawn,
            e.QuestionAsked: self._question,
            e.QuestionAnswered: self._answered,
            e.Narrated: self._narrated,
            e.Failed: self._failed,
            e.Stopped: self._stopped,
            e.ControlTaken: lambda event: self._note(event, t("You have the mouse.")),
            e.ControlReturned: self._returned,
            e.LimitReached: self._limit,
            e.LimitExtended: self._extended,
            e.RetryWaiting: self._retry,
            e.Compacted: lambda event: self._note(event, event.reason, "warning"),
            e.DesktopRenewed: lambda event: self._note(event, event.text, "warning"),
            e.HostRefused: self._refused,
            e.GateChanged: lambda event: self._note(event, event.text, "warning"),
            e.HomeChanged: self._home,
            e.DesktopChanged: self._desktop,
            e.SessionOpened: self._opened,
            e.SessionImported: self._imported,
        }

    def feed(self, event: e.Event) -> None:
        """Take one event in."""
        self._ending.add(event)
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)

    def drain(self) -> list[Operation]:
        """What changed since the last call, in order of appearance."""
        changed = [{"put": self._items[key]} for key in self._dirty if key in self._items]
        appended = [{"append": key, "text": text} for key, text in self._appended.items()]
        self._dirty.clear()
        self._appended.clear()
        return changed + appended

    def snapshot(self) -> list[Item]:
        """All that a fresh page needs; what was to be appended is already in it."""
        self._dirty |= dict.fromkeys(self._appended)
        self._appended.clear()
        return list(self._items.values())[-KEPT:]

    def _put(self, key: str, event: e.BaseEvent, kind: str, **fields: Any) -> None:
        number = self._items[key]["n"] if key in self._items else next(self._numbers)
        self._items[key] = {"id": key, "n": number, "kind": kind, "at": event.at, **fields}
        self._dirty[key] = None
        self._appended.pop(key, None)
        while len(self._items) > 2 * KEPT:
            self._items.pop(next(iter(self._items)))

    def _change(self, key: str, **fields: Any) -> None:
        if key in self._items:
            self._items[key] |= fields
            self._dirty[key] = None
            self._appended.pop(key, None)

    def _append(self, key: str, text: str, field: str = "text", keep: int = 0) -> None:
        item = self._items[key]
        item[field] = (item[field] + text)[-keep:]
        if key not in self._dirty and not keep:
            self._appended[key] = self._appended.get(key, "") + text
        else:
            self._dirty[key] = None

    def _note(self, event: e.BaseEvent, text: str, tone: str = "") -> None:
        self._put(f"note-{event.seq}", event, "note", text=text.strip(), tone=tone)

    def _home(self, event: e.HomeChanged) -> None:
        if event.text:
            self._note(event, event.text, "" if event.state == "eased" else "warning")

    def _heard(self, event: e.Heard) -> None:
        key = f"heard-{event.utterance_id}"
        words = {"text": event.text, "interim": event.interim, "source": event.source}
        if key in self._items:
            self._change(key, **words)
        else:
            self._put(key, event, "heard", **words)

    def _understood(self, event: e.Understood) -> None:
        """What was passed over says so, and can be given to the agent after all."""
        told: Item = {"meaning": event.meaning}
        key = f"heard-{event.utterance_id}"
        if event.meaning == "noise" and event.detail != e.OWN_VOICE:
            told |= {
                "utterance": event.utterance_id,
                "mark": t("Passed over: not said to the agent"),
            }
            told["choices"] = [(MEANT[0], t(MEANT[1]))]
        elif self._items.get(key, {}).get("meaning") == "noise":
            told |= {"mark": "", "choices": []}
        self._change(key, **told)

    def _arrived(self, event: e.FilesArrived) -> None:
        """Files that came in: of many, the first ones are named."""
        pairs = list(zip(event.paths, event.sizes, strict=True))
        files = [_paper(path, size) for path, size in pairs[:_FILES]]
        text = ", ".join(event.paths[:_FILES])
        key = f"files-{event.seq}"
        self._put(key, event, "files", text=text, files=files, count=len(pairs))

    def _said(self, event: Said) -> Item:
        """The item of what the person said; its words may come without having been heard."""
        key = f"heard-{event.utterance_id}"
        if key not in self._items:
            said = {"text": event.text, "interim": False, "source": event.source}
            self._put(key, event, "heard", **said)
        return self._items[key]

    def _queued(self, event: e.TaskQueued) -> None:
        self._fates.queued(event)
        self._attached(event)

    def _message(self, event: e.UserMessage) -> None:
        if event.utterance_id and event.origin == "person":
            self._fates.told(event)
        self._attached(event)

    def _attached(self, event: e.UserMessage | e.TaskQueued) -> None:
        """What goes to the model as content, and what of it does not; shown once."""
        if not event.attachments:
            return
        files = [self._attachment(each) for each in event.attachments]
        text = ", ".join(each.name for each in event.attachments)
        shown = {"text": text, "files": files, "count": len(files), "attached": True}
        self._put(f"files-{event.utterance_id or event.seq}", event, "files", **shown)

    def _attachment(self, attached: e.Attachment) -> Item:
        image = self._image_url(attached.sha256) if attached.kind == "picture" else ""
        return {
            **_paper(attached.path, attached.size),
            "name": attached.name,
            "note": attached.note,
            "image": image,
        }

    def _stopped(self, event: e.Stopped) -> None:
        """Where a task ends by it, its end says so."""
        if self._task:
            self._stop = event.reason
        else:
            self._note(event, f"{t('Stopped.')} {event.reason}", "stop")

    def _task_started(self, event: e.TaskStarted) -> None:
        self._task, self._told_off = event.task_id, False
        if event.utterance_id:
            if self._fates.started(event):
                self._note(event, t("Now: {task}", task=event.text), "task")
            return
        recent = list(self._items.values())[-6:]
        said = any(item["kind"] == "heard" and item["text"] == event.text for item in recent)
        if not said:
            self._put(f"task-{event.task_id}", event, "heard", text=event.text, source=event.source)

    def _task_finished(self, event: e.TaskFinished) -> None:
        last = next((i for i in reversed(self._items.values()) if i["kind"] == "said"), None)
        repeated = last is not None and last["text"].strip() == event.summary.strip()
        summary = "" if repeated else event.summary
        outcome = self._ending.word(event)
        label = OUTCOMES.get(outcome, FAILED)
        told = {"outcome": outcome, "label": t(label), "text": summary}
        if outcome == "stopped" and summary == f"{label}.":
            told |= {"text": self._stop, "aloud": summary}
        self._task = self._stop = ""
        self._put(f"end-{event.task_id}", event, "outcome", **told)
        self._fates.finished()

    def _recorded(self, event: e.FilesRecorded) -> None:
        """A task that changed files can be put back from its end; what failed is said."""
        if event.changed:
            self._change(f"end-{event.task_id}", task=event.task_id, changed=event.changed)
        if event.error and event.moment == "before":
            said = t("This task's changes to files cannot be put back.")
            self._note(event, f"{said} {event.error}", "warning")

    def _put_back(self, event: e.PutBackFinished) -> None:
        fields = {"text": event.text, "state": event.outcome, "task": event.put_back_id}
        self._put(f"back-{event.put_back_id}", event, "back", **fields)

    def _streamed(self, event: e.TextStreamed) -> None:
        stream = f"{event.turn_id}-{event.role}"
        key = self._streams.get(stream)
        newest = next(reversed(self._items), None)
        if key is None or key not in self._items or (event.role == "text" and key != newest):
            key = self._streams[stream] = f"text-{event.seq}"
            kind = "said" if event.role == "text" else event.role
            self._put(key, event, kind, text=event.text, streaming=True)
        else:
            self._append(key, event.text)

    def _turn_finished(self, event: e.TurnFinished) -> None:
        for role in ("text", "thinking", "progress"):
            key = self._streams.pop(f"{event.turn_id}-{role}", None)
            if key is not None:
                self._change(key, streaming=False)

    def _proposed(self, event: e.ActionProposed) -> None:
        fields = {"title": describe(event), "tool": event.tool, "name": event.name}
        fields["command"] = next(
            (str(event.input[key]) for key in ("command", "text") if event.input.get(key)), ""
        )
        where = event.target.get("title", "")
        self._put(
            event.action_id, event, "action", state="waiting", where=where, output="", **fields
        )

    def _output(self, event: e.ActionOutput) -> None:
        if event.action_id in self._items:
            self._append(event.action_id, event.text, "output", keep=_OUTPUT)

    def _finished(self, event: e.ActionFinished) -> None:
        fields: Item = {"state": _state(event), "seconds": event.seconds}
        if event.image is not None:
            fields |= self._picture(event.image)
        if event.words:
            fields["output"] = event.words[:_OUTPUT]
        self._change(event.action_id, **fields)

    def _picture(self, image: e.Image) -> Item:
        return {"image": self._image_url(image.sha256), "size": [image.width, image.height]}

    def _screen(self, event: e.ScreenSeen) -> None:
        if event.image is not None:
            self._change(event.action_id, **self._picture(event.image))

    def _approval(self, event: e.ApprovalAsked) -> None:
        until = event.at + event.timeout if event.timeout else 0
        self._put(
            event.approval_id,
            event,
            "approval",
            text=event.question.removesuffix(f" Say “{event.phrase}” to allow it."),
            aloud=read_back(event.question, event.phrase),
            phrase=event.phrase,
            grant=event.grant.words if event.grant else "",
            lasting=event.lasting,
            until=until,
            decision="",
        )

    def _decided(self, event: e.ApprovalDecided) -> None:
        if event.channel == "rule":
            self._ruled(event)
        else:
            self._change(
                event.approval_id,
                decision=event.decision,
                channel=event.channel,
                remembered=event.for_session,
                for_good=event.for_good,
            )

    def _refused(self, event: e.HostRefused) -> None:
        """What is asked about is told by its card; that all is off, once in a task."""
        if event.why == "off" and not self._told_off:
            self._told_off = True
            self._note(event, f"{event.host} is not reached. {event.text}. {HOW_ON}", "warning")
        elif event.why in ("address", "local", "port", "spelling", "unanswered", "crowded"):
            self._note(event, f"{event.text.removesuffix('.')}.", "warning")

    def _withdrawn(self, event: e.GrantWithdrawn) -> None:
        asked = self._items.get(event.approval_id, {})
        what = f": {asked['grant']}" if asked.get("grant") else "."
        self._note(event, f"{t('From now on you are asked again')}{what}")

    def _ruled(self, event: e.ApprovalDecided) -> None:
        """Nobody was asked: said beside the action, or on a line of its own without one."""
        word = t(_RULED.get(event.decision, event.decision))
        text = t("{decided} by a rule.", decided=word)
        if event.note:
            text = t("{decided} by the rule “{rule}”.", decided=word, rule=event.note)
        if event.for_session:
            text = t("You allowed this for the session: {what}", what=event.note)
        if event.action_id in self._items:
            self._change(event.action_id, rule=text)
        else:
            self._note(event, text)

    def _question(self, event: e.QuestionAsked) -> None:
        asked = {"text": event.text, "answer": None, "yes_or_no": event.yes_or_no}
        self._put(event.question_id, event, "question", **asked)

    def _answered(self, event: e.QuestionAnswered) -> None:
        self._change(event.question_id, answer=event.text)

    def _narrated(self, event: e.Narrated) -> None:
        spoken = _letters(event.text)
        recent = reversed(list(self._items.values())[-12:])
        shown = (item for item in recent if item["kind"] in _SPEAKABLE)
        # What is spoken is often a part of what is shown, without its signs.
        same = next(
            (item for item in shown if spoken in _letters(item.get("aloud") or item["text"])), None
        )
        if same is not None:
            self._change(same["id"], speech=event.state)
        elif event.state in ("speaking", "heard", "cut"):
            key = f"spoken-{event.narration_id}"
            self._put(key, event, "spoken", text=event.text, speech=event.state)

    def _failed(self, event: e.Failed) -> None:
        self._put(f"error-{event.seq}", event, "error", text=event.error, advice=event.advice)

    def _returned(self, event: e.ControlReturned) -> None:
        self._note(event, f"{t('The agent has the mouse again.')} {event.note}")

    def _limit(self, event: e.LimitReached) -> None:
        word = t("Limit reached") if event.share >= 1 else t("Close to a limit")
        self._note(event, f"{word}: {describe_limit(event)}.", "warning")

    def _extended(self, event: e.LimitExtended) -> None:
        text = _EXTENDED.get(event.limit, marked("You allowed as many {limit} again."))
        self._note(event, t(text, limit=event.limit))

    def _retry(self, event: e.RetryWaiting) -> None:
        when = f"{event.seconds:.0f} s" if event.seconds >= 1 else t("a moment")
        again = t("Trying again in {when}.", when=when)
        self._note(event, f"{event.reason} {again}", "warning")

    def _desktop(self, event: e.DesktopChanged) -> None:
        if event.state in ("died", "unavailable", "restarting"):
            text = t(_DESKTOP[event.state])
            self._put(f"error-{event.seq}", event, "error", text=text, advice=event.detail)

    def _opened(self, event: e.SessionOpened) -> None:
        if event.resumed:
            self._note(event, t("The session was resumed from its journal."))

    def _imported(self, event: e.SessionImported) -> None:
        said = t("Everything above was imported. What it set or allowed does not apply here.")
        self._note(event, said)


def _paper(path: str, size: int) -> Item:
    """A file by its name, with the whole path at hand."""
    return {"name": path.rpartition("/")[2], "path": path, "size": size}


def _state(event: e.ActionFinished) -> str:
    """Cut off is not failed: nobody need look for what went wrong."""
    if not event.ran:
        return "skipped"
    if event.is_error:
        return "cut" if event.text == CUT else "failed"
    return "done"


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
