"""Spoken, typed: each sentence of the README moves the real desktop and is answered aloud."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import voices
from onlooker import Onlooker
from person import Person
from playwright.async_api import expect
from proxy import Proxy

from agent.record.events import (
    ActionFinished,
    ActionProposed,
    ApprovalAsked,
    ApprovalDecided,
    Heard,
    Narrated,
    Replied,
    Stopped,
    TaskFinished,
    Understood,
    VoiceChanged,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.speech,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]
VOICES = ("heart", "joe-clear")
TRIES = 3
"""How often a person says a sentence whose words came out wrong."""
LINES = 40


async def tell(person: Person, how: str, text: str) -> int:
    """Say it with a voice, or type it, and see it in the conversation.

    Returns the number from which events answer it.
    """
    await person.listens_to_the_end()
    since = person.look.count()
    person.ear.forget()
    if how == "typed":
        await person.type(text)
        await person.sees(text)
    else:
        heard = await person.say(text, how)  # type: ignore[arg-type]
        await person.sees(heard.text)
    return since


async def finish(person: Person, since: int, outcome: str = "done") -> TaskFinished:
    """Wait for the task's end and check that it is shown."""
    finished = await person.look.event(TaskFinished, since=since)
    assert finished.outcome == outcome, finished
    await person.sees(finished.summary.splitlines()[0][:60])
    return finished


async def always() -> bool:
    """Whatever was heard is right."""
    return True


async def told(
    person: Person,
    how: str,
    text: str,
    right: Callable[[], Awaitable[bool]] = always,
    outcome: str = "done",
) -> int:
    """Tell it and wait for its end; say it again, as one does, if words were misheard."""

    async def ended(since: int) -> bool:
        if await meant(person, since) == "noise":
            return False
        finished = await person.look.event(TaskFinished, since=since)
        return finished.outcome == outcome and await right()

    return await repeated(person, how, text, ended)


async def repeated(
    person: Person, how: str, text: str, right: Callable[[int], Awaitable[bool]]
) -> int:
    """Tell it until what follows is ``right``, some times at most if it is spoken."""
    for _ in range(1 if how == "typed" else TRIES):
        since = await tell(person, how, text)
        if await right(since):
            return since
        voices.speech.cache_clear()  # nobody says it in the very same way again
    raise AssertionError(person.look.story(since))


async def meant(person: Person, since: int) -> str:
    """What the words that were just told were taken for."""
    return (await person.look.event(Understood, since=since)).meaning


async def hears(person: Person, since: int, priority: str = "result") -> str:
    """Wait until a line was heard to its end; returns its sound, read by the recogniser."""

    def ended(line: Narrated) -> bool:
        return line.state == "heard" and line.priority == priority

    heard = await person.look.event(Narrated, ended, since)
    ear = person.ear
    said = [key for key, text in ear.texts.items() if text in heard.text and key in ear.sound]
    spoken = " ".join([await ear.hears(key) for key in said])
    wrong, total = voices.word_errors(heard.text, spoken)
    assert wrong <= max(1, 0.4 * total), (heard.text, spoken)
    return spoken


@pytest.fixture(params=[*VOICES, "typed"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_open_the_editor_and_type(person: Person, look: Onlooker, how: str):
    """The words stand in the editor, in the page, and are said aloud intelligibly."""

    async def written() -> int:
        return (await look.text("mousepad")).lower().count("hello world")

    before = await written()

    async def more() -> bool:
        return await written() == before + 1

    since = await told(person, how, "Open the text editor and type hello world.", more)
    await finish(person, since)
    assert any("Mousepad" in window.title for window in await look.windows())
    await hears(person, since)


async def test_a_command_runs_only_after_approval(person: Person, look: Onlooker, how: str):
    """The phrase, in the same way as the sentence, lets it run; the listing is read back."""

    async def asks(since: int) -> bool:
        if await meant(person, since) == "noise":
            return False
        await look.event((ApprovalAsked, TaskFinished), since=since)
        return bool(look.of(ApprovalAsked, since))

    async def said(since: int) -> bool:
        await look.event((ApprovalDecided, Narrated), since=since)
        return bool(look.of(ApprovalDecided, since))

    sentence = "Open the terminal and list the files in my home folder."
    since = await repeated(person, how, sentence, asks)
    [asked] = look.of(ApprovalAsked, since)
    assert not look.of(TaskFinished, since)
    assert "yes" in (await hears(person, since, "question")).lower()
    await repeated(person, how, "Yes, run it.", said)
    decided = await look.event(ApprovalDecided, lambda e: e.approval_id == asked.approval_id)
    assert decided.decision == "allow"
    finished = await finish(person, since)
    assert "Documents" in finished.summary
    assert any("terminal" in window.wm_class.lower() for window in await look.windows())
    assert "home folder holds" in (await hears(person, since)).lower()


async def test_a_file_is_created(person: Person, look: Onlooker, how: str):
    """The file is there with its text; if a word of the name was misheard, it has that one."""
    for left in look.home.glob("*.txt"):
        left.unlink()
    slips = 1 if how == "joe-clear" else 0

    sentence = "Create a file called shopping list with the text milk, eggs and bread."

    async def there() -> bool:
        names = [path.stem for path in look.home.glob("*.txt")]
        if any(voices.word_errors("shopping list", name)[0] <= slips for name in names):
            return True
        heard = [event.text for event in look.of(Heard) if not event.interim]
        wrong, total = voices.word_errors(sentence, heard[-1]) if heard else (1, 1)
        return wrong <= 0.4 * total and any(f"{name} " in heard[-1] for name in names)

    since = await told(person, how, sentence, there)
    await finish(person, since)
    path = max(look.home.glob("*.txt"), key=lambda path: path.stat().st_mtime)
    wrong, _ = voices.word_errors("milk eggs and bread", path.read_text())
    assert wrong <= slips, path.read_text()
    await hears(person, since)


async def test_a_menu_entry_is_clicked(person: Person, look: Onlooker, how: str):
    """The Save As dialog stands on the screen."""
    await finish(person, await person.type("Open the text editor"))

    async def asks_for_a_name() -> bool:
        return any(window.title == "Save As" for window in await look.windows())

    sentence = "In the text editor, open the File menu and click Save As."
    since = await told(person, how, sentence, asks_for_a_name)
    await finish(person, since)
    assert "save as" in (await hears(person, since)).lower()
    await finish(person, await person.type("press escape"))


async def test_to_another_window_and_back(person: Person, look: Onlooker, how: str):
    """The file manager is open, the editor in front."""
    await finish(person, await person.type("Open the text editor"))

    async def opened_and_back() -> bool:
        windows = await look.windows()
        [active] = [window for window in windows if window.active]
        opened = any("Thunar" in window.wm_class for window in windows)
        return opened and "Mousepad" in active.wm_class

    sentence = "Open the file manager, then go back to the text editor."
    since = await told(person, how, sentence, opened_and_back)
    await finish(person, since)
    assert "editor" in (await hears(person, since)).lower()


async def test_what_can_i_say_is_shown_and_spoken(person: Person, look: Onlooker, how: str):
    """Help is heard as well as read."""
    since = await told(person, how, "What can I say?")
    finished = await finish(person, since)
    assert "type" in finished.summary
    assert "say" in (await hears(person, since)).lower()


async def test_what_is_not_understood_changes_nothing(person: Person, look: Onlooker, how: str):
    """No action; the answer says so and offers what can be said."""
    before = [window.id for window in await look.windows()]
    since = await told(person, how, "Make me a sandwich.", outcome="ended")
    finished = await finish(person, since, "ended")
    assert "not understand" in finished.summary
    assert [e for e in look.events()[since:] if isinstance(e, ActionProposed)] == []
    assert [window.id for window in await look.windows()] == before
    assert "not understand" in (await hears(person, since)).lower()


async def test_stop_in_the_middle_of_a_long_dictation(person: Person, look: Onlooker, how: str):
    """Typing ceases, keys are up, the log says who stopped it, and *stopped* is heard."""
    await finish(person, await person.type("Open the text editor"))
    await finish(person, await person.type("clear the text"))
    lines = [f"type this is line {number} of a long letter" for number in range(1, LINES + 1)]
    await person.listens_to_the_end()
    since = await person.type(" then press enter then ".join(lines))
    await look.event(ActionFinished, since=since)
    person.ear.forget()
    if how == "typed":
        await person.type("Stop.")
    else:
        await person.begin_saying("Stop.", how)  # type: ignore[arg-type]
    stopped = await look.event(Stopped, since=since)
    assert stopped.source == ("typed" if how == "typed" else "voice")
    finished = await look.event(TaskFinished, since=since)
    assert finished.outcome == "stopped"
    written = await look.text("mousepad")
    assert "this is line 1 of" in written
    assert f"line {LINES}" not in written
    assert await look.pressed() == []
    await person.sees("Stopped")
    assert "stop" in (await hears(person, since, "answer")).lower()
    await finish(person, await person.type("what is on the screen"))
    assert await look.text("mousepad") == written


async def test_picture_and_voice_come_back_after_a_gap(
    person: Person, network: Proxy, look: Onlooker
):
    """Neither pretends to be live in it; both go on by themselves, and what is said is heard.

    What is typed is answered in the conversation, too, with the voice on.
    """
    desktop = person.page.locator(".sayso-desktop")
    await person.listens_to_the_end()
    await expect(desktop).to_have_attribute("data-state", "live")
    await person.page.evaluate("window.same = true")
    since = look.count()
    network.silence()
    await expect(person.page.locator(".link .lost")).to_contain_text("No connection")
    await expect(desktop).not_to_have_attribute("data-state", "live")
    await network.heal()
    await look.event(VoiceChanged, lambda change: change.state == "ready", since)
    await expect(desktop).to_have_attribute("data-state", "live")
    await told(person, "heart", "Open the text editor.")
    since = await person.type("What are you doing?")
    reply = await look.event(Replied, since=since)
    await expect(person.page.locator(".reply").last).to_contain_text(reply.text)
    assert await person.page.evaluate("window.same")
