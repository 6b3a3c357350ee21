"""Onset, interims and the end of a turn, in counted samples and without engines."""

from __future__ import annotations

import itertools

import pytest
from hearing import LOUD, QUIET, LoudnessActivity, events, jobs

from dashboard.voice.speech.engines import PatientTurns
from dashboard.voice.speech.listener import (
    FRAME_MS,
    Decode,
    Heard,
    Listener,
    ListenSettings,
)


def listener(**changes: int) -> Listener:
    return Listener(LoudnessActivity(), PatientTurns(), ListenSettings(**changes))


def frames(ms: int, frame: bytes = LOUD) -> bytes:
    return frame * (ms // FRAME_MS)


def run(ears: Listener, pcm: bytes, text: str) -> list[Heard]:
    """Feed frame by frame; every request is answered by ``text`` at once."""
    out: list[Heard] = []
    for place in range(0, len(pcm), len(LOUD)):
        todo = ears.feed(pcm[place : place + len(LOUD)])
        while todo:
            item = todo.pop(0)
            if isinstance(item, Decode):
                todo += ears.decoded(item, [text])
                todo += ears.decoded(item, [text])  # the second look
            else:
                out.append(item)
    return out


def test_a_turn_has_an_onset_interims_and_one_final() -> None:
    """The order that a client relies on."""
    heard = run(listener(), frames(320, QUIET) + frames(1_024) + frames(960, QUIET), "open it.")
    kinds = [item.kind for item in heard]
    assert kinds[0] == "onset"
    assert kinds[-1] == "final"
    assert kinds.count("final") == 1
    assert "interim" in kinds
    assert heard[-1].text == "open it."


def test_a_single_frame_of_noise_is_no_onset() -> None:
    """A click of 32 ms."""
    assert run(listener(), QUIET * 5 + LOUD + QUIET * 40, "you") == []


def test_a_cough_ends_without_words() -> None:
    """64 ms of sound begin something and end it; no words are made up."""
    heard = run(listener(), QUIET * 5 + LOUD * 2 + QUIET * 40, "you")
    assert [item.kind for item in heard] == ["onset", "nothing"]


def test_the_first_interim_is_asked_for_within_a_quarter_of_a_second() -> None:
    """A stop word must surface while it is still being said."""
    ears, fed = listener(), 0
    while not jobs(ears.feed(LOUD)):
        fed += FRAME_MS
        assert fed < 250


def test_an_interruption_is_told_once_after_its_minimum() -> None:
    """Not before min_interruption_ms of speech, and not again in the same turn."""
    ears = listener(interruption_ms=400)
    assert "lasting" not in events(ears.feed(frames(352)))
    assert events(ears.feed(frames(640))).count("lasting") == 1


@pytest.mark.parametrize(
    ("text", "silence"),
    [
        ("open it.", 550),
        ("open the", 1_250),
        ("open the,", 1_250),
        ("press escape.", 352),
        ("press escape,", 550),
        ("type good morning", 550),
        ("there you are,", 900),
    ],
)
@pytest.mark.parametrize("usual", [550, 1_000])
def test_how_long_a_turn_waits_goes_by_its_words(text: str, silence: int, usual: int) -> None:
    """Shorter behind a whole command, longer after *the*; a comma alone says less than a word."""
    ears = listener(silence_ms=usual)
    run(ears, frames(960), text)
    silence = usual * 352 // 550 if silence < 550 else usual + silence - 550
    before = (silence - 1) // FRAME_MS * FRAME_MS
    assert "final" not in [h.kind for h in run(ears, frames(before, QUIET), text)]
    assert "final" in [h.kind for h in run(ears, frames(96, QUIET), text)]


def test_a_pause_shorter_than_the_end_keeps_the_turn_together() -> None:
    """Two words with 400 ms between are one utterance."""
    sound = frames(640) + frames(416, QUIET) + frames(640) + frames(800, QUIET)
    assert [h.kind for h in run(listener(), sound, "a b.")].count("final") == 1


def test_words_for_the_end_are_asked_for_before_the_end() -> None:
    """The last request goes out early in the silence, so that the final is not late."""
    ears = listener()
    for job in jobs(ears.feed(frames(960))):
        ears.decoded(job, ["open"])
    found = jobs(ears.feed(frames(224, QUIET)))
    assert [job.final for job in found][-1]


def test_words_say_how_long_a_silence_follows_them_once_they_are_all_there() -> None:
    """In the middle of speech, and while words are missing, none does."""
    ears = listener()
    speaking = run(ears, frames(960), "open it.")
    silent = run(ears, frames(480, QUIET), "open it.")
    assert {item.silence for item in speaking} == {0}
    assert silent[-1].silence >= 192
    going_on = run(ears, frames(640), "open it and")
    assert going_on
    assert {item.silence for item in going_on} == {0}


def test_a_short_word_is_asked_for_in_the_first_pause_behind_it() -> None:
    """At its closure, before its end is heard; long speech is not asked for anew."""
    ears = listener()
    for job in jobs(ears.feed(frames(320))):
        ears.decoded(job, ["st"])
    (asked,) = jobs(ears.feed(frames(128, QUIET)))
    assert not asked.final
    assert [h.text for h in ears.decoded(asked, ["stop"]) if isinstance(h, Heard)] == ["stop"]
    for job in jobs(ears.feed(frames(1_600))):
        ears.decoded(job, ["stop it and go on"])
    assert jobs(ears.feed(frames(128, QUIET))) == []


def test_words_are_asked_for_as_fast_as_they_are_told_while_a_word_may_be_stop() -> None:
    """A slow recogniser is asked less often, never twice at once."""
    fast, slow = listener(), listener()
    told: list[int] = []
    for at in range(32, 832, 32):
        for job in jobs(fast.feed(frames(32))):
            told.append(at)
            fast.decoded(job, ["st"])
    assert [b - a for a, b in itertools.pairwise(told)] == [64] * (len(told) - 1)
    assert told[-1] > 700
    assert len(jobs(slow.feed(frames(832)))) == 1


def test_speech_that_goes_on_voids_the_words_asked_for() -> None:
    """A transcript of the first half is not the final of the whole."""
    ears = listener()
    ears.feed(frames(640))
    early = jobs(ears.feed(frames(256, QUIET)))[-1]
    ears.feed(frames(320))
    assert events(ears.decoded(early, ["half"])) == ["interim"]
    later = jobs(ears.feed(frames(640, QUIET)))
    ears.decoded(later[-1], ["half and whole"])
    assert events(ears.decoded(later[-1], ["half and whole"]))[-1] == "final"


def test_further_readings_count_if_they_come_in_time() -> None:
    """The final carries them; those of an older part of the turn are ignored."""
    ears = listener()
    old = jobs(ears.feed(frames(320)))[0]
    ears.decoded(old, ["tight"])
    ears.feed(frames(640))
    job = jobs(ears.feed(frames(224, QUIET)))[-1]
    ears.decoded(job, ["tight my name"])
    assert ears.decoded(old, ["tight", "type"]) == []
    ears.decoded(job, ["tight my name", "type my name"])
    (final,) = ears.feed(frames(640, QUIET))
    assert isinstance(final, Heard)
    assert final.readings == ("tight my name", "type my name")


@pytest.mark.parametrize(
    ("plain", "mended", "patience"),
    [
        ("Redo that.", "Undo that.", 224),
        ("And do that.", "Undo that.", 1_248),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_a_second_look_is_waited_for(plain: str, mended: str, patience: int, late: bool) -> None:
    """Not for ever: briefly where the words can be acted on, longer where they cannot."""
    ears = listener(silence_ms=550)
    ears.feed(frames(960))
    job = jobs(ears.feed(frames(224, QUIET)))[-1]
    ears.decoded(job, [plain])
    assert ears.feed(frames(patience, QUIET)) == []
    found = ears.feed(frames(128, QUIET)) if late else ears.decoded(job, [mended])
    final = found[-1]
    assert isinstance(final, Heard)
    assert (final.kind, final.text) == ("final", plain)
    assert final.readings[0] == (plain if late else mended)


@pytest.mark.parametrize("dictating", [False, True])
def test_words_are_asked_for_as_what_they_are(*, dictating: bool) -> None:
    """What is to be typed is looked at in another way than a command."""
    ears = listener()
    ears.configure(ListenSettings(dictating=dictating))
    assert [job.dictated for job in jobs(ears.feed(frames(320)))] == [dictating]


def test_the_prefix_keeps_what_came_before_the_onset() -> None:
    """prefix_padding_ms of sound before speech was noticed is decoded with it."""
    long, short = listener(prefix_ms=1_000), listener(prefix_ms=0)
    for ears in (long, short):
        ears.feed(frames(1_600, QUIET))
    first, second = (jobs(ears.feed(frames(320)))[0] for ears in (long, short))
    assert len(first.pcm) - len(second.pcm) == pytest.approx(1_000 * 32, abs=2 * len(LOUD))


def test_a_late_recogniser_does_not_join_two_turns() -> None:
    """If the words take longer than the silence, the next turn still is another one."""
    ears = listener()
    found = ears.feed(frames(640) + frames(2_016, QUIET) + frames(640) + frames(2_016, QUIET))
    finals = [job for job in jobs(found) if job.final]
    texts = [h.text for job in finals for h in ears.decoded(job, [f"turn {job.job}"])]
    assert len(set(texts)) == 2


def test_a_microphone_that_stops_ends_the_turn() -> None:
    """Push-to-talk released, or the track stopped: no silence will come."""
    ears = listener()
    for job in jobs(ears.feed(frames(640))):
        ears.decoded(job, [""])
    (job,) = jobs(ears.finish())
    assert events(ears.decoded(job, ["go on"])) == ["final"]


def test_endless_sound_is_cut_into_turns() -> None:
    """Music or television does not grow one utterance for ever."""
    heard = run(listener(longest_ms=5_000), frames(32_000), "la la")
    assert [h.kind for h in heard].count("final") >= 5


def test_babble_that_nobody_could_say_so_fast_is_dropped() -> None:
    """Forty letters for a tenth of a second are a recogniser's invention."""
    heard = run(listener(), LOUD * 4 + QUIET * 40, "x" * 200)
    assert heard[-1].kind == "nothing"


def test_an_hour_of_silence_costs_nothing_and_says_nothing() -> None:
    """No events, no requests, no memory that grows."""
    ears = listener()
    assert all(ears.feed(QUIET * 1_000) == [] for _ in range(112))
    assert len(ears._before) < 20


@pytest.mark.parametrize("loud", range(10, 60))
def test_the_second_look_comes_wherever_the_last_interim_fell(loud: int) -> None:
    """Also where that had all the words already, so that nothing was left to ask."""
    ears, out, finals = listener(), list[Heard](), 0
    for frame in [QUIET] * 10 + [LOUD] * loud + [QUIET] * 80:
        todo = ears.feed(frame)
        while todo:
            item = todo.pop(0)
            if isinstance(item, Heard):
                out.append(item)
                continue
            finals += item.final
            todo += ears.decoded(item, ["Pressescape,"])
            if item.final:
                todo += ears.decoded(item, ["Press escape.", "Pressescape,"])
    assert [item.readings for item in out if item.kind == "final"] == [
        ("Press escape.", "Pressescape,")
    ]
    assert finals == 1
