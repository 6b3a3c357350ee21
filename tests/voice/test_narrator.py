"""What is said, when, and what became of it."""

from agent.record.events import Narrated
from dashboard.voice.client.narrator import LOST_AFTER, PROGRESS_EVERY, Narrator


class ManualClock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


class Stage:
    """A narrator with its loudspeaker and its log."""

    def __init__(self, line_is_up: bool = True) -> None:
        self.clock = ManualClock()
        self.said: list[str] = []
        self.fates: list[Narrated] = []
        self.up = line_is_up
        self.narrator = Narrator(self._send, self.fates.append, clock=self.clock)

    def _send(self, text: str) -> bool:
        if self.up:
            self.said.append(text)
        return self.up

    def states(self, text: str) -> list[str]:
        return [fate.state for fate in self.fates if fate.text == text]

    def play(self, message_id: str, text: str) -> None:
        self.narrator.assistant_message(message_id, text, from_text=True)
        self.narrator.played(message_id, "started", 0.0)
        self.narrator.assistant_end()
        self.narrator.played(message_id, "finished", 1.0)


def test_a_line_is_heard_only_when_its_sound_has_ended():
    """End of generation is not end of sound."""
    stage = Stage()
    stage.narrator.offer("All done.", "result")
    stage.narrator.assistant_message("m1", "All done.", from_text=True)
    stage.narrator.assistant_end()
    assert stage.states("All done.") == ["queued", "sent"]
    stage.narrator.played("m1", "started", 0.0)
    stage.narrator.played("m1", "finished", 1.0)
    assert stage.states("All done.") == ["queued", "sent", "speaking", "heard"]


def test_progress_comes_at_most_every_few_seconds_and_the_newest_wins():
    """Stale progress is dropped rather than spoken late."""
    stage = Stage()
    stage.narrator.offer("Opening the editor.")
    stage.play("m1", "Opening the editor.")
    stage.narrator.offer("Typing.")
    stage.narrator.offer("Saving.")
    assert stage.said == ["Opening the editor."]
    stage.clock.time += PROGRESS_EVERY
    stage.narrator.tick()
    assert stage.said == ["Opening the editor.", "Saving."]
    assert stage.states("Typing.") == ["queued", "dropped"]


def test_a_question_goes_before_a_result_and_a_result_before_progress():
    """What needs the person comes first."""
    stage = Stage()
    stage.narrator.person_speaks(True)
    stage.narrator.offer("Working on it.")
    stage.narrator.offer("May I run it?", "question")
    stage.narrator.offer("The file is there.", "result")
    stage.narrator.person_speaks(False)
    stage.play("m1", "May I run it?")
    assert stage.said == ["May I run it?", "The file is there."]
    assert stage.states("Working on it.") == ["queued", "dropped"]


def test_nothing_is_said_while_the_person_speaks():
    """The narrator waits for its turn."""
    stage = Stage()
    stage.narrator.person_speaks(True)
    stage.narrator.offer("All done.", "result")
    assert stage.said == []
    stage.narrator.person_speaks(False)
    assert stage.said == ["All done."]


def test_a_cut_line_records_how_many_words_were_heard():
    """History must know what the person really heard."""
    stage = Stage()
    text = "I have opened the settings page for you now."
    stage.narrator.offer(text, "result")
    stage.narrator.assistant_message("m1", text, from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    stage.narrator.played("m1", "cut", 0.5)
    assert stage.fates[-1].state == "cut"
    assert stage.fates[-1].cut_at in (4, 5)


def test_without_a_voice_line_everything_is_dropped_and_said_so():
    """A page without sound loses no text and blocks no queue."""
    stage = Stage(line_is_up=False)
    stage.narrator.offer("All done.", "result")
    assert stage.states("All done.") == ["queued", "dropped"]


def test_a_line_whose_sound_never_comes_does_not_block_the_next():
    """A lost answer of the voice service is given up after a while."""
    stage = Stage()
    stage.narrator.offer("First.", "result")
    stage.narrator.offer("Second.", "result")
    stage.clock.time += LOST_AFTER
    stage.narrator.tick()
    assert stage.said == ["First.", "Second."]
    assert stage.states("First.")[-1] == "dropped"


def test_a_sentence_spoken_in_parts_is_heard_when_the_last_part_ends():
    """EVI answers one text with one message per sentence."""
    stage = Stage()
    stage.narrator.offer("It is saved. The file is there.", "result")
    stage.narrator.assistant_message("a", "It is saved.", from_text=True)
    stage.narrator.assistant_message("b", "The file is there.", from_text=True)
    stage.narrator.assistant_end()
    stage.narrator.played("a", "started", 0)
    stage.narrator.played("a", "finished", 1)
    assert stage.fates[-1].state == "speaking"
    stage.narrator.played("b", "finished", 1)
    assert stage.fates[-1].state == "heard"


def test_words_that_just_ended_are_remembered_as_a_possible_echo():
    """The room answers a moment later than the loudspeaker."""
    stage = Stage()
    stage.narrator.offer("Opening the editor.", "result")
    stage.play("m1", "Opening the editor.")
    assert "editor" in stage.narrator.sounded()
    stage.clock.time += 5
    assert stage.narrator.sounded() == ""


def test_only_what_has_sounded_can_come_back_as_an_echo():
    """A phrase that the loudspeaker has not reached yet is the person's own."""
    stage = Stage()
    stage.narrator.offer("May I run the command? Say: yes, run it.", "question")
    assert stage.narrator.sounded() == ""
    stage.narrator.assistant_message("m1", "May I run the command?", from_text=True)
    stage.narrator.played("m1", "started", 0.0)
    stage.clock.time += 0.6
    assert "may i run" in stage.narrator.sounded()
    assert "yes" not in stage.narrator.sounded()


def test_words_begun_after_the_sound_had_ended_are_no_echo():
    """The person answers with the very words that were read out."""
    stage = Stage()
    stage.narrator.offer("Say: yes, run it.", "question")
    stage.play("m1", "Say: yes, run it.")
    stage.clock.time += 1.0
    onset = stage.clock.time
    stage.clock.time += 1.0
    assert stage.narrator.sounded(onset) == ""


def test_in_an_outage_results_wait_and_progress_is_forgotten():
    """The agent reports when the voice is back; what was cut is said again."""
    stage = Stage()
    stage.narrator.offer("All done.", "result")
    stage.narrator.voice_lost(comes_back=True)
    stage.narrator.offer("The file is saved.", "result")
    stage.narrator.offer("Typing.")
    assert stage.said == ["All done."]
    stage.narrator.voice_back()
    stage.play("m1", "All done.")
    assert stage.said[1:] == ["All done.", "The file is saved."]


def test_when_the_voice_is_switched_off_nothing_waits():
    """An ended voice is not an outage."""
    stage = Stage()
    stage.narrator.voice_lost()
    stage.up = False
    stage.narrator.offer("All done.", "result")
    assert stage.states("All done.") == ["queued", "dropped"]


def test_what_evi_says_by_itself_has_a_fate_in_the_log_too():
    """Answers of EVI's own model are heard or cut as any other line."""
    stage = Stage()
    stage.narrator.assistant_message("a", "I am typing your text now.", from_text=False)
    stage.narrator.played("a", "started", 0.0)
    assert "typing" not in stage.narrator.sounded()
    stage.clock.time += 2.0
    assert "typing" in stage.narrator.sounded()
    stage.narrator.played("a", "cut", 0.5)
    assert [fate.state for fate in stage.fates] == ["sent", "speaking", "cut"]
    assert stage.fates[-1].cut_at == 3


def test_each_of_two_answers_of_evi_has_its_fate():
    """The second one is announced while the first still sounds."""
    stage = Stage()
    stage.narrator.assistant_message("a", "I have finished.", from_text=False)
    stage.narrator.played("a", "started", 0.0)
    stage.narrator.assistant_message("b", "The editor is in front.", from_text=False)
    stage.narrator.played("a", "finished", 1.0)
    stage.narrator.played("b", "started", 0.0)
    stage.narrator.voice_lost(comes_back=True)
    assert stage.states("I have finished.") == ["sent", "speaking", "heard"]
    assert stage.states("The editor is in front.") == ["sent", "speaking", "cut"]


def test_what_waits_already_is_not_said_twice():
    """The same error again, before the first could be said, is one line."""
    stage = Stage()
    stage.narrator.voice_lost(comes_back=True)
    first = stage.narrator.offer("Hearing broke off.", "error")
    assert stage.narrator.offer("Hearing broke off.", "error") == first
    stage.narrator.voice_back()
    assert stage.states("Hearing broke off.") == ["queued", "sent"]
