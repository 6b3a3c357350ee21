"""Which actions are asked about, and in which words."""

from __future__ import annotations

import pytest

from agent.approval import DEFAULT_RULES, Approvals, Rule, shown
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
        computer("key", key="shift+Return", wm_class="XTerm"),
        computer("type", text="reboot\n", wm_class="Xfce4-appfinder"),
        computer("key", key="ctrl+shift+v", **TERMINAL),
        computer("key", key="shift+Insert", **TERMINAL),
        computer("middle_click", **TERMINAL),
        computer("left_click", role="push button", name="Delete"),
        computer("left_click", role="menu item", name="Send message…"),
        computer("double_click", role="push button", name="  Pay now"),
        computer("left_mouse_down", role="push button", name="Buy"),
        computer("key", key="Return", role="push button", name="Remove all"),
        computer("key", key="space", role="push button", name="Place order"),
        computer("key", key="Delete", wm_class="Thunar"),
        computer("key", key="shift+Delete", wm_class="Thunar"),
        Intent("editor", "create", {"path": "/home/user/.bashrc"}),
        Intent("editor", "create", {"path": "/home/user/.config/autostart/x.desktop"}),
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
