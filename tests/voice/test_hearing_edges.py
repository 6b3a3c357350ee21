"""What each sound, interim and final transcript leads to: hearing, with a session played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from test_narrator import ManualClock

from agent.record.events import OWN_VOICE, Heard, Measured, Narrated, Understood
from agent.record.log import EventLog
from dashboard.voice.addressee_detection import AddresseeDetector
from dashboard.voice.client.dispatcher import Dispatcher
from dashboard.voice.client.hearing import Hearing
from dashboard.voice.client.lanes import Lanes
from dashboard.voice.client.narrator import Narrator
from dashboard.voice.client.readings import Reader, Reading
from dashboard.voice.client.voice_settings import VoiceSettings
from dashboard.voice.intents import Moment

NOTHING = "it was nothing to wait for"
NOT_SAID = "it was not said to the agent"


class Hold:
    """Writes down what it is told, as the hold of a task that runs or of none."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.holds = True

    def begin(self) -> bool:
        self.told.append("begin")
        return self.holds

    def words_came(self) -> None:
        self.told.append("words")

    def sound_ended(self, *, words: bool) -> None:
        self.told.append(("silence", words))

    def let_go(self, why: str) -> None:
        self.told.append(why)


class Room:
    """Hearing with a person, a narrator, and a session that only writes down what it is asked."""

    def __init__(self, reader: Reader | None = None) -> None:
        self.clock = ManualClock()
        self.clock.time = 1000.0
        self.log = EventLog()
        self.said: list[str] = []
        self.fates: list[Narrated] = []
        self.measured: list[Measured] = []
        self.running = True
        self.hold = Hold()
        self.acted: list[Reading] = []
        self.stopped: list[tuple[str, str, str]] = []
        self.asked: list[tuple[str, float]] = []
        """The source and the beginning of each utterance, in seconds before now."""
        self.playing = ""
        self.narrator = Narrator(self._speak, self.fates.append, clock=self.clock)
        self.hearing = Hearing(
            self.log,
            cast("Dispatcher", self),
            self.narrator,
            Lanes(self.measured.append, self.clock),
            self.clock,
            reader or Reader(None),
        )

    def _speak(self, text: str) -> bool:
        self.said.append(text)
        return True

    # as the dispatcher

    def moment(self, source: str, since: float, *, noticed: bool) -> Moment:
        self.asked.append((source, round(self.clock.time - since, 3)))
        return Moment(running=self.running, typed=source == "typed", playing=self.playing)

    def act(self, reading: Reading) -> None:
        assert self.log.of(Understood)[-1].utterance_id == reading.utterance  # written down first
        self.acted.append(reading)

    def stop_once(self, utterance: str, source: str, why: str) -> None:
        self.stopped.append((utterance, source, why))

    # as the page and the recogniser

    def sound(self, *, on: bool, **more: Any) -> None:
        self.hearing.speech({"on": on, **more})

    def interim(self, text: str) -> list[Any]:
        """What the hold is told because of it."""
        before = len(self.hold.told)
        self.hearing.message({"interim": True, "message": {"content": text}})
        return self.hold.told[before:]

    def final(self, text: str, **more: Any) -> Reading:
        self.hearing.message({"interim": False, "message": {"content": text}, **more})
        return self.acted[-1]

    def lanes(self) -> dict[str, int]:
        return {each.lane: round(each.milliseconds) for each in self.measured}

    def quiet(self) -> bool:
        """Whether nothing new is said because the person speaks."""
        line = self.narrator.offer(f"Line {len(self.fates)}.", "question")
        waits = not self.narrator.is_saying(line)
        self.narrator.clear()
        self.narrator.interrupted()
        return waits


@pytest.fixture
def room() -> Room:
    return Room()


def overhearing() -> Room:
    """As offline, where nobody but we tell whether words are for the agent."""
    return Room(Reader(AddresseeDetector()))


# A sound begins and ends ------------------------------------------------------------------


@pytest.mark.parametrize(("late", "ago"), [(None, 0.0), (0, 0.0), (250, 0.25), (1500, 1.5)])
def test_an_utterance_began_when_the_page_says_so(room: Room, late: int | None, ago: float) -> None:
    room.sound(on=True, **({} if late is None else {"late": late}))
    room.clock.time += 3
    room.interim("open")
    room.final("Open it.")
    assert room.asked == [("voice", 3 + ago)] * 2
    assert room.lanes()["onset_to_hold"] == ago * 1000


def test_one_whose_onset_was_not_noticed_may_have_begun_two_seconds_ago(room: Room) -> None:
    room.final("Open it.")
    room.sound(on=True)
    room.clock.time += 9
    room.hearing.typed("Close it.")  # what is being spoken is another utterance
    room.final("Open that.")
    room.final("Open this.")
    assert room.asked == [("voice", 2), ("typed", 9), ("voice", 9), ("voice", 2)]


@pytest.mark.parametrize("holds", [True, False])
def test_a_sound_holds_and_is_measured_if_there_was_something_to_hold(
    room: Room, *, holds: bool
) -> None:
    room.hold.holds = holds
    room.sound(on=True)
    assert room.hold.told == ["begin"]
    assert ("onset_to_hold" in room.lanes()) is holds
    assert room.quiet()


@pytest.mark.parametrize(
    ("words", "told", "quiet"),
    [
        (None, ("silence", False), False),  # a cough
        ("mm-hm", NOTHING, True),
        ("what are you doing", NOTHING, True),
        ("open the", ("silence", True), True),
    ],
)
def test_at_a_sounds_end(room: Room, words: str | None, told: Any, *, quiet: bool) -> None:
    room.sound(on=True)
    if words is not None:
        room.interim(words)
    room.sound(on=False)
    assert room.hold.told[-1] == told
    assert room.quiet() is quiet


@pytest.mark.parametrize(("late", "took"), [({}, 700), ({"late": 0}, 700), ({"late": 400}, 1100)])
def test_how_long_after_the_sound_its_words_came(
    room: Room, late: dict[str, int], took: int
) -> None:
    room.sound(on=True)
    room.sound(on=False, **late)
    room.clock.time += 0.7
    room.hearing.typed("Close it.")
    assert "end_to_transcript" not in room.lanes()
    said = room.final("Open it.")
    assert room.lanes()["end_to_transcript"] == took
    assert room.measured[-1].subject == said.utterance


def test_an_onset_that_is_told_late_began_before(room: Room) -> None:
    room.sound(on=True, late=200, t=5000)
    room.hearing.duck({"on": False, "t": 5100})
    assert "onset_to_duck" not in room.lanes()
    room.hearing.duck({"on": True, "t": 5300})
    assert room.lanes()["onset_to_duck"] == 500


# Words that are not over ------------------------------------------------------------------


def test_an_utterance_has_one_name_from_its_first_word_to_its_last(room: Room) -> None:
    room.interim("open")
    room.interim("open the")
    first = room.final("Open the door.").utterance
    second = room.final("Open the window.").utterance
    room.interim("close")
    room.hearing.typed("Wait.")
    typed = room.acted[-1].utterance
    third = room.final("Close it.").utterance
    assert [(h.utterance_id, h.text, h.interim) for h in room.log.of(Heard)] == [
        (first, "open", True),
        (first, "open the", True),
        (first, "Open the door.", False),
        (second, "Open the window.", False),
        (third, "close", True),
        (typed, "Wait.", False),
        (third, "Close it.", False),
    ]
    assert len({first, second, third, typed}) == 4


def test_what_was_begun_on_a_line_that_was_lost_is_not_gone_on_with(room: Room) -> None:
    room.interim("open")
    room.hearing.lost()
    room.interim("close")
    first, second = room.log.of(Heard)
    assert first.utterance_id != second.utterance_id
    room.hearing.lost()
    room.sound(on=True)
    room.sound(on=False)
    assert room.hold.told[-1] == ("silence", False)


def test_a_stop_word_stops_before_the_utterance_is_over(room: Room) -> None:
    assert room.interim("stop") == []
    [(utterance, source, why)] = room.stopped
    assert (utterance, source, why) == (room.log.of(Heard)[0].utterance_id, "voice", "stop word")
    assert room.acted == []


@pytest.mark.parametrize(
    ("sounding", "text", "playing", "told"),
    [
        (True, "open the", "", "words"),
        (False, "open the", "", "words"),
        (True, "mm-hm", "", "words"),  # more may follow
        (False, "mm-hm", "", NOT_SAID),
        (True, "open the file menu", "I open the file menu", NOT_SAID),
        (False, "open the file menu", "I open the file menu", NOT_SAID),
        (True, "tomorrow it will be cold", "", NOT_SAID),
        (True, "tomorrow it will be", "", "words"),  # nobody knows yet
    ],
)
def test_what_an_interim_transcript_holds(
    *, sounding: bool, text: str, playing: str, told: str
) -> None:
    room = overhearing()
    room.playing = playing
    room.sound(on=True)
    if not sounding:
        room.sound(on=False)
    assert room.interim(text) == [told]
    assert room.stopped == room.acted == []


def test_a_nod_whose_sound_was_not_noticed_holds_nothing(room: Room) -> None:
    assert room.interim("mm-hm") == [NOT_SAID]
    assert room.interim("mm-hm open") == ["words"]


def test_an_interim_without_words_holds_as_speech_does(room: Room) -> None:
    room.sound(on=True)
    room.hearing.message({"interim": True})
    assert (room.log.of(Heard)[0].text, room.hold.told) == ("", ["begin", "words"])


# Words that are over ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("say", "source"),
    [
        (lambda room: room.final("Open it."), "voice"),
        (lambda room: room.final("Open it.", from_text=False), "voice"),
        (lambda room: room.final("Open it.", from_text=True), "typed"),
        (lambda room: room.hearing.typed("Open it."), "typed"),
    ],
)
def test_each_whole_utterance_is_written_down_understood_and_acted_upon(
    room: Room, say: Callable[[Room], object], source: str
) -> None:
    room.sound(on=True)
    say(room)
    [heard], [understood], [reading] = room.log.of(Heard), room.log.of(Understood), room.acted
    assert (heard.text, heard.source, heard.interim) == ("Open it.", source, False)
    assert heard.seq < understood.seq
    assert heard.utterance_id == understood.utterance_id == reading.utterance
    assert (reading.source, reading.text, reading.sounds) == (source, "Open it.", "")
    assert not room.quiet()


def test_a_final_transcript_without_a_message_is_one_without_words(room: Room) -> None:
    room.hearing.message({"interim": False})
    assert (room.acted[0].text, room.acted[0].meaning) == ("", "noise")


def test_waiting_time_begins_with_the_last_word(room: Room) -> None:
    room.clock.time += 1
    said = room.final("Open it.")
    room.clock.time += 0.3
    room.hearing._lanes.reached("utterance_to_action")
    assert room.lanes()["utterance_to_action"] == 300
    assert room.measured[-1].subject == said.utterance


def test_of_several_readings_of_a_sound_the_one_that_asks_for_something_counts() -> None:
    room = overhearing()
    room.running = False
    reading = room.final("Hoping the text editor", alternatives=["Open the text editor", "Hope"])
    assert (reading.heard, reading.text) == ("Hoping the text editor", "Open the text editor")
    assert room.log.of(Heard)[0].text == "Open the text editor"
    assert room.final("Hoping the text editor", alternatives=None).text == "Hoping the text editor"


SCORES = {"Joy": 0.1, "Doubt": 0.5, "Anger": 0.3, "Awe": 0.4}
PROSODY = {"models": {"prosody": {"scores": SCORES}}}
STRONGEST = {"Doubt": 0.5, "Awe": 0.4, "Anger": 0.3}


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("tell", [True, False])
def test_how_it_sounded_is_kept_and_told_only_if_that_is_wanted(
    room: Room, *, keep: bool, tell: bool
) -> None:
    room.hearing.voice_settings = VoiceSettings(keep_expressions=keep, tell_expressions=tell)
    reading = room.final("Open it.", **PROSODY)
    assert reading.sounds == ("The person's voice: doubt, awe, anger." if tell else "")
    assert room.log.of(Heard)[0].expressions == (STRONGEST if keep or tell else {})
    assert room.final("Open it.").sounds == ""


# Words that were passed over --------------------------------------------------------------

TELEVISION = "Tomorrow it will be cold and wet in the north"


@pytest.mark.parametrize("text", [TELEVISION, "lovely weather", "can you pass me the salt"])
def test_words_for_others_are_written_down_and_answered_by_nothing(text: str) -> None:
    room = overhearing()
    room.running = False
    assert room.final(text).meaning == "noise"
    assert room.log.of(Understood)[-1].detail == "not said to the agent"
    assert room.said == []


def test_words_that_were_passed_over_can_be_meant_after_all() -> None:
    """Once: then they are understood."""
    room = overhearing()
    room.running = False
    passed = room.final(TELEVISION)
    room.hearing.meant(passed.utterance)
    meant = room.acted[-1]
    assert (meant.text, meant.meaning, meant.utterance) == (TELEVISION, "task", passed.utterance)
    assert room.log.of(Understood)[-1].meaning == "task"
    room.hearing.meant(passed.utterance)
    assert len(room.acted) == 2


def test_only_words_that_were_passed_over_can_be_meant_after_all() -> None:
    room = overhearing()
    done = room.final("stop it")
    for utterance in (done.utterance, "u999"):
        room.hearing.meant(utterance)
    assert room.acted == [done]


def test_its_own_voice_is_told_from_others() -> None:
    room = overhearing()
    room.playing = TELEVISION
    room.final(TELEVISION)
    assert room.log.of(Understood)[-1].detail == OWN_VOICE
