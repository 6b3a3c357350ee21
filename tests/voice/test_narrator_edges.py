"""What is said first, what is said twice, and what is never said: the narrator's edges."""

from __future__ import annotations

import itertools

import pytest
from test_narrator import Stage

from dashboard.voice.client.narrator import Priority

ORDER: list[Priority] = ["question", "answer", "result", "progress"]
WITH_ERRORS: list[Priority] = ["question", "answer", "error", "progress"]
PAIRS = sorted({*itertools.combinations(ORDER, 2), *itertools.combinations(WITH_ERRORS, 2)})


@pytest.mark.parametrize("pair", PAIRS, ids=" before ".join)
@pytest.mark.parametrize("turned", [False, True])
def test_which_waits_for_which(pair: tuple[Priority, Priority], *, turned: bool) -> None:
    stage = Stage()
    stage.narrator.person_speaks(True)
    for priority in reversed(pair) if turned else pair:
        stage.narrator.offer(f"This is the {priority}.", priority)
    stage.clock.time += 100
    stage.narrator.person_speaks(False)
    stage.play("m1", stage.said[0])
    dropped = pair == ("result", "progress") and turned  # it came before the result: stale
    assert stage.said == [f"This is the {each}." for each in (pair[:1] if dropped else pair)]


@pytest.mark.parametrize("pair", [("error", "result"), ("result", "error")], ids=" and ".join)
def test_errors_and_results_are_said_in_turn(pair: tuple[Priority, Priority]) -> None:
    stage = Stage()
    stage.narrator.person_speaks(True)
    for priority in pair:
        stage.narrator.offer(f"This is the {priority}.", priority)
    stage.narrator.person_speaks(False)
    stage.play("m1", stage.said[0])
    assert stage.said == [f"This is the {each}." for each in pair]


@pytest.mark.parametrize("priority", ["error", "question", "answer"])
def test_only_a_result_makes_progress_stale(priority: Priority) -> None:
    stage = Stage()
    stage.narrator.person_speaks(True)
    stage.narrator.offer("Opening it.", "progress")
    stage.narrator.offer("Something else.", priority)
    assert stage.states("Opening it.") == ["queued"]


def test_progress_that_an_outage_cut_is_not_said_again_and_all_else_is() -> None:
    for priority in ("question", "answer", "result", "error", "progress"):
        stage = Stage()
        stage.narrator.offer("So it is.", priority)  # type: ignore[arg-type]
        stage.narrator.voice_lost(comes_back=True)
        assert stage.states("So it is.")[:3] == ["queued", "sent", "cut"]
        stage.clock.time += 100
        stage.narrator.tick()
        assert stage.said == ["So it is."]  # the line is down
        assert stage.narrator.due_in is None
        stage.narrator.voice_back()
        assert stage.said == ["So it is."] * (1 if priority == "progress" else 2)


def test_nothing_is_said_again_after_a_line_that_does_not_come_back() -> None:
    stage = Stage()
    stage.narrator.offer("So it is.", "result")
    stage.narrator.voice_lost()
    stage.narrator.voice_back()
    assert stage.said == ["So it is."]


@pytest.mark.parametrize(("after", "said"), [(5.99, 1), (6.0, 2)])
def test_the_time_between_two_lines_of_progress(after: float, said: int) -> None:
    stage = Stage()
    stage.narrator.offer("One.", "progress")
    stage.play("m1", "One.")
    stage.narrator.offer("Two.", "progress")
    assert stage.narrator.due_in == pytest.approx(6.0)
    stage.clock.time += after
    stage.narrator.tick()
    assert len(stage.said) == said


@pytest.mark.parametrize("started", [False, True])
def test_a_line_without_an_end_is_given_up_at_the_very_second(*, started: bool) -> None:
    stage = Stage()
    stage.narrator.offer("One.", "result")
    stage.narrator.assistant_message("m1", "One.", from_text=True)
    if started:
        stage.clock.time += 1
        stage.narrator.played("m1", "started", 0.0)
    assert stage.narrator.due_in == pytest.approx(20.0)
    stage.clock.time += 19.9
    stage.narrator.tick()
    assert stage.states("One.")[-1] == ("speaking" if started else "sent")
    stage.clock.time += 0.1
    assert stage.narrator.due_in == pytest.approx(0.0)
    stage.clock.time += 0.1
    assert stage.narrator.due_in == 0.0
    stage.narrator.tick()
    assert stage.states("One.")[-1] == ("cut" if started else "dropped")
    assert stage.narrator.due_in is None


def test_a_question_that_was_cut_is_asked_again_and_one_that_was_heard_is_not() -> None:
    stage = Stage()
    stage.narrator.offer("Which one?", "question")
    stage.narrator.interrupted()
    assert (stage.fates[-1].state, stage.fates[-1].cut_at) == ("cut", 0)
    stage.narrator.say_rest()
    assert stage.said == ["Which one?"] * 2
    stage.play("m1", "Which one?")
    stage.narrator.say_rest()
    assert stage.said == ["Which one?"] * 2


STORY = "I found the letters, and the pictures are in the garden folder of last year."


def cut_after(stage: Stage, share: float, text: str = STORY, seconds: float | None = None) -> None:
    stage.narrator.offer(text, "result")
    stage.narrator.assistant_message("m1", text, from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    stage.narrator.interrupted()
    stage.narrator.played("m1", "cut", share, seconds)


@pytest.mark.parametrize(
    ("share", "rest"),
    [
        (0.0, STORY),
        (3 / 15, STORY),  # so few words are said once more
        (4 / 15, "and the pictures are in the garden folder of last year."),
        (6 / 15, "and the pictures are in the garden folder of last year."),
        (10 / 15, "garden folder of last year."),
        (14 / 15, "year."),
    ],
)
def test_the_rest_of_a_result_is_said_from_where_the_ear_was(share: float, rest: str) -> None:
    """At the beginning of its clause, if that is no more than four words back."""
    stage = Stage()
    cut_after(stage, share)
    stage.narrator.say_rest()
    assert stage.said == [STORY, rest]
    stage.narrator.say_rest()
    assert len(stage.said) == 2  # once


def test_nothing_is_said_again_of_what_was_heard_to_its_last_word() -> None:
    stage = Stage()
    cut_after(stage, 1.0)
    stage.narrator.say_rest()
    assert stage.said == [STORY]


def test_what_came_of_the_sound_is_not_all_of_it() -> None:
    """Two seconds were sent and have sounded: no more than seven words are in them."""
    stage = Stage()
    cut_after(stage, 1.0, seconds=2.0)
    assert stage.fates[-1].cut_at == 7


def test_words_heard_in_earlier_sentences_count() -> None:
    stage = Stage()
    stage.narrator.offer("One two three. Four five six seven.", "result")
    for key, text in (("a", "One two three."), ("b", "Four five six seven.")):
        stage.narrator.assistant_message(key, text, from_text=True)
    stage.narrator.played("a", "started", 0.0)
    stage.narrator.played("a", "finished", 1.0)
    stage.narrator.played("b", "cut", 0.5)
    assert stage.fates[-1].cut_at == 5


@pytest.mark.parametrize("late", [False, True])
def test_whoever_meant_to_cut_hears_no_rest(late: bool) -> None:
    """Also where the player tells the cut after the words were understood."""
    stage = Stage()
    stage.narrator.offer(STORY, "result")
    stage.narrator.assistant_message("m1", STORY, from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    stage.narrator.interrupted()
    if late:
        stage.narrator.forget_rest()
    stage.narrator.played("m1", "cut", 0.5)
    if not late:
        stage.narrator.forget_rest()
    stage.narrator.say_rest()
    assert stage.said == [STORY]


def test_a_cut_that_is_told_after_it_proved_to_be_nothing_is_mended_at_once() -> None:
    stage = Stage()
    stage.narrator.offer(STORY, "result")
    stage.narrator.assistant_message("m1", STORY, from_text=True)
    stage.narrator.interrupted()
    stage.narrator.say_rest()
    stage.narrator.played("m1", "cut", 0.0)
    assert stage.said == [STORY, STORY]


@pytest.mark.parametrize(("seconds", "rest"), [(2.0, True), (5.0, False)])
def test_sound_that_was_broken_off_plays_and_its_rest_is_said(seconds: float, rest: bool) -> None:
    """Fifteen words take more than two seconds: the service stopped in the middle of them."""
    stage = Stage()
    stage.narrator.offer(STORY, "result")
    stage.narrator.assistant_message("m1", STORY, from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    stage.narrator.broken_off()
    assert stage.said == [STORY]  # it still sounds
    stage.narrator.played("m1", "finished", 1.0, seconds)
    assert (len(stage.said) == 2) is rest
    assert stage.states(STORY)[-1] == ("cut" if rest else "heard")


def test_sentences_that_never_came_are_said_after_a_break() -> None:
    stage = Stage()
    stage.narrator.offer("One two three. Four five six.", "result")
    stage.narrator.assistant_message("a", "One two three.", from_text=True)
    stage.narrator.played("a", "started", 0.0)
    stage.narrator.broken_off()
    stage.narrator.played("a", "finished", 1.0, 1.0)
    assert stage.said[-1] == "Four five six."


@pytest.mark.parametrize(("after", "heard"), [(-0.1, False), (1.0, False), (1.9, True)])
def test_when_a_questions_content_has_been_heard(after: float, heard: bool) -> None:
    """Five words: four of them take 1.8 s at the slowest."""
    stage = Stage()
    stage.narrator.offer("Shall I open the letter?", "question")
    stage.narrator.assistant_message("m1", "Shall I open the letter?", from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    assert stage.narrator.content_heard(stage.clock.time + after) is heard
    stage.play("m1", "Shall I open the letter?")
    assert stage.narrator.content_heard(stage.clock.time)


def test_a_question_that_does_not_sound_yet_was_read() -> None:
    """Not by somebody who began to speak before it was asked."""
    stage = Stage()
    stage.clock.time = 10.0
    stage.narrator.offer("Which one?", "question")
    assert stage.narrator.content_heard(10.5)
    assert not stage.narrator.content_heard(9.5)


def test_speaking_over_a_line_drops_progress_and_keeps_what_waits_besides() -> None:
    stage = Stage()
    stage.narrator.offer("One.", "answer")
    stage.narrator.person_speaks(True)
    stage.narrator.offer("Two.", "progress")
    stage.narrator.offer("Three.", "error")
    stage.narrator.assistant_message("m1", "One.", from_text=True)
    stage.narrator.interrupted()
    assert stage.states("Two.") == ["queued", "dropped"]
    assert stage.states("Three.") == ["queued"]
    assert stage.states("One.")[-1] == "sent"  # its sound tells when it is cut
    stage.narrator.played("m1", "cut", 0.0)
    assert stage.states("One.")[-1] == "cut"
    stage.narrator.clear()
    assert stage.states("Three.")[-1] == "dropped"


def test_progress_that_is_not_wanted_is_not_offered_and_nothing_unspeakable_is() -> None:
    stage = Stage()
    stage.narrator.progress_wanted = False
    assert stage.narrator.offer("One.", "progress") == ""
    assert stage.narrator.offer("   ", "result") == ""
    assert stage.narrator.offer("Two.", "error") != ""
    assert stage.said == ["Two."]


def test_the_same_words_wait_once_for_each_priority_and_have_one_id() -> None:
    stage = Stage()
    stage.narrator.person_speaks(True)
    first = stage.narrator.offer("One.", "error")
    assert stage.narrator.offer("One.", "error") == first
    assert stage.narrator.offer("One.", "answer") != first
    assert stage.states("One.") == ["queued", "queued"]


def test_a_long_progress_is_one_sentence_and_a_result_three() -> None:
    stage = Stage()
    stage.narrator.offer("One. Two. Three. Four.", "progress")
    stage.narrator.voice_lost()
    stage.narrator.offer("One. Two. Three. Four.", "result")
    assert [text.count(".") for text in stage.said] == [1, 3]


def test_a_line_that_cannot_be_sent_is_dropped_and_the_next_tried() -> None:
    stage = Stage(line_is_up=False)
    stage.narrator.person_speaks(True)
    stage.narrator.offer("One.", "answer")
    stage.narrator.offer("Two.", "result")
    stage.narrator.person_speaks(False)
    assert stage.states("One.") == stage.states("Two.") == ["queued", "dropped"]
    assert stage.narrator.due_in is None


def test_who_is_saying_what() -> None:
    stage = Stage()
    line = stage.narrator.offer("One.", "result")
    assert stage.narrator.is_saying(line)
    assert not stage.narrator.is_saying("n9")
    stage.play("m1", "One.")
    assert not stage.narrator.is_saying(line)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0, 1), (0.14, 1), (0.15, 2), (1.0, 5), (2.0, 8), (2.1, 8), (2.2, 9)]
)
def test_three_and_a_half_words_may_sound_in_a_second(seconds: float, words: int) -> None:
    """And one more, which may have begun."""
    whole = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    stage = Stage()
    stage.clock.time = 100.0
    stage.narrator.offer(" ".join(whole), "result")
    stage.narrator.assistant_message("m1", " ".join(whole), from_text=True)
    assert stage.narrator.sounded() == ""
    stage.clock.time += 10
    stage.narrator.played("m1", "started", 0.0)
    stage.clock.time += seconds
    assert stage.narrator.sounded() == " ".join(whole[:words])


@pytest.mark.parametrize("at", [0.0, 100.0])
def test_what_was_cut_can_come_back_a_moment_later_and_no_more_of_it(at: float) -> None:
    stage = Stage()
    stage.clock.time = at - 1
    stage.narrator.offer("One two three four five six seven eight.", "result")
    stage.narrator.assistant_message("m1", "One two three", from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    stage.clock.time = at
    stage.narrator.played("m1", "cut", 0.5)
    assert stage.fates[-1].cut_at == 2  # of the three that were to sound
    stage.clock.time += 10
    for since, sounded in ((at, True), (at + 0.4, True), (at + 0.41, False), (None, False)):
        words = "one two three four five" if sounded else ""
        assert stage.narrator.sounded(since) == words, since


def test_a_part_of_another_line_is_not_ours() -> None:
    stage = Stage()
    stage.narrator.offer("I opened the editor. It is empty.", "result")
    stage.narrator.assistant_message("m0", "I closed it.", from_text=True)
    stage.narrator.assistant_message("m0", "", from_text=True)
    stage.narrator.played("m0", "started", 0.0)
    assert stage.states("I opened the editor. It is empty.") == ["queued", "sent"]
    stage.narrator.assistant_end()  # of something else: nothing of ours has a message yet
    stage.narrator.assistant_message("m1", "I opened the editor.", from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    stage.narrator.played("m1", "finished", 1.0)
    assert stage.fates[-1].state == "speaking"  # more of it may come
    stage.narrator.assistant_message("m2", "It is empty!", from_text=True)
    stage.narrator.assistant_end()
    stage.narrator.played("m2", "finished", 1.0)
    assert stage.fates[-1].state == "heard"
    assert stage.fates[-1].cut_at is None


def test_a_line_is_heard_as_well_if_its_end_is_told_after_its_sound_has_ended() -> None:
    stage = Stage()
    stage.narrator.offer("One.", "result")
    stage.narrator.assistant_message("m1", "One.", from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    stage.narrator.played("m1", "finished", 1.0)
    assert stage.states("One.") == ["queued", "sent", "speaking"]
    stage.narrator.assistant_end()
    assert stage.states("One.") == ["queued", "sent", "speaking", "heard"]


def test_what_evi_says_by_itself_counts_its_words_when_it_is_cut() -> None:
    stage = Stage()
    stage.narrator.assistant_message("e", "One two three four.", from_text=False)
    stage.narrator.played("e", "started", 0.0)
    stage.clock.time += 1
    assert stage.narrator.sounded().startswith("one two three")
    stage.narrator.played("e", "cut", 0.5)
    assert (stage.fates[-1].state, stage.fates[-1].cut_at) == ("cut", 2)
    stage.narrator.assistant_message("f", "Five six.", from_text=False)
    stage.narrator.played("f", "started", 0.0)
    stage.narrator.played("f", "finished", 1.0)
    assert (stage.fates[-1].state, stage.fates[-1].cut_at) == ("heard", None)
    assert stage.narrator.sounded(stage.clock.time) == "five six"
    stage.narrator.assistant_message("g", "Seven.", from_text=False)
    stage.narrator.voice_lost()
    assert (stage.fates[-1].state, stage.fates[-1].cut_at) == ("cut", 0)
