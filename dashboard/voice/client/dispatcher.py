"""Carries out what an utterance means, on the session: the person's side of `control`."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from agent.record.events import (
    ApprovalAsked,
    ApprovalDecided,
    DictationChanged,
    Event,
    HoldEnded,
    PutBackFinished,
    QuestionAnswered,
    QuestionAsked,
    Source,
    Stopped,
    TaskFinished,
    TaskQueued,
    TaskStarted,
    TaskUnqueued,
    UserMessage,
)
from agent.session.fate import Fate, fate_of
from dashboard.voice.client.describe import picture_of
from dashboard.voice.client.holds import Holds
from dashboard.voice.client.narrator import Narrator
from dashboard.voice.client.putting_back import PuttingBack
from dashboard.voice.client.readings import Reading
from dashboard.voice.client.speech_hold import SpeechHold
from dashboard.voice.intents import (
    FREE,
    Meaning,
    Moment,
    is_assent,
    meaning_of,
    says_more,
    span_of,
)
from dashboard.voice.phrases import Language, spoken_approval
from dashboard.voice.words import words_of

if TYPE_CHECKING:
    from agent.session.session import Session


_LONGER = ", and for longer, for this session, or always"
CONTEXT_CHANGES = (
    TaskStarted,
    TaskFinished,
    TaskQueued,
    TaskUnqueued,
    ApprovalAsked,
    ApprovalDecided,
    QuestionAsked,
    QuestionAnswered,
    DictationChanged,
    Stopped,
)
"""Events after which EVI's model must be told again what runs and what waits."""


class Dispatcher:
    """Knows what runs and what waits, and acts on meanings.

    In tool mode a spoken task is left to EVI's model, which passes it on by a tool call;
    words that were dealt with here are not acted upon a second time.
    """

    def __init__(self, session: Session, narrator: Narrator) -> None:
        self._session = session
        self._narrator = narrator
        self._picture = picture_of(session.log)
        self._last_task = task.text if (task := session.log.last(TaskStarted)) is not None else ""
        self._stopped_by = ""
        self._asked = False
        """Whether the last word on the last task was a question."""
        self._dealt_with = False
        self._left: Reading | None = None
        """What was said last and left to the front desk."""
        self.relay = False
        self.languages: tuple[Language, ...] = ()
        """In which the person speaks and types; if empty, those whose script is seen."""
        self.hears: tuple[Language, ...] = ()
        """In which words are heard; as ``languages`` says, if empty."""
        self.approval: ApprovalAsked | None = None
        self.question: QuestionAsked | None = None
        self.holds = Holds(session)
        self._just_put_back = session.files.just_put_back
        self._putting_back = PuttingBack(session, self._tell, self._aloud)
        self.hold = SpeechHold(self.holds, self._can_hold)

    def see(self, event: Event) -> None:
        """Keep the picture up to date from the log."""
        self._picture.see(event)
        match event:
            case TaskStarted():
                self._last_task = event.text
                self._just_put_back = False
            case PutBackFinished():
                self._just_put_back = True
            case ApprovalAsked():
                self.approval = event
            case ApprovalDecided():
                self.approval = None
            case QuestionAsked():
                self.question = event
            case QuestionAnswered():
                self.question = None
            case TaskFinished():
                self._asked = event.summary.partition("\n\n")[0].rstrip().endswith("?")
            case HoldEnded() | Stopped():
                self.holds.forget()
            case _:
                pass

    @property
    def running(self) -> bool:
        """Whether a task is under way."""
        return bool(self._picture.task) and self._picture.finished is None

    @property
    def task(self) -> str:
        """The task under way, or nothing."""
        return self._picture.task if self.running else ""

    def context(self) -> str:
        """What runs and what waits, as JSON for EVI's model."""
        told: dict[str, Any] = {"task": self.task or None}
        if self._asked and not self.running:
            told["asked"] = True
        if queue := self._session.status.queue:
            told["waiting"] = [request.text for request in queue]
        if self._dictating:
            told["dictating"] = True
        if self.approval is not None:
            asked = self.approval
            told["question"] = {
                "id": asked.approval_id,
                "text": asked.question,
                "phrase": asked.phrase,
            }
        elif self.question is not None:
            told["question"] = {"id": self.question.question_id, "text": self.question.text}
        return json.dumps(told)

    def moment(self, source: Source, since: float | None = None, *, noticed: bool = True) -> Moment:
        """What the conversation looks like now, for reading an utterance that began ``since``.

        If its beginning was not ``noticed``, it is a guess.
        """
        spoken = source == "voice"
        return Moment(
            running=self.running,
            held=self._picture.held and not self.holds,
            approval_phrase=self.approval.phrase if self.approval else "",
            lasting=self.approval is not None and self.approval.lasting,
            question=self.question is not None,
            yes_or_no=self.question is not None and self.question.yes_or_no,
            content_heard=not spoken or self._narrator.content_heard(since if noticed else None),
            put_back=self._just_put_back,
            playing=self._narrator.sounded(since) if spoken else "",
            typed=not spoken,
            asked=self._asked,
            dictating=self._dictating,
            languages=self._spoken(source),
        )

    def _spoken(self, source: Source) -> tuple[Language, ...]:
        return self.hears or self.languages if source == "voice" else self.languages

    @property
    def _dictating(self) -> bool:
        return self._session.status.dictating

    def _can_hold(self) -> bool:
        if self._dictating:
            return False  # more words do not change what those before ask for
        return self.running and (not self._picture.held or bool(self.holds))

    # What the person means ------------------------------------------------------------

    def act(self, reading: Reading) -> None:
        """Carry out a final utterance."""
        meaning = reading.meaning
        spoken = reading.source == "voice" and not self.relay
        if spoken and not reading.dictated and meaning in (*FREE, "aside"):
            self._dealt_with = False
            self._left = reading
            self.hold.words_came()
            if meaning != "aside":  # its answer comes first
                self._narrator.forget_rest()
            return
        self._dealt_with = True
        self._carry_out(reading)
        self._after_words(meaning)
        if meaning not in ("hold", *FREE):
            self.hold.let_go(f"it was {meaning.replace('_', ' ')}")

    def keep_back(self) -> None:
        """Words wait for their rest: the front desk is not to act on them."""
        self._dealt_with = True
        self.hold.words_came()

    def pass_on(self, reading: Reading) -> None:
        """Carry out words at once that the front desk does not know of as they are."""
        self._dealt_with = True
        self._after_words(reading.meaning)
        self._carry_out(reading)

    def _after_words(self, meaning: Meaning) -> None:
        """What becomes of the rest of a line that words have cut: it is theirs who cut it.

        After what was none of the agent's business it is said, after *wait* it waits for *go on*.
        """
        if meaning in ("noise", "backchannel", "aside", "resume", "unclear_approval"):
            self._narrator.say_rest()
        elif meaning != "hold":
            self._narrator.forget_rest()

    def _carry_out(self, reading: Reading) -> None:
        utterance, source = reading.utterance, reading.source
        match reading.meaning:
            case "scratch" if self._takes_back(utterance):
                pass
            case "stop" | "scratch":
                if self.question is not None and self.question.yes_or_no:
                    self._session.answer(self.question.question_id, "no")
                if self._stopped_by != utterance:  # else its answer may be waiting already
                    self._narrator.clear()
                self.stop_once(utterance, source, "the person said so")
            case "put_back" | "undo_put_back" as what:
                self._putting_back.begin(what, utterance)
            case "task" | "after" | "redirect" | "join":
                self._say(reading)
            case "hold":
                self.hold.hand_over()
                self._session.hold("the person asked to wait")
            case "resume":
                self._go_on(reading)
            case "start_over":
                self._start_over(reading)
            case "aside":
                self._tell(self._picture.sentence(), utterance)
            case "backchannel" if source == "typed" and not (self.approval or self.question):
                if is_assent(words_of(reading.text), self.languages):
                    self._tell("Nothing waits for your answer.", utterance)
            case _:
                self._reply(reading)

    def _tell(
        self, text: str, utterance: str, priority: Literal["question", "answer"] = "answer"
    ) -> None:
        """Answer in the conversation, and aloud where there is a voice."""
        self._session.reply(text, to=utterance, priority=priority)
        self._narrator.offer(text, priority)

    def _aloud(self, text: str) -> None:
        """Say what the conversation shows by itself."""
        self._narrator.offer(text, "answer")

    def _reply(self, reading: Reading) -> None:
        meaning, source = reading.meaning, reading.source
        if meaning == "answer" and self.question is not None:
            self._session.answer(self.question.question_id, reading.text)
        elif self.approval is None:
            return
        elif meaning == "unclear_approval":
            way = "say" if source == "voice" else "type or say"
            span = _LONGER if self.approval.lasting else ""
            asked = self.approval.phrase
            other = spoken_approval(asked, self._spoken(source))
            words = f"To allow it, {way}: {other or asked}{span}. To refuse, {way} no."
            self._tell(words, reading.utterance, "question")
        elif meaning == "allow":
            span = span_of(reading.text) if self.approval.lasting else "once"
            self._session.approve(
                self.approval.approval_id,
                "allow",
                channel=source,
                for_session=span == "session",
                for_good=span == "always",
            )
        elif meaning == "deny":
            self._deny(self.approval, reading)

    def _deny(self, asked: ApprovalAsked, reading: Reading) -> None:
        """Refuse; what is said besides is read by the model together with the refusal."""
        text, source = reading.text, reading.source
        self._session.approve(asked.approval_id, "deny", channel=source)
        if reading.for_agent and says_more(text, self._spoken(source)):
            self._session.say(text, source=source, utterance_id=reading.utterance, how="join")

    def _takes_back(self, utterance: str) -> bool:
        """Whether the last words only waited: then they alone are dropped, and the work goes on."""
        queue = self._session.status.queue
        said = [e for e in self._session.log.of(UserMessage) if e.origin == "person"]
        if not queue or (said and said[-1].seq > queue[-1].seq):
            return False
        self._session.change_fate(queue[-1].utterance_id, "cancel")
        self._tell(f"I will not do this: {queue[-1].text}", utterance)
        return True

    def stop_once(self, utterance: str, source: Source, why: str) -> None:
        """Stop unless this very utterance has stopped already (interim, then final)."""
        if self._stopped_by == utterance:
            return
        self._stopped_by = utterance
        self.hold.hand_over()
        if self.running or self.approval is not None or self._dictating:
            self._session.stop(why, source=source)

    def _say(self, reading: Reading) -> None:
        """Pass words on; what was read of them decides what becomes of them."""
        text, fate = reading.text, reading.fate
        waits = self._waits(fate)
        if not waits:
            self.hold.hand_over()
            self._narrator.clear()
        sounds = "" if reading.dictated else reading.sounds
        words = f"{text}\n\n({sounds})" if sounds else text
        self._session.say(words, source=reading.source, utterance_id=reading.utterance, how=fate)
        if waits:
            self.hold.let_go("the words can wait")

    def _waits(self, fate: Fate) -> bool:
        """Whether such words leave alone what runs now."""
        status = self._session.status
        return (status.yours or status.task_id is not None) and fate != "redirect"

    def _go_on(self, reading: Reading) -> None:
        if self.running:
            self.hold.hand_over()
            self._session.release("the person said go on")
        elif self._narrator.has_rest:  # it is the rest of what was said that is to go on
            return
        elif self._last_task:
            self._say(reading)

    def _start_over(self, reading: Reading) -> None:
        waiting = self._session.status.queue
        if self.running:
            self._session.stop("start over", source=reading.source)
        if task := self._last_task:
            self._say(replace(reading, text=task, fate=fate_of(task), utterance=""))
        for request in waiting:  # what came after it still does
            self._session.change_fate(request.utterance_id, "after")

    # EVI's five tools --------------------------------------------------------------------

    def use_computer(self, task: str) -> str:
        """A task from EVI's model, unless the words were dealt with."""
        if not self._dealt_with:
            self._dealt_with = True
            self._say(self._passed_on(task))
        return ""

    def _passed_on(self, words: str) -> Reading:
        """Words of EVI's model, in place of those that were left to it."""
        if self._left is None:
            return Reading("", words, words, "voice", "task", fate_of(words))
        return replace(self._left, text=self._left.passed_on(words))

    def steer_computer(self, instruction: str) -> str:
        """A correction from EVI's model."""
        return self.use_computer(instruction)

    def computer_status(self) -> str:
        """What is going on, from the log; the work goes on meanwhile."""
        self.hold.let_go("it was a question")
        if self._dictating:
            return ""
        answer = self._picture.sentence()
        self._session.reply(answer, to=self._left.utterance if self._left is not None else "")
        asyncio.get_running_loop().call_soon(self._narrator.say_rest)  # after the answer
        return answer

    def stop_computer(self) -> str:
        """Stop, unless the stop word has done so already."""
        if self.running and not self._dealt_with:
            self._dealt_with = True
            self._session.stop("EVI's stop_computer", source="voice")
        return ""

    def answer_agent(self, question_id: str, answer: str) -> str:
        """An answer that EVI's model passes on: only the very phrase allows anything."""
        waiting = {
            getattr(self.approval, "approval_id", ""),
            getattr(self.question, "question_id", ""),
        }
        if self._dealt_with or question_id not in waiting - {""}:
            return ""
        self._dealt_with = True
        meaning = meaning_of(answer, self.moment("voice"))
        self._reply(replace(self._passed_on(answer), text=answer, meaning=meaning))
        return ""
