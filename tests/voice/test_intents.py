"""What short utterances mean."""

import pytest

from dashboard.voice.intents import Moment, classify, is_echo, is_no, is_stop, is_yes, span_of

IDLE = Moment()
WORKING = Moment(running=True)


@pytest.mark.parametrize(
    "text",
    [
        "Stop.",
        "stop",
        "Stop!",
        "No, stop.",
        "stop it",
        "Stop that now",
        "Please stop typing.",
        "stop stop stop",
        "Halt",
        "okay stop right there",
        "Cancel that.",
        "Never mind.",
        "Freeze",
    ],
)
def test_a_stop_is_recognised_however_it_is_said(text):
    """Fillers, repetition and politeness do not hide a stop."""
    assert is_stop(text)


@pytest.mark.parametrize(
    "text",
    [
        "type stop the car",
        "Stop words are short words.",
        "open the file stop list",
        "the bus stop",
        "",
        "don't forget the milk",
        "nonstop",
        "write freeze dried coffee",
    ],
)
def test_a_word_inside_other_words_is_no_stop(text):
    """A task that mentions stopping is not stopped by its own words."""
    assert not is_stop(text)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Mm-hm.", "backchannel"),
        ("okay", "backchannel"),
        ("Yeah", "backchannel"),
        ("I see.", "backchannel"),
        ("What are you doing?", "aside"),
        ("Um, what's happening?", "aside"),
        ("Wait.", "hold"),
        ("hold on", "hold"),
        ("Go on.", "resume"),
        ("okay continue", "resume"),
        ("Scratch that.", "scratch"),
        ("Start over", "start_over"),
        ("No, the other one.", "redirect"),
        ("Actually put it in the second line", "redirect"),
        ("Stop.", "stop"),
        ("...", "noise"),
    ],
)
def test_meaning_while_the_agent_works(text, meaning):
    """Only new instructions redirect; noises of assent and questions do not."""
    assert classify(text, WORKING) == meaning


def test_an_instruction_while_idle_is_a_task():
    """With nothing running, words start a task; assent starts nothing."""
    assert classify("Open the text editor and type hello world.", IDLE) == "task"
    assert classify("okay", IDLE) == "backchannel"


class TestApproval:
    moment = Moment(running=True, approval_phrase="yes, run it")

    def test_only_the_distinct_phrase_allows(self):
        """A bare yes, given to anything, is not consent to this action."""
        assert classify("Yes, run it.", self.moment) == "allow"
        assert classify("yes run it", self.moment) == "allow"
        assert classify("yes", self.moment) == "unclear_approval"
        assert classify("yes delete it", self.moment) == "unclear_approval"
        assert classify("open the window", self.moment) == "unclear_approval"

    @pytest.mark.parametrize(
        ("said", "span"),
        [
            ("Yes, reach it.", "once"),
            ("yes, reach it once", "once"),
            ("Yes, reach it for this session.", "session"),
            ("yes, always reach it", "always"),
            ("yes, reach it always", "always"),
        ],
    )
    def test_a_host_is_allowed_for_as_long_as_is_said(self, said: str, span: str):
        asked = Moment(running=True, approval_phrase="yes, reach it", lasting=True)
        assert classify(said, asked) == "allow"
        assert span_of(said) == span
        once = Moment(running=True, approval_phrase="yes, reach it")
        assert (classify(said, once) == "allow") is (said == "Yes, reach it.")

    @pytest.mark.parametrize("said", ["always", "for this session", "yes, always", "never reach"])
    def test_a_span_alone_allows_nothing(self, said: str):
        asked = Moment(running=True, approval_phrase="yes, reach it", lasting=True)
        assert classify(said, asked) != "allow"

    def test_no_in_any_form_denies(self):
        """Refusing needs no ceremony."""
        for text in ("No.", "don't", "no thanks", "No, do not run it"):
            assert classify(text, self.moment) == "deny"

    def test_stop_wins_over_a_pending_approval(self):
        """A stop is a stop, also while a question is open."""
        assert classify("stop", self.moment) == "stop"


def test_our_own_words_coming_back_are_noise():
    """The loudspeaker's sentence in the microphone is an echo, not a command."""
    playing = "Opening the file menu and clicking Save As."
    assert is_echo("opening the file menu", playing)
    assert classify("the file menu and clicking", Moment(running=True, playing=playing)) == "noise"


def test_a_real_command_during_playback_is_not_taken_for_an_echo():
    """Sharing a word or two with what is playing does not make it an echo."""
    playing = "Opening the file menu."
    assert classify("no open the edit menu instead", Moment(True, playing=playing)) == "redirect"
    assert classify("stop", Moment(True, playing="I will stop here")) == "stop"
    assert not is_echo("Open the text editor.", "The text editor is open.")


def test_an_open_question_takes_the_words_as_its_answer():
    """When the agent asked something, what is said next answers it."""
    assert classify("The second one", Moment(running=True, question=True)) == "answer"


@pytest.mark.parametrize(
    "text",
    [
        "Put the files back.",
        "Sayso, put my files back please",
        "Could you please undo the file changes?",
        "no, restore the files",
        "Undo the changes to my files.",
    ],
)
def test_many_words_put_files_back(text: str) -> None:
    assert classify(text, Moment()) == "put_back"


@pytest.mark.parametrize(
    "text",
    [
        "put the files back into the Documents folder",
        "restore the files from the backup",
        "undo",
        "undo that",
        "write put the files back",
    ],
)
def test_words_that_say_something_else_are_for_the_agent(text: str) -> None:
    assert classify(text, Moment()) == "task"


def test_the_agents_own_question_is_answered_in_any_words() -> None:
    moment = Moment(running=True, question=True)
    assert classify("restore the files", moment) == "answer"


@pytest.mark.parametrize("text", ["yes", "Yes, do it.", "sure", "go ahead", "put them back"])
def test_a_yes(text: str) -> None:
    assert is_yes(text)
    assert not is_no(text)
    assert classify(text, Moment(question=True, yes_or_no=True)) == "answer"


@pytest.mark.parametrize("text", ["", "no", "yes but keep it", "go to the shop", "ok no"])
def test_no_yes(text: str) -> None:
    assert not is_yes(text)
