"""Every word, key and window that a rule over harm knows, each by itself, and its near misses."""

from __future__ import annotations

import pytest

from agent import kinds
from agent.errors import InputHalted
from agent.kinds import ToolKind
from agent.permit import act_under, check_permit
from agent.record.events import (
    ApprovalAsked,
    ApprovalDecided,
    ControlReturned,
    Grant,
    GrantWithdrawn,
    HoldBegan,
    SessionOpened,
)
from agent.session.approval import DEFAULT_RULES, Approvals, Rule, shown
from agent.session.grants import Grants, command_grant, line_grant, program_grant
from agent.testing.scripted import FakeTool
from agent.tools.base import Intent

TERMINAL = {"wm_class": "Xfce4-terminal"}
PLACE = "the window “Xfce4-terminal”"


def computer(action: str, window: str = "", **target: str) -> Intent:
    return Intent("computer", action, target, window=window)


def rule_of(intent: Intent) -> str:
    """The rule that asks; empty if it is allowed."""
    verdict = Approvals().judge(intent)
    return verdict.rule if verdict.decision == "ask" else ""


@pytest.mark.parametrize(
    "name",
    ["Xterm", "Xfce4-terminal", "konsole", "URxvt", "kitty", "Alacritty", "tilix", "guake",
     "yakuake", "tilda", "ghostty", "foot", "st", "xfce4-appfinder", "xfrun4", "dmenu", "rofi",
     "gmrun", "krunner"],
)  # fmt: skip
def test_enter_runs_a_line_in_each_terminal_and_run_dialog(name: str) -> None:
    assert rule_of(computer("key", key="Return", wm_class=name)) == "terminal"


@pytest.mark.parametrize("name", ["Mousepad", "football", "Firefox-esr", "stick", "", "Thunar"])
def test_enter_in_another_window_runs_nothing(name: str) -> None:
    assert rule_of(computer("key", key="Return", wm_class=name)) == ""


@pytest.mark.parametrize(
    ("key", "ends"),
    [
        ("Return", True),
        ("KP_Enter", True),
        ("enter", True),
        ("Linefeed", True),
        ("ctrl+j", True),
        ("ctrl+m", True),
        ("ctrl+o", True),
        ("ctrl+k", False),
        ("ctrl+l", False),
        ("ctrl+n", False),
        ("ctrl+p", False),
        ("ctrl+i", False),
        ("j", False),
        ("m", False),
        ("o", False),
        ("shift+o", False),
        ("alt+j", False),
        ("a Return", True),
        ("Tab", False),
        ("ctrl+c", False),
    ],
)
def test_which_keys_end_a_line(key: str, *, ends: bool) -> None:
    assert (rule_of(computer("key", key=key, **TERMINAL)) == "terminal") is ends


@pytest.mark.parametrize(
    "word",
    ["pay", "buy", "order", "purchase", "check out", "checkout", "place order", "donate",
     "subscribe", "transfer", "send", "submit", "post", "publish", "reply", "forward", "delete",
     "remove", "erase", "discard", "empty trash", "empty the trash", "empty the wastebasket",
     "empty bin", "move to trash", "move to the wastebasket", "move to the bin", "format",
     "overwrite", "replace", "uninstall", "install", "confirm", "sign", "authorise", "authorize",
     "shut down", "shutdown", "log out", "logout", "restart",
     "accept the risk"],
)  # fmt: skip
def test_each_weighty_button(word: str) -> None:
    for name in (word.title(), f"Yes, {word}", f"OK {word}", f"Okay: {word}", f"“{word}…”"):
        assert rule_of(computer("left_click", name=name)) == "weighty button", name
    for front in ("permanently", "really", "force", "yes, really"):
        assert rule_of(computer("left_click", name=f"{front} {word}")) == "weighty button"
    assert rule_of(computer("left_click", name=f"Do not {word}")) == ""
    assert rule_of(computer("left_click", name=f"{word}xyz")) == ""


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("Proceed to bank.example (unsafe)", "weighty button"),
        ("Accept the Risk and Continue", "weighty button"),
        ("Back to safety", ""),
        ("Proceed to Terms", ""),
    ],
)
def test_to_pass_over_a_wrong_certificate_is_asked_about(name: str, asked: str) -> None:
    assert rule_of(computer("left_click", name=name, role="link")) == asked


@pytest.mark.parametrize(
    "role", ["text", "entry", "document", "terminal", "password text", "paragraph"]
)
def test_a_click_into_what_is_written_presses_nothing(role: str) -> None:
    assert rule_of(computer("left_click", name="Delete", role=role, wm_class="Mousepad")) == ""
    assert rule_of(computer("left_click", name="Delete", role="push button")) == "weighty button"


@pytest.mark.parametrize(
    ("action", "target", "presses"),
    [
        ("left_click", {}, True),
        ("double_click", {}, True),
        ("left_mouse_down", {}, True),
        ("left_mouse_up", {}, True),
        ("left_click_drag", {}, True),
        ("mouse_move", {}, False),
        ("scroll", {}, False),
        ("key", {"key": "Return"}, True),
        ("key", {"key": "space"}, True),
        ("key", {"key": "KP_Space"}, True),
        ("key", {"key": "Tab"}, False),
        ("type", {"text": "x"}, False),
        ("type", {"text": "a b"}, True),
        ("type", {"text": "\n"}, True),
        ("type", {"text": "\r"}, True),
    ],
)
def test_what_presses_a_button(action: str, target: dict[str, str], *, presses: bool) -> None:
    intent = computer(action, name="Delete", wm_class="Mousepad", **target)
    assert (rule_of(intent) == "weighty button") is presses


@pytest.mark.parametrize(
    ("action", "target", "presses"),
    [
        ("key", {"key": "Return"}, True),
        ("key", {"key": "KP_Enter"}, True),
        ("key", {"key": "space"}, False),
        ("key", {"key": "Tab"}, False),
        ("type", {"text": "x\n"}, True),
        ("type", {"text": "x\r"}, True),
        ("type", {"text": "x y"}, False),
        ("left_click", {}, False),
    ],
)
def test_enter_in_a_field_presses_the_button_of_its_form(
    action: str, target: dict[str, str], *, presses: bool
) -> None:
    field = {"role": "entry", "name": "Amount", "wm_class": "Firefox-esr", **target}
    asked = rule_of(computer(action, submits="Pay", **field))
    assert (asked == "weighty button") is presses
    assert rule_of(computer(action, submits="Search", **field)) == ""


@pytest.mark.parametrize(
    "name", ["Thunar", "Nautilus", "pcmanfm", "Xfdesktop", "dolphin", "nemo", "caja"]
)
def test_delete_in_each_file_manager(name: str) -> None:
    for key in ("Delete", "shift+Delete", "KP_Delete"):
        assert rule_of(computer("key", key=key, wm_class=name)) == "delete files"
    assert rule_of(computer("key", key="BackSpace", wm_class=name)) == ""
    assert rule_of(computer("key", key="Delete", wm_class="Mousepad")) == ""


@pytest.mark.parametrize("name", ["Trash", "wastebasket", "Rubbish Bin", "Recycle Bin"])
def test_a_drop_on_what_deletes(name: str) -> None:
    intent = computer("left_click_drag", wm_class="Thunar", onto_name=name)
    verdict = Approvals().judge(intent)
    assert verdict.rule == "delete files"
    assert verdict.question.startswith(f"Drop what is dragged on “{name}”?")
    assert rule_of(computer("left_click_drag", wm_class="Thunar", onto_name=f"My {name}")) == ""


def after(opening: str, then: str) -> str:
    """The rule that asks about keys in a terminal, after other keys in it."""
    approvals = Approvals()
    first = computer("key", "w", key=opening, role="terminal", **TERMINAL)
    approvals.begins(first)
    approvals.done(first)
    return approvals.judge(computer("key", "w", key=then, **TERMINAL)).rule


@pytest.mark.parametrize(
    ("opening", "opens"),
    [
        ("F10", True),
        ("shift+F10", True),
        ("Menu", True),
        ("alt+e", True),
        ("alt+Tab", False),
        ("alt+shift+Tab", False),
        ("ctrl+e", False),
        ("e", False),
        ("F9", False),
    ],
)
def test_which_keys_open_a_menu_of_a_terminal(opening: str, *, opens: bool) -> None:
    assert (after(opening, "p") == "paste into terminal") is opens


@pytest.mark.parametrize("move", ["Up", "Down", "Left", "Right", "Home", "End", "Tab", "shift+Tab"])
def test_each_key_that_moves_in_a_menu_chooses_nothing_and_leaves_it_open(move: str) -> None:
    assert after("F10", move) == ""
    assert after(f"F10 {move}", "p") == "paste into terminal"
    assert after(f"F10 {move} Escape", "p") == ""


@pytest.mark.parametrize(
    ("target", "pastes"),
    [
        ({"key": "ctrl+v"}, True),
        ({"key": "ctrl+shift+v"}, True),
        ({"key": "v"}, False),
        ({"key": "ctrl+b"}, False),
        ({"key": "shift+Insert"}, True),
        ({"key": "shift+KP_Insert"}, True),
        ({"key": "shift+KP_0"}, True),
        ({"key": "Insert"}, False),
        ({"key": "KP_0"}, False),
        ({"key": "ctrl+Insert"}, False),
        ({"key": "XF86Paste"}, True),
    ],
)
def test_which_keys_paste_into_a_terminal(target: dict[str, str], *, pastes: bool) -> None:
    intent = computer("key", **target, **TERMINAL)
    assert (rule_of(intent) == "paste into terminal") is pastes
    assert rule_of(computer("key", **target, wm_class="Mousepad")) == ""


@pytest.mark.parametrize(
    ("intent", "pastes"),
    [
        (computer("middle_click", **TERMINAL), True),
        (computer("middle_click", wm_class="Mousepad"), False),
        (computer("middle_click"), False),
        (computer("left_click", name="Paste", **TERMINAL), True),
        (computer("left_click", name="“Paste selection”", **TERMINAL), True),
        (computer("mouse_move", name="Paste", **TERMINAL), False),
        (computer("left_click", name="Copy, then paste", **TERMINAL), False),
        (computer("left_click", **TERMINAL), False),
        (computer("left_click_drag", wm_class="Mousepad", onto="XTerm"), True),
        (computer("left_click_drag", wm_class="Mousepad", onto="Mousepad"), False),
    ],
)
def test_which_clicks_paste_into_a_terminal(intent: Intent, *, pastes: bool) -> None:
    assert (rule_of(intent) == "paste into terminal") is pastes


@pytest.mark.parametrize(
    ("pressed_in", "pastes"), [("", False), ("editor", True), ("terminal", False)]
)
def test_letting_go_over_a_terminal_pastes_what_was_pressed_elsewhere(
    pressed_in: str, *, pastes: bool
) -> None:
    approvals = Approvals()
    if pressed_in:
        press = computer("left_mouse_down", pressed_in)
        approvals.begins(press)
        approvals.done(press)
    release = computer("left_mouse_up", "terminal", **TERMINAL)
    assert (approvals.judge(release).rule == "paste into terminal") is pastes


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        (".bashrc", True),
        ("/home/user/.config/x", True),
        ("/home/user/notes.txt", False),
        ("./notes", False),
        ("../notes", False),
        ("a/..", False),
        ("...", True),
        ("..a", True),
        ("a.b", False),
    ],
)
def test_which_files_are_hidden(path: str, *, hidden: bool) -> None:
    assert (rule_of(Intent("editor", "create", {"path": path})) == "hidden file") is hidden
    assert rule_of(computer("left_click", path=path)) == ""


def test_each_rule_asks_with_its_own_phrase_and_the_order_is_kept() -> None:
    found = [(rule.name, rule.decision, rule.phrase) for rule in DEFAULT_RULES]
    assert found == [
        ("harmless", "allow", "yes, do it"),
        ("secret", "ask", "yes, type it"),
        ("shell", "ask", "yes, run it"),
        ("terminal", "ask", "yes, run it"),
        ("paste into terminal", "ask", "yes, paste it"),
        ("weighty button", "ask", "yes, press it"),
        ("delete files", "ask", "yes, delete it"),
        ("upload", "ask", "yes, give it"),
        ("hidden file", "ask", "yes, change it"),
        ("program", "ask", "yes, start it"),
        ("memory", "ask", "yes, save it"),
        ("other tool", "ask", "yes, use it"),
    ]


def question(intent: Intent, approvals: Approvals | None = None) -> str:
    return (approvals or Approvals()).judge(intent).question.partition(" Say “")[0]


@pytest.mark.parametrize(
    ("intent", "words"),
    [
        (Intent("shell", "bash", {"command": "ls"}), "Run the command “ls”?"),
        (computer("type", text="ls\n", **TERMINAL), f"Run “ls\\n” in {PLACE}?"),
        (computer("key", key="Return", **TERMINAL), f"Press Enter in {PLACE}?"),
        (
            computer("key", key="Return", title="root", wm_class="XTerm"),
            "Press Enter in the window “root”?",
        ),
        (computer("key", key="Return"), "Press Enter in a window that cannot be told?"),
        (computer("middle_click", **TERMINAL), f"Paste the clipboard into {PLACE}?"),
        (
            computer("left_click_drag", onto="XTerm", onto_title="log"),
            "Paste what is dragged into the window “log”?",
        ),
        (
            Intent("browser", "file_upload", {"title": "Shop", "upload": "a.txt"}),
            "Give “a.txt” to the page “Shop”?",
        ),
        (
            Intent("browser", "file_upload", {"upload": "a.txt", "site": "shop.example.org"}),
            "Give “a.txt” to an untitled page of shop.example.org?",
        ),
        (computer("left_click", name="Delete"), "Press “Delete”?"),
        (computer("left_click", name="Delete", title="Mail"), "Press “Delete” in “Mail”?"),
        (
            computer("key", key="Delete", wm_class="Thunar"),
            "Delete what is selected in the window “Thunar”?",
        ),
        (
            Intent("editor", "create", {"path": "/h/.x"}),
            "Change the hidden file “/h/.x”?",
        ),
        (
            Intent("program", "start", {"by": "Mousepad", "line": "gcc"}),
            "Mousepad wants to start “gcc”. Allow it?",
        ),
        (
            Intent("program", "start", {"line": "gcc", "how": "line", "by": "bash"}),
            "In a terminal, bash wants to start “gcc”. Allow it?",
        ),
        (
            Intent("program", "start", {"line": "gcc", "how": "file"}),
            "A program wants to start “gcc”, which did not come with the system. Allow it?",
        ),
        (
            computer("key", key="Return", unshown="yes", prompt="Password:", **TERMINAL),
            f"Answer “Password:” in {PLACE}? A program reads there without showing what is typed.",
        ),
        (
            computer("key", key="Return", unshown="yes", **TERMINAL),
            f"Enter it in {PLACE}? A program reads there without showing what is typed.",
        ),
        (
            computer("key", key="Return Return", unshown="yes", **TERMINAL),
            f"Press Enter in {PLACE}?",
        ),
        (
            computer("type", text="<secret>bank</secret>\n", wm_class="Firefox"),
            "Type the secret “bank” into the window “Firefox”?",
        ),
    ],
)
def test_what_is_asked(intent: Intent, words: str) -> None:
    assert question(intent) == words


def test_a_line_is_put_together_from_what_was_typed_and_doubted_when_it_may_have_changed() -> None:
    approvals = Approvals()

    def do(intent: Intent) -> None:
        approvals.begins(intent)
        approvals.done(intent)

    do(computer("type", "w1", text="rm ", **TERMINAL))
    do(computer("key", "w1", key="x", **TERMINAL))
    do(computer("key", "w1", key="space", repeat="2", **TERMINAL))
    do(computer("type", "w2", text="other", **TERMINAL))
    enter = computer("key", "w1", key="Return", **TERMINAL)
    assert question(enter, approvals) == f"Run “rm x” in {PLACE}?"
    do(computer("key", "w1", key="Tab", **TERMINAL))
    assert question(enter, approvals).endswith("where “rm x” was typed and then changed?")
    do(computer("key", "w1", key="ctrl+u", **TERMINAL))  # of a changed line, who knows what is left
    assert "changed" in question(enter, approvals)
    do(computer("key", "w1", key="ctrl+c", **TERMINAL))
    assert question(enter, approvals) == f"Press Enter in {PLACE}?"
    do(computer("type", "w1", text="a\nb", **TERMINAL))
    assert question(enter, approvals) == f"Run “b” in {PLACE}?"
    do(enter)
    assert question(enter, approvals) == f"Press Enter in {PLACE}?"
    do(computer("type", "w1", text="c", **TERMINAL))
    do(computer("key", "w1", key="ctrl+u", **TERMINAL))
    assert question(enter, approvals) == f"Press Enter in {PLACE}?"
    other = computer("key", "w2", key="Return", **TERMINAL)
    assert question(other, approvals) == f"Run “other” in {PLACE}?"


@pytest.mark.parametrize("how", ["cut", "person", "drag"])
def test_a_line_is_in_doubt_after(how: str) -> None:
    approvals = Approvals()
    typed = computer("type", "w", text="ls", **TERMINAL)
    approvals.begins(typed)
    approvals.done(typed)
    approvals.add(HoldBegan(reason=""))
    enter = computer("key", "w", key="Return", **TERMINAL)
    assert "changed" not in question(enter, approvals)
    match how:
        case "cut":
            approvals.begins(typed)
        case "person":
            approvals.add(ControlReturned(note=""))
        case _:
            approvals.done(computer("left_click_drag", "v", wm_class="Mousepad", onto="x"))
    assert question(enter, approvals).endswith("where “ls” was typed and then changed?")


@pytest.mark.parametrize(
    ("intent", "reaches", "line"),
    [
        (computer("key", key="Return", **TERMINAL), True, True),
        (computer("middle_click", **TERMINAL), True, True),
        (computer("left_click", **TERMINAL), True, False),
        (computer("left_click", wm_class="Mousepad"), False, False),
        (computer("left_click_drag", wm_class="Mousepad", onto="XTerm"), True, True),
    ],
)
def test_what_is_told_before_the_hands_act(intent: Intent, *, reaches: bool, line: bool) -> None:
    told: list[tuple[bool, bool]] = []
    approvals = Approvals()
    approvals.on_begin = lambda intent, reaches, line: told.append((reaches, line))
    approvals.begins(intent)
    approvals.begins(Intent("shell", "bash", {"command": "ls"}))
    approvals.begins(Intent("computer", "screenshot", harmless=True))
    assert told == [(reaches, line)]
    assert approvals.may_reach(intent) is reaches
    assert not approvals.may_reach(Intent("shell", "bash", dict(TERMINAL)))
    assert not approvals.may_reach(Intent("computer", "screenshot", dict(TERMINAL), harmless=True))


def test_a_rule_that_denies_is_not_answered_beforehand() -> None:
    rules = (Rule("no clicks", "deny", lambda intent: True),)
    verdict = Approvals(rules, allowed=frozenset({"no clicks"})).judge(computer("left_click"))
    assert (verdict.decision, verdict.noted, verdict.grant) == ("deny", True, None)
    assert verdict.advice == "The person's rules do not allow this."
    assert not Approvals(()).judge(computer("left_click")).noted
    assert Approvals(allowed=frozenset({"shell"})).judge(
        Intent("shell", "bash", {"command": "ls"})
    ) == Approvals(allowed=frozenset({"shell"})).judge_start(
        Intent("shell", "bash", {"command": "ls"})
    )


LONG = "n" * 200


@pytest.mark.parametrize(
    ("intent", "length"),
    [
        (computer("key", key="Return", title=LONG, **TERMINAL), 60),
        (computer("left_click", name=f"Delete {LONG}"), 73),
        (computer("left_click", name="Delete", title=LONG), 60),
        (computer("left_click_drag", wm_class="Thunar", onto_name=f"Trash {LONG}"), 54),
        (Intent("editor", "create", {"path": f"/h/.{LONG}"}), 116),
        (Intent("program", "start", {"by": LONG, "line": "gcc"}), 60),
        (Intent(LONG, "use"), 60),
        (Intent("crane", "n" * 300), 200),
        (computer("type", text=f"<secret>{LONG}</secret>"), 60),
        (computer("key", key="Return", unshown="yes", prompt=LONG, **TERMINAL), 80),
    ],
)
def test_how_much_of_a_name_is_read_out(intent: Intent, length: int) -> None:
    asked = question(intent)
    assert "… (cut)" in asked
    assert "n" * length + "…" in asked
    assert "n" * (length + 1) not in asked


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"what": "a car"}, "Lift a car with the crane?"),
        ({"what": LONG}, f"Lift {LONG[:60]}… (cut) with the crane?"),
        ({"where": "here"}, "Use the tool “crane” to lift (where: here)?"),
        ({}, "Use the tool “crane” to lift?"),
    ],
)
def test_a_tool_that_was_added_asks_its_own_question(
    caplog: pytest.LogCaptureFixture, target: dict[str, str], words: str
) -> None:
    crane = ToolKind("crane", "Crane", "Lift.", FakeTool, question="Lift {what} with the crane?")
    kinds.add_tool(crane)
    try:
        assert question(Intent("crane", "lift", target)) == words
        assert ("“crane” cannot be filled in" in caplog.text) is ("what" not in target)
    finally:
        kinds.TOOLS.forget("crane")


def test_what_was_answered_beforehand_is_noted_as_that() -> None:
    command = Intent("shell", "bash", {"command": "ls"})
    by_rule = Approvals(allowed=frozenset({"shell"})).judge(command)
    assert (by_rule.decision, by_rule.beforehand, by_rule.noted) == ("allow", True, True)
    approvals = Approvals()
    grant = approvals.judge(command).grant
    for event in (asked(grant), decided()):
        approvals.add(event)
    granted = approvals.judge(command)
    assert (granted.decision, granted.beforehand, granted.noted) == ("allow", True, True)
    assert granted.grant == grant
    assert not Approvals().judge(command).beforehand


@pytest.mark.parametrize(("length", "cut"), [(400, False), (401, True)])
def test_how_much_of_a_text_is_shown(length: int, *, cut: bool) -> None:
    text = shown("x" * length)
    assert text == ("x" * 400 + "… (cut)" if cut else "x" * length)
    assert shown("a\tb\u202e") == "a\\tb\\u202e"


# Grants and permits --------------------------------------------------------------------------

GRANT = Grant(match={"tool": "shell", "command": "ls"}, words="ls")


def asked(grant: Grant | None = GRANT) -> ApprovalAsked:
    return ApprovalAsked(
        approval_id="p",
        action_id="a",
        action_hash="h",
        question="?",
        phrase="yes",
        timeout=9,
        grant=grant,
    )


def decided(decision: str = "allow", *, for_session: bool = True) -> ApprovalDecided:
    return ApprovalDecided(
        approval_id="p",
        decision=decision,  # type: ignore[arg-type]
        channel="button",
        for_session=for_session,
    )


@pytest.mark.parametrize(
    ("events", "given"),
    [
        ((asked(), decided()), True),
        ((asked(),), False),
        ((decided(),), False),
        ((asked(None), decided()), False),
        ((asked(), decided("deny")), False),
        ((asked(), decided(for_session=False)), False),
        ((asked(), decided(for_session=False), decided()), False),
        ((asked(), decided(), GrantWithdrawn(approval_id="p")), False),
        ((asked(), decided(), GrantWithdrawn(approval_id="q")), True),
        (
            (asked(), decided(), SessionOpened(session_id="s", model="m", prompt_hash="")),
            False,
        ),
        (
            (asked(), SessionOpened(session_id="s", model="m", prompt_hash=""), decided()),
            False,
        ),
    ],
)
def test_what_is_allowed_for_the_session(events: tuple[object, ...], *, given: bool) -> None:
    grants = Grants()
    for event in events:
        grants.add(event)  # type: ignore[arg-type]
    assert grants.covers(GRANT) is given
    assert bool(grants.given) is given
    assert not grants.covers(None)
    assert not grants.covers(Grant(match={"tool": "shell", "command": "ls -a"}, words="ls"))


@pytest.mark.parametrize(
    ("command", "can"),
    [
        ("ls", True),
        ("x" * 300, True),
        ("x" * 301, False),
        (" ", False),
        ("a\nb", False),
    ],
)
def test_which_deeds_can_be_allowed_for_the_session(command: str, *, can: bool) -> None:
    assert (command_grant(Intent("shell", "bash", {"command": command})) is not None) is can
    line = Intent("computer", "key", {"line": command}, window="w")
    assert (line_grant(line) is not None) is can
    program = Intent("program", "start", {"line": command, "exact": "e"})
    assert (program_grant(program) is not None) is can


@pytest.mark.parametrize(
    ("target", "window", "can"),
    [
        ({"line": "ls\n"}, "w", True),
        ({"line": "ls"}, "", False),
        ({"line": "ls", "changed": "yes"}, "w", False),
        ({"line": "ls", "unshown": "yes"}, "w", False),
    ],
)
def test_which_lines_can_be(target: dict[str, str], window: str, *, can: bool) -> None:
    grant = line_grant(Intent("computer", "key", target, window=window))
    assert (grant is not None) is can
    if grant is not None:
        assert grant.match == {"tool": "computer", "line": "ls", "window": "w"}
        assert "“ls”" in grant.words
        assert "(the same)" in grant.words
        titled = line_grant(Intent("computer", "key", {**target, "title": LONG}, window=window))
        assert titled is not None
        assert f"({'n' * 60})" in titled.words


@pytest.mark.parametrize(
    ("target", "can"),
    [
        ({"line": "gcc", "exact": "e"}, True),
        ({"line": "gcc"}, False),
        ({"line": "gcc…", "exact": "e"}, False),
        ({"line": "gcc •••", "exact": "e"}, False),
    ],
)
def test_which_programs_can_be(target: dict[str, str], *, can: bool) -> None:
    grant = program_grant(Intent("program", "start", {**target, "by": "make", "how": "line"}))
    assert (grant is not None) is can
    if grant is not None:
        assert grant.match == {"tool": "program", "exact": "e", "by": "make", "how": "line"}
        assert "by make" in grant.words


class Leave:
    valid = True


async def test_work_under_a_permit_acts_until_it_is_revoked() -> None:
    check_permit()
    leave = Leave()
    act_under(leave)
    check_permit()
    leave.valid = False
    with pytest.raises(InputHalted, match="may not go on"):
        check_permit()
