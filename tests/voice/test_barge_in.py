"""Who gets the floor: every rule at its edges, without sound, sockets or time."""

from __future__ import annotations

import pytest

from dashboard.voice.addressee_detection import AddresseeDetector, Attention
from dashboard.voice.barge_in import SURE_MS, WORD_MS, Utterance, Verdict, decide
from dashboard.voice.intents import Moment

PLAYING = "I found seven letters, two pictures and one long table of numbers in the garden folder."
RESULT = Moment(playing=PLAYING)
APPROVAL = Moment(running=True, playing="May I run it?", approval_phrase="yes, run it")
QUESTION = Moment(running=True, playing="Which one?", question=True)
YES_OR_NO = Moment(running=True, playing="Shall I?", question=True, yes_or_no=True)


def verdict(
    text: str,
    moment: Moment = RESULT,
    *,
    ms: int = 500,
    over: bool = False,
    paused: bool = False,
    attention: Attention = "addressed",
) -> Verdict:
    addressee = AddresseeDetector(attention=attention)
    return decide(Utterance(text, ms, over=over, paused=paused), moment, addressee)


@pytest.mark.parametrize(
    "text",
    [
        *("Mm-hm.", "Uh huh.", "Okay.", "Yeah.", "Right.", "I see.", "Great.", "Sure."),
        *(
            "Um.",
            "Uh.",
            "Hmm.",
            "Uh huh, okay.",
            "Yeah, yeah.",
            "Oh, nice.",
            "Thank you.",
            "Got it.",
        ),
        *("Go on.", "Continue."),
        *("Can you pass me the salt, please?", "Mum, the door bell is ringing."),
        *("I will be there in five minutes, darling.", "Did you feed the cat this morning?"),
        *("He said that the train was late again.", "No, mum, I'm on the phone."),
        *("What do you want for dinner, honey?", "Tell your sister that lunch is ready."),
        *("Where did you put my keys?", "Two.", "Third,"),  # a hum is nearest to a number
        *("Tomorrow it will be cold and wet in the north.", "", "you"),
    ],
)
def test_what_is_no_interruption_leaves_the_assistant_speaking(text: str) -> None:
    """Nods, tics and words for others are waited out, however long they take, and then kept."""
    for ms in (300, SURE_MS, 4_000):
        assert verdict(text, ms=ms) == "wait"
        assert verdict(text, ms=ms, over=True) == "keep"


@pytest.mark.parametrize(
    "text", ["Stop.", "No, stop.", "Okay, stop.", "Computer, stop!", "Cancel that."]
)
@pytest.mark.parametrize("moment", [RESULT, APPROVAL, QUESTION, YES_OR_NO])
@pytest.mark.parametrize("attention", ["everything", "addressed", "named"])
def test_a_stop_word_stops_at_once_whatever_is_said_or_asked(
    text: str, moment: Moment, attention: Attention
) -> None:
    assert verdict(text, moment, ms=100, attention=attention) == "stop"


def test_a_stop_word_stops_though_the_assistant_says_it_too() -> None:
    assert verdict("stop", Moment(playing="say stop to stop me")) == "stop"


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("Wait", WORD_MS),
        ("hold on", 2 * WORD_MS),
        ("Scratch that", 2 * WORD_MS),
        ("What are you doing?", 4 * WORD_MS),
        ("computer", WORD_MS),
        ("No, open", 2 * WORD_MS),
        ("wait, that", 2 * WORD_MS),
        ("open the", 2 * WORD_MS),
        ("type hello", 2 * WORD_MS),
        ("How many letters", SURE_MS),
        ("can you open the file manager", SURE_MS),
        ("Tell me more about the pictures", SURE_MS),
    ],
)
def test_words_take_the_floor_as_soon_as_they_are_sure(text: str, until: int) -> None:
    """A command to a computer as soon as it can have been said; what may still turn to somebody
    else, a second later."""
    assert verdict(text, ms=until) == "yield"
    assert verdict(text, ms=until - 1) == "wait"
    assert verdict(text, ms=200, over=True) == "yield"


@pytest.mark.parametrize("text", ["can you say that", "please said the document"])
def test_before_a_silence_less_evidence_is_enough(text: str) -> None:
    assert verdict(text, ms=SURE_MS) == "wait"
    assert verdict(text, ms=900, paused=True) == "yield"


@pytest.mark.parametrize("text", ["okay", "pass me the salt", "he said that it was late", "write"])
def test_a_silence_alone_is_no_evidence(text: str) -> None:
    assert verdict(text, ms=900, paused=True) == "wait"


def test_an_opener_that_nobody_says_alone_is_believed_when_speech_goes_on() -> None:
    assert verdict("Actually,", ms=WORD_MS + 349) == "wait"
    assert verdict("Actually,", ms=WORD_MS + 350) == "yield"
    assert verdict("Sorry,", ms=WORD_MS + 350) == "wait"


@pytest.mark.parametrize("text", ["No, oh", "No, openly", "no a"])
def test_a_word_of_two_languages_corrects_in_english_if_none_was_chosen(text: str) -> None:
    """*No* is “in the” in Portuguese, and one of its most common words."""
    assert verdict(text) == "yield"


@pytest.mark.parametrize("text", ["did you feed", "where did he go", "tell us a story"])
def test_words_that_may_be_for_anybody_are_waited_out(text: str) -> None:
    assert verdict(text, ms=3_000) == "wait"


@pytest.mark.parametrize("text", ["no", "open", "write", "great", "create", "sorry", "thank", "i"])
def test_one_word_that_may_be_the_beginning_of_anything_is_waited_for(text: str) -> None:
    """“Right” may have been heard as “write”, and “okay” may become “okay, stop”."""
    assert verdict(text, ms=2_000) == "wait"


@pytest.mark.parametrize(
    ("text", "what"), [("No.", "yield"), ("write", "keep"), ("create", "keep"), ("undo", "yield")]
)
def test_one_word_that_is_all_counts_if_it_can_be_done(text: str, what: Verdict) -> None:
    assert verdict(text, over=True) == what


def test_its_own_echo_is_nobody() -> None:
    echo = "two pictures and one long table"
    assert verdict(echo, over=True) == "keep"
    assert verdict("open two pictures", Moment(playing="I open two pictures"), over=True) == "keep"
    assert verdict("open two pictures", Moment(playing="Nothing was found."), over=True) == "yield"


@pytest.mark.parametrize("text", ["Yeah.", "okay", "yes", "Sure."])
def test_assent_answers_a_question_once_it_has_been_heard(text: str) -> None:
    for asked in (QUESTION, YES_OR_NO):
        unheard = Moment(**{**_fields(asked), "content_heard": False})
        assert verdict(text, asked) == "yield"
        assert verdict(text, unheard, over=True) == "keep"


def test_a_question_is_answered_in_free_words_when_they_are_all_there() -> None:
    assert verdict("the blue one from last week", QUESTION) == "wait"
    assert verdict("the blue one from last week", QUESTION, over=True) == "yield"
    assert verdict("hmm", QUESTION, over=True) == "keep"
    assert verdict("pass me the salt", QUESTION, over=True) == "keep"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Yes, run it.", "yield"),
        ("No.", "yield"),
        ("don't", "yield"),
        ("Yes.", "keep"),
        ("Okay.", "keep"),
        ("Sure, fine.", "keep"),
        ("Yes, delete it.", "keep"),
    ],
)
def test_during_an_approval_only_its_phrase_and_a_refusal_cut_in(text: str, what: Verdict) -> None:
    assert verdict(text, APPROVAL, over=True) == what


@pytest.mark.parametrize(
    ("text", "attention", "what"),
    [
        ("open the terminal", "named", "keep"),
        ("no, the other one", "named", "keep"),
        ("computer, open the terminal", "named", "yield"),
        ("hey Sayso, what is it", "named", "yield"),
        ("wait", "named", "yield"),
        ("pass me the salt", "everything", "yield"),
        ("mm-hm", "everything", "yield"),
        ("", "everything", "yield"),
        ("computer, pass me the salt", "addressed", "yield"),
    ],
)
def test_attention_is_as_strict_as_it_is_set(
    text: str, attention: Attention, what: Verdict
) -> None:
    assert verdict(text, attention=attention, over=True) == what


def _fields(moment: Moment) -> dict[str, object]:
    return {name: getattr(moment, name) for name in Moment.__dataclass_fields__}


@pytest.mark.parametrize(
    "text",
    [
        "Create a file called shopping list with the text milk, eggs and bread.",
        "please delete the file dinner",
        "replace tea with coffee",
        "select milk",
        "delete the word milk",
        "open coffee.txt",
        "what is in the folder school",
        "new folder called school",
        "click on pizza",
    ],
)
def test_things_of_the_house_may_be_words_on_a_screen(text: str) -> None:
    found = AddresseeDetector(answers=False).of(text)
    assert found.idle
    assert not found.elsewhere


def test_a_thing_of_the_house_that_is_on_the_screen_is_meant_there() -> None:
    detector = AddresseeDetector(answers=False)
    assert detector.of("pizza").elsewhere
    assert detector.of("move homework to the trash").elsewhere
    detector.learn(["Pizza", "homework.odt"])
    assert detector.of("pizza").at_work
    assert not detector.of("move homework to the trash").elsewhere
    assert not detector.for_others(["the", "pizza"])


@pytest.mark.parametrize(
    "text",
    [
        "open the fridge",
        "bring the kettle",
        "select the shoes, mum",
        "put the coffee on the table",
        "press the doorbell",
    ],
)
def test_things_of_the_house_are_for_somebody_there(text: str) -> None:
    assert AddresseeDetector(answers=False).of(text).elsewhere
