"""Which actions are asked about, and in which words."""

from __future__ import annotations

import pytest

from agent.record.events import ControlReturned
from agent.session.approval import DEFAULT_RULES, Approvals, Rule, shown
from agent.tools.base import Intent

TERMINAL = {"wm_class": "Xfce4-terminal", "title": "Terminal - user"}


def computer(action: str, **target: str) -> Intent:
    return Intent("computer", action, target)


def judge(intent: Intent) -> tuple[str, str]:
    verdict = Approvals().judge(intent)
    return verdict.decision, verdict.rule


@pytest.mark.parametrize(
    "intent",
    [
        Intent("shell", "bash", {"command": "ls"}),
        computer("type", text="rm -r x\n", **TERMINAL),
        computer("type", text="rm -r x\r", **TERMINAL),
        computer("key", key="Return", **TERMINAL),
        computer("key", key="KP_Enter", **TERMINAL),
        computer("key", key="ctrl+m", **TERMINAL),
        computer("key", key="ctrl+J", **TERMINAL),
        computer("key", key="ctrl+o", **TERMINAL),
        computer("key", key="shift+Return", wm_class="XTerm"),
        computer("type", text="reboot\n", wm_class="Xfce4-appfinder"),
        computer("key", key="Return+a", **TERMINAL),
        computer("key", key="Return+shift", **TERMINAL),
        computer("key", key="alt+ctrl+m", **TERMINAL),
        computer("key", key="ctrl+shift+j", **TERMINAL),
        computer("hold_key", key="KP_Enter", **TERMINAL),
        computer("key", key="Return"),
        computer("type", text="reboot\n"),
        computer("type", text="make\n", wm_class="Geany", role="terminal"),
        computer("type", text="reboot\n", wm_class="Guake"),
        computer("key", key="shift+KP_Insert", **TERMINAL),
        computer("key", key="shift+KP_0", **TERMINAL),
        computer("key", key="ctrl+shift+Insert", **TERMINAL),
        computer("key", key="XF86_Paste", **TERMINAL),
        computer("left_click", role="menu item", name="Paste", **TERMINAL),
        computer("left_click_drag", wm_class="Mousepad", onto="Xfce4-terminal"),
        computer("left_click_drag", wm_class="Thunar", onto_name="Trash"),
        computer("key", key="ctrl+shift+v", **TERMINAL),
        computer("key", key="shift+Insert", **TERMINAL),
        computer("middle_click", **TERMINAL),
        computer("key", key="alt+e p", **TERMINAL),
        computer("key", key="shift+F10 Down Down space", role="terminal", **TERMINAL),
        computer("left_click", role="push button", name="Delete"),
        computer("left_click", role="menu item", name="Send message…"),
        computer("double_click", role="push button", name="  Pay now"),
        computer("left_mouse_down", role="push button", name="Buy"),
        computer("key", key="Return", role="push button", name="Remove all"),
        computer("key", key="space", role="push button", name="Place order"),
        computer("type", text="\n", role="push button", name="Remove all", wm_class="Thunar"),
        computer("type", text=" ", role="push button", name="Pay", wm_class="Firefox"),
        computer("key", key="Return", role="entry", name="Card", submits="Pay now"),
        computer("type", text="1\n", role="entry", name="Card", submits="Pay now"),
        computer("left_click", role="push button", name="Permanently delete"),
        computer("left_click", role="push button", name="Yes, delete it"),
        computer("key", key="Delete+a", wm_class="Thunar"),
        computer("key", key="Delete", wm_class="Thunar"),
        computer("key", key="shift+Delete", wm_class="Thunar"),
        Intent("editor", "create", {"path": "/home/user/.bashrc"}),
        Intent("editor", "create", {"path": "/home/user/.config/autostart/x.desktop"}),
        Intent("editor", "create", {"path": "~/notes/../.profile"}),
        Intent("editor", "create", {"path": "..profile"}),
    ],
    ids=str,
)
def test_what_may_do_harm_is_asked_about(intent: Intent):
    assert judge(intent)[0] == "ask"


@pytest.mark.parametrize(
    "intent",
    [
        computer("type", text="ls -la", **TERMINAL),
        computer("key", key="Tab", **TERMINAL),
        computer("type", text="one\ntwo\n", wm_class="Mousepad"),
        computer("key", key="Return", wm_class="Mousepad", role="text", name=""),
        computer("left_click", role="text", name="Delete this paragraph"),
        computer("left_click", role="push button", name="Undelete"),
        computer("left_click", role="push button", name="Sender"),
        computer("mouse_move", role="push button", name="Delete"),
        computer("key", key="Delete", wm_class="Mousepad", role="text"),
        computer("key", key="ctrl+v", wm_class="Mousepad"),
        computer("left_click", role="menu item", name="Paste", wm_class="Mousepad"),
        computer("left_click_drag", wm_class="Xfce4-terminal", onto="Mousepad"),
        computer("left_click_drag", **TERMINAL),
        computer("type", text="one two", wm_class="Mousepad", role="text", name="Delete"),
        computer("key", key="ctrl+j", wm_class="Mousepad"),
        Intent("editor", "create", {"path": "./notes/../letter.txt"}),
        Intent("editor", "create", {"path": "/home/user/letter.txt"}),
        Intent("shell", "bash", {"command": "ls"}, harmless=True),
    ],
    ids=str,
)
def test_ordinary_work_is_not(intent: Intent):
    assert judge(intent)[0] == "allow"


def test_the_question_reads_back_what_would_run():
    approvals = Approvals()
    approvals.done(computer("type", text="rm -r ", **TERMINAL))
    approvals.done(computer("key", key="Left", **TERMINAL))
    approvals.done(computer("type", text="letters", **TERMINAL))
    verdict = approvals.judge(computer("key", key="Return", **TERMINAL))
    assert "“rm -r letters”" in verdict.question
    assert verdict.question.endswith("Say “yes, run it” to allow it.")
    approvals.done(computer("key", key="Return", **TERMINAL))
    assert "rm -r" not in approvals.judge(computer("key", key="Return", **TERMINAL)).question


def asked_after(*actions: Intent, window: str = "") -> str:
    """The question before Enter in a terminal, after these actions."""
    approvals = Approvals()
    for action in actions:
        approvals.begins(action)
        approvals.done(action)
    enter = Intent("computer", "key", {"key": "Return", **TERMINAL}, window=window)
    return approvals.judge(enter).question.removesuffix(" Say “yes, run it” to allow it.")


def typed(text: str, window: str = "") -> Intent:
    return Intent("computer", "type", {"text": text, **TERMINAL}, window=window)


@pytest.mark.parametrize("change", ["Left", "Up", "BackSpace", "Tab", "ctrl+w", "shift+a"])
def test_a_line_that_keys_may_have_changed_is_not_read_back_as_what_would_run(change: str):
    changed = computer("key", key=change, **TERMINAL)
    assert asked_after(typed("ls"), changed) == (
        "Run what stands in the window “Terminal - user”, where “ls” was typed and then changed?"
    )
    assert asked_after(changed) == "Run what stands in the window “Terminal - user”?"


SECRET = {"unshown": "yes", "prompt": "[sudo] password for user:", **TERMINAL}


@pytest.mark.parametrize("more", [{"text": "hunter2\n"}, {"key": "Return"}, {"key": "h 2 Return"}])
def test_what_a_program_reads_without_showing_it_is_not_read_out(more: dict[str, str]):
    """Neither in the question nor as something to allow for the session."""
    approvals = Approvals()
    approvals.done(Intent("computer", "type", {"text": "hunter2", **SECRET}, window="7"))
    verdict = approvals.judge(Intent("computer", "", {**SECRET, **more}, window="7"))
    assert verdict.question == (
        "Answer “[sudo] password for user:” in the window “Terminal - user”? A program reads "
        "there without showing what is typed. Say “yes, run it” to allow it."
    )
    assert verdict.grant is None


@pytest.mark.parametrize(
    "more",
    [
        {"text": "hunter2\nreboot\n"},
        {"text": "hunter2\rreboot"},
        {"key": "Return r m Return"},
        {"key": "Return", "repeat": "2"},
    ],
)
def test_what_comes_after_a_password_is_read_out(more: dict[str, str]):
    """It goes to whatever reads the next line: to a shell, as a rule."""
    verdict = Approvals().judge(computer("type" if "text" in more else "key", **SECRET, **more))
    assert verdict.decision == "ask"
    assert "Answer" not in verdict.question


def test_a_prompt_that_cannot_be_read_is_told_by_its_window():
    verdict = Approvals().judge(computer("key", key="Return", unshown="yes", **TERMINAL))
    assert verdict.question.startswith("Enter it in the window “Terminal - user”? A program reads")


def test_single_keys_are_read_back_as_what_they_write():
    keys = [computer("key", key=key, **TERMINAL) for key in ("r", "m", "space", "x")]
    assert asked_after(*keys) == "Run “rm x” in the window “Terminal - user”?"
    dots = computer("key", key=".", repeat="3", **TERMINAL)
    assert asked_after(dots) == "Run “...” in the window “Terminal - user”?"


def test_each_terminal_has_its_own_line():
    one, two = typed("rm -r x", "1"), typed("ls", "2")
    assert "“ls”" in asked_after(one, two, window="2")
    assert "“rm -r x”" in asked_after(one, two, window="1")


def test_what_follows_the_last_enter_is_the_open_line():
    assert "“rm x”" in asked_after(typed("ls\nrm x"))
    assert asked_after(typed("ls\n")) == "Press Enter in the window “Terminal - user”?"
    assert "“rm x”" in asked_after(
        typed("ls"), computer("key", key="ctrl+c", **TERMINAL), typed("rm x")
    )


def test_an_action_that_was_cut_leaves_the_line_in_doubt():
    approvals = Approvals()
    approvals.begins(typed("rm -r letters"))
    question = approvals.judge(typed("\n")).question
    assert question.startswith("Run what stands in the window")


def test_the_person_may_have_changed_the_line_meanwhile():
    approvals = Approvals()
    approvals.done(typed("ls"))
    approvals.add(ControlReturned())
    assert "and then changed" in approvals.judge(typed("\n")).question


@pytest.mark.parametrize("over", ["Xfce4-terminal", "Mousepad"])
def test_a_drag_in_steps_into_a_terminal_is_asked_about_like_one_at_once(over: str):
    approvals = Approvals()
    approvals.done(Intent("computer", "left_mouse_down", {"wm_class": over}, window=over))
    released = Intent("computer", "left_mouse_up", TERMINAL, window="Xfce4-terminal")
    assert approvals.judge(released).decision == ("ask" if over == "Mousepad" else "allow")


def test_hidden_characters_are_shown():
    verdict = Approvals().judge(Intent("shell", "bash", {"command": "ls\u202e\x1b[2K\nrm x"}))
    assert "ls\\u202e\\x1b[2K\\nrm x" in verdict.question
    assert len(shown("x" * 9999)) < 500


def test_the_first_rule_that_fits_decides():
    never = Rule("no shell", "deny", lambda intent: intent.tool == "shell", advice="No shell here.")
    other = Rule("editor", "alternative", lambda intent: True, advice="Use the editor tool.")
    approvals = Approvals((never, *DEFAULT_RULES, other))
    denied = approvals.judge(Intent("shell", "bash", {"command": "ls"}))
    assert (denied.decision, denied.advice) == ("deny", "No shell here.")
    assert approvals.judge(computer("type", text="x")).decision == "alternative"


def test_a_rule_answered_beforehand_does_not_ask():
    approvals = Approvals(allowed=frozenset({"shell"}))
    assert approvals.judge(Intent("shell", "bash", {"command": "ls"})).decision == "allow"
    assert approvals.judge(computer("key", key="Return", **TERMINAL)).decision == "ask"


@pytest.mark.parametrize(
    "opening", ["alt+e", "shift+F10", "Menu", "F10", "right_click", "alt+e Down"]
)
@pytest.mark.parametrize(
    ("then", "asked"),
    [
        (computer("key", key="p", **TERMINAL), True),
        (computer("key", key="space", **TERMINAL), True),
        (computer("key", key="Down space", **TERMINAL), True),
        (computer("type", text="p", **TERMINAL), True),
        (computer("key", key="Down", **TERMINAL), False),
        (computer("key", key="Escape p", **TERMINAL), False),
        (computer("key", key="p", role="terminal", name="Terminal", **TERMINAL), False),
        (computer("key", key="p", wm_class="Mousepad"), False),
    ],
    ids=str,
)
def test_what_keys_choose_from_a_terminals_menu_is_asked_about(
    opening: str, then: Intent, asked: bool
):
    approvals = Approvals()
    by_key = computer("key", key=opening, role="terminal", **TERMINAL)
    first = computer("right_click", **TERMINAL) if opening == "right_click" else by_key
    assert approvals.judge(first).decision == "allow"
    approvals.begins(first)
    approvals.done(first)
    verdict = approvals.judge(then)
    assert (verdict.rule == "paste into terminal") is asked


def test_a_menu_stays_open_while_keys_move_in_it():
    approvals = Approvals()
    for key in ("alt+e", "Down", "Up"):
        intent = computer("key", key=key, **TERMINAL)
        assert approvals.judge(intent).decision == "allow"
        approvals.done(intent)
    assert approvals.judge(computer("key", key="p", **TERMINAL)).question.startswith(
        "Press “p” in a menu of the window “Terminal - user”? It may paste the clipboard."
    )
