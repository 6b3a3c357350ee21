"""A secret goes into the password field that it is for, and nowhere else: not even into the log."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from agent.desktop.base import Box, Window
from agent.desktop.see.covering import covered
from agent.errors import BadInput, ConfigurationError, KeyboardMoved, ToolError
from agent.record import events as ev
from agent.record.events import dump_event, load_event
from agent.record.log import EventLog, MemoryJournal
from agent.session.approval import Approvals
from agent.testing.fake_desktop import FakeDesktop
from agent.tools import ComputerTool, ToolCall
from agent.tools.base import Intent, ToolResult
from agent.tools.vault import TOLD, Secret, Vault, load_secrets, tell

VALUE = "tr0ub4dor&3"
EDITOR = Window(1, "Untitled - Mousepad", "Mousepad", None, Box(0, 0, 1280, 700), active=True)


def secret(**given: Any) -> Secret:
    return Secret(
        **{"name": "mail password", "value": SecretStr(VALUE), "program": "mousepad"} | given
    )


@pytest.fixture
def desktop() -> FakeDesktop:
    desktop = FakeDesktop(width=1280, height=800)
    desktop.role = "password text"
    return desktop


async def type_into(desktop: FakeDesktop, vault: Vault, text: str) -> ToolResult:
    tool = ComputerTool(desktop, vault=vault)
    call = ToolCall("a", "type", {"text": text})
    await tool.intent(call)
    return await tool.run(call, lambda _: None)


async def test_the_hands_type_it_and_say_only_its_name(desktop: FakeDesktop) -> None:
    result = await type_into(desktop, Vault([secret()]), "<secret>Mail Password</secret>")
    assert not result.is_error
    assert desktop.input.deeds[-1] == f"type {VALUE}"
    assert result.text == (
        "Typed the secret “mail password” into a password field of “Untitled - Mousepad”, "
        "not read back."
    )


@pytest.mark.parametrize(
    ("given", "role", "text", "why"),
    [
        ({"program": "thunar"}, "password text", "<secret>mail password</secret>", "is for thunar"),
        ({"program": "mouse"}, "password text", "<secret>mail password</secret>", "is for mouse"),
        ({"title": "Log in"}, "password text", "<secret>mail password</secret>", "“Log in”"),
        ({}, "text", "<secret>mail password</secret>", "only into a password field"),
        ({}, "terminal", "<secret>mail password</secret>", "only into a password field"),
        ({}, "password text", "me\t<secret>mail password</secret>", "alone"),
        ({}, "password text", "<secret>mail password</secret> <secret>x</secret>", "alone"),
        ({}, "password text", "<secret>bank</secret>", "There is “mail password”"),
    ],
)
async def test_it_is_typed_nowhere_else(
    desktop: FakeDesktop, given: dict[str, str], role: str, text: str, why: str
) -> None:
    desktop.role = role
    result = await type_into(desktop, Vault([secret(**given)]), text)
    assert result.is_error
    assert why in result.text
    assert not [deed for deed in desktop.input.deeds if deed.startswith("type")]


@pytest.mark.parametrize("echoes", ["hidden", "shown"])
async def test_a_terminal_gets_it_only_while_it_shows_nothing(
    desktop: FakeDesktop, echoes: str
) -> None:
    terminal = Window(1, "Terminal", "Xfce4-terminal", None, Box(0, 0, 1280, 700), active=True)
    desktop.shown, desktop.role, desktop.echoes = (terminal,), "terminal", echoes
    vault = Vault([secret(program="xfce4-terminal")])
    result = await type_into(desktop, vault, secret().placeholder)
    typed = [deed for deed in desktop.input.deeds if deed.startswith("type")]
    wanted = (False, [f"type {VALUE}"]) if echoes == "hidden" else (True, [])
    assert (result.is_error, typed) == wanted
    assert ("does not show what is typed; not read back" in result.text) is not result.is_error


async def test_a_keyboard_that_moves_tells_neither_secret_nor_length(desktop: FakeDesktop) -> None:
    def steals(text: str, typed: str) -> str:
        desktop.shown = (replace(EDITOR, active=False),)
        raise KeyboardMoved(3, len(typed))

    desktop.input.takes = steals
    result = await type_into(desktop, Vault([secret()]), secret().placeholder)
    assert result.is_error
    assert "not typed to its end" in result.text
    assert "3" not in result.text.replace(secret().name, "")
    assert str(len(VALUE)) not in result.text


async def test_a_field_that_goes_away_is_told(desktop: FakeDesktop) -> None:
    def leaves(text: str, typed: str) -> str:
        desktop.role = "text"
        return text

    desktop.input.takes = leaves
    result = await type_into(desktop, Vault([secret()]), secret().placeholder)
    assert "The password field has lost the keyboard." in result.text


def test_each_typing_is_asked_about() -> None:
    target = {"text": secret().placeholder, "title": "Log in", "wm_class": "mousepad"}
    verdict = Approvals().judge(Intent("computer", "type", target))
    assert verdict.decision == "ask"
    assert verdict.question.startswith(
        "Type the secret “mail password” into the window “Log in”? Say “yes, type it”"
    )


# The log ---------------------------------------------------------------------------------


def kept(*events: ev.Event, vault: Vault) -> list[ev.Event]:
    log = EventLog(MemoryJournal(), clean=vault.scrubbed)
    return [log.append(event) for event in events]


def test_whatever_shows_it_is_kept_with_its_placeholder() -> None:
    quoted = 'say "pa\\ss wörd"'
    vault = Vault([secret(), secret(name="other", value=SecretStr(quoted))])
    finished, block, said = kept(
        ev.ActionFinished(action_id=f"id {VALUE}", text=f"a {VALUE} b {quoted}"),
        ev.BlockFinished(
            turn_id="t", index=0, block={"type": "text", "text": [{"deep": f"<{VALUE}>"}]}
        ),
        ev.UserMessage(text=f"my password is {VALUE}"),
        vault=vault,
    )
    assert isinstance(finished, ev.ActionFinished)
    assert finished.text == "a <secret>mail password</secret> b <secret>other</secret>"
    assert finished.action_id == f"id {VALUE}"  # what is ours stays as it is
    assert VALUE not in block.model_dump_json()
    assert VALUE not in said.model_dump_json()


@pytest.mark.parametrize("word", ["stopped", "speaking", "offline", "left_click", "tool_use"])
def test_a_secret_that_is_one_of_our_own_words_breaks_no_event(word: str) -> None:
    vault = Vault([secret(value=SecretStr(word))])
    call = {"type": "tool_use", "id": word, "name": "left_click", "input": {"text": f"a {word}"}}
    events = kept(
        ev.TaskFinished(task_id="t", outcome="stopped", summary=f"It said {word}."),
        ev.Narrated(narration_id="n", text=word, state="speaking"),
        ev.TurnStarted(turn_id="t", model="offline", messages=1),
        ev.BlockFinished(turn_id="t", index=0, block=call),
        ev.SettingChanged(name="model", value=word),
        vault=vault,
    )
    for event in events:
        assert load_event(dump_event(event)) == event
    finished, narrated, started, block, changed = events
    assert isinstance(finished, ev.TaskFinished)
    assert (finished.outcome, finished.summary) == (
        "stopped",
        "It said <secret>mail password</secret>.",
    )
    assert isinstance(narrated, ev.Narrated)
    assert (narrated.state, narrated.text) == ("speaking", "<secret>mail password</secret>")
    assert isinstance(started, ev.TurnStarted)
    assert started.model == "offline"
    assert isinstance(block, ev.BlockFinished)
    told = {"text": "a <secret>mail password</secret>"}
    assert block.block == call | {"input": told}
    assert isinstance(changed, ev.SettingChanged)
    assert changed.value == word


def test_a_secret_within_another_does_not_show_the_rest_of_it() -> None:
    longer = secret(name="longer", value=SecretStr(f"{VALUE}-and-more"))
    (event,) = kept(ev.UserMessage(text=f"{VALUE}-and-more"), vault=Vault([secret(), longer]))
    assert isinstance(event, ev.UserMessage)
    assert event.text == "<secret>longer</secret>"


def test_without_secrets_an_event_is_kept_as_it_is() -> None:
    event = ev.UserMessage(text="hello")
    assert Vault().scrubbed(event) is event
    assert Vault([secret()]).scrubbed(event) is event


def test_the_model_is_told_names_and_only_what_is_new() -> None:
    vault = Vault([secret(title="Log in")])
    log = EventLog(MemoryJournal())
    tell(log.append, vault, log)
    tell(log.append, vault, log)
    (told,) = log.of(ev.UserMessage)
    assert told.text.startswith(f"{TOLD}<secret>mail password</secret> (in mousepad, “Log in”).")
    assert told.origin == "session"
    vault.remove("Mail Password")
    tell(log.append, vault, log)
    assert [event.text for event in log.of(ev.UserMessage)][1:] == [f"{TOLD}none."]


# What can be a secret ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"value": SecretStr("12345")},
        {"value": SecretStr("x" * 501)},
        {"value": SecretStr("two\nlines")},
        {"value": SecretStr("tab\there")},
        {"name": ""},
        {"name": "</secret>"},
        {"name": "n" * 41},
        {"program": " "},
    ],
)
def test_what_cannot_be_one_is_refused_without_saying_it(given: dict[str, Any]) -> None:
    with pytest.raises(BadInput) as refused:
        secret(**given)
    if "value" in given:
        assert given["value"].get_secret_value() not in str(refused.value)


def test_the_shortest_and_the_longest_are_taken() -> None:
    assert secret(value=SecretStr("123456"), name="n" * 40)
    assert secret(value=SecretStr("x" * 500))
    assert VALUE not in repr(secret())


def test_of_one_name_the_latest_counts_and_there_are_a_hundred() -> None:
    vault = Vault(secret(name=f"secret {n}") for n in range(100))
    vault.put(secret(name="Secret 7", program="thunar"))
    assert len(vault) == 100
    with pytest.raises(BadInput, match="100 secrets"):
        vault.put(secret(name="one more"))


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, "utf-8")
    path.chmod(mode)
    return path


ROW = f'[[secret]]\nname = "mail password"\nvalue = "{VALUE}"\nprogram = "mousepad"\n'


def test_a_file_gives_them(tmp_path: Path) -> None:
    (found,) = load_secrets(written(tmp_path / "s.toml", ROW))
    assert found == secret()


@pytest.mark.parametrize(
    ("text", "mode", "why"),
    [
        (ROW, 0o640, "chmod 600"),
        (ROW, 0o604, "chmod 600"),
        (ROW + "value", 0o600, "not TOML"),
        (ROW + f'title = "{VALUE}', 0o600, "not TOML"),
        ("", 0o600, "no [[secret]]"),
        (ROW + "window = 'x'", 0o600, "no “window”"),
        (ROW + "title = 3", 0o600, "texts only"),
        ("secret = 3", 0o600, "no [[secret]]"),
        ("secret = [3]", 0o600, "texts only"),
    ],
)
def test_a_file_that_will_not_do_is_refused(tmp_path: Path, text: str, mode: int, why: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_secrets(written(tmp_path / "s.toml", text, mode))
    assert why in str(refused.value)
    assert VALUE not in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no\.toml cannot be read"):
        load_secrets(tmp_path / "no.toml")


def test_a_name_that_nobody_knows_is_told_without_any() -> None:
    with pytest.raises(ToolError, match="There is none"):
        Vault().asked("<secret>mail</secret>")
    assert Vault().asked("plain text") is None


# Pictures -----------------------------------------------------------------------------------


def test_a_field_is_covered_in_the_whole_picture_and_in_a_part() -> None:
    whole = np.full((100, 200, 4), 9, np.uint8)
    (box,) = boxes = [Box(50, 20, 30, 10)]
    shown = covered(whole, boxes, (0, 0, 200, 100))
    assert not shown[20:30, 50:80].any()
    assert (shown == 0).sum() == box.width * box.height * 4
    part = np.full((40, 80, 4), 9, np.uint8)  # of (60, 10) to (100, 30), twice as large
    shown = covered(part, boxes, (60, 10, 100, 30))
    assert not shown[20:40, 0:40].any()
    assert (shown == 0).sum() == 20 * 40 * 4


def test_a_box_elsewhere_leaves_the_picture_as_it_is() -> None:
    part = np.full((10, 10, 4), 9, np.uint8)
    assert covered(part, [Box(50, 20, 30, 10)], (0, 0, 10, 10)) is part
