"""One turn: go on with the plan until an action is needed or all is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.desktop.base import Desktop
from agent.models.offline import (
    answers,
    applications,
    arranging,
    closing,
    editing,
    files,
    labelling,
    opening,
    paging,
    pointing,
    program_keys,
    reading,
    talk,
    text,
    writing,
)
from agent.models.offline.grammar import Command
from agent.models.offline.overlay import Overlay
from agent.models.offline.progress import Mark, Progress, Result
from agent.models.offline.sentences import Plan, is_place, parse
from agent.models.offline.steps import Act, Call, Done, Fail, Handler, Moment
from agent.models.offline.suggest import not_understood
from agent.models.offline.view import look
from agent.models.offline.words import number, ordinal, strip_back
from agent.session.fate import fate_of

HANDLERS: dict[str, Handler] = {
    "open_app": opening.open_named,
    "new_window": applications.new_window,
    "focus": applications.focus,
    "switch": opening.switch_named,
    "close": applications.close,
    "close_document": applications.close_document,
    "tile": arranging.tile,
    "side_by_side": arranging.side_by_side,
    "move_window": arranging.move,
    "close_all": closing.close_all,
    "minimise": applications.minimise,
    "maximise": applications.maximise,
    "restore": applications.restore,
    "show_desktop": applications.show_desktop,
    "list_apps": applications.list_apps,
    "go_to": applications.go_to,
    "click": pointing.click_label,
    "click_here": pointing.click_here,
    "context_menu": pointing.context_menu,
    "menu": pointing.menu,
    "close_menu": pointing.close_menu,
    "click_text": pointing.click_text,
    "move_pointer": pointing.move_pointer,
    "hover": pointing.hover,
    "drag": pointing.drag,
    "show_numbers": labelling.show_numbers,
    "show_grid": labelling.show_grid,
    "hide_numbers": labelling.hide,
    "mark": labelling.mark,
    "drag_marked": pointing.drag_marked,
    "scroll": pointing.scroll,
    "scroll_to": text.scroll_to,
    "tick": paging.tick,
    "choose": pointing.choose,
    "fill": paging.fill,
    "browse": text.turn_page,
    "type": writing.type_,
    "date": writing.date,
    "secret": writing.secret,
    "keys": editing.keys,
    "edit": editing.edit,
    "text": text.text,
    "new_document": editing.new_document,
    "save": writing.save,
    "save_as": writing.save_as,
    "save_dialog": writing.save_dialog,
    "open_file": opening.open_file,
    "create_file": files.create_file,
    "create_folder": files.create_folder,
    "change_file": files.change,
    "find_file": files.find,
    "open_newest": opening.open_newest,
    "up_folder": program_keys.up_folder,
    "zoom": program_keys.zoom,
    "print": program_keys.print_,
    "clock": answers.clock,
    "sum": answers.sum_,
    "disk": answers.disk,
    "count_windows": answers.count_windows,
    "count_files": answers.count_files,
    "is_open": answers.is_open,
    "list_files": files.list_files,
    "read_file": files.read_file,
    "run": files.run,
    "read": reading.read,
    "line_read": text.read,
    "picture": reading.picture,
    "look": reading.describe,
    "wait": reading.wait,
    "screenshot": reading.screenshot,
    **talk.HANDLERS,
    "choose_number": pointing.choose_number,
    "number": pointing.choose_number,
}
"""What carries out each intent of the grammar."""

_BARE_PLACE = re.compile(
    r"^(?:(?:do|use|take|try|make that|make it)\s+)?(?:(?:the|my|a)\s+)?", re.IGNORECASE
)
_SCRATCH = re.compile(r"\b(?:scratch|strike|take)\b", re.IGNORECASE).search
_MEANT = re.compile(
    r"(?:no[,.!]?\s+)?(?:i (?:meant|said|mean)|it should (?:be|say)|that should (?:be|say))"
    r"[:,]?\s+(?:to (?:say|write|type)\s+)?(.+)",
    re.IGNORECASE | re.DOTALL,
)
_MOST_TIMES = 20
"""How often something is done again at the most."""

_CHOOSABLE = ("click", "hover", "switch", "focus", "open_app", "close", "menu", "new_window")


@dataclass(frozen=True, slots=True)
class Turn:
    """What the planner answers: a line, and the calls to make, each with its id."""

    say: str
    calls: tuple[tuple[str, Call], ...] = ()
    achieved: bool = True
    """Whether all that it speaks of was understood and done."""

    understood: bool = True
    """Whether all that it speaks of was understood."""


@dataclass
class _Place:
    """Where in which plan we are while a turn is made."""

    task: int
    upto: int
    command: int = 0
    phase: int = 0
    memo: str = ""
    results: tuple[Result, ...] = ()
    resuming: bool = False
    said: list[str] = field(default_factory=list)
    achieved: bool = True
    understood: bool = True

    def next_command(self) -> None:
        self.command, self.phase, self.memo = self.command + 1, 0, ""
        self.results, self.resuming = (), False

    def mark(self, act: Act) -> Mark:
        return Mark(self.task, self.upto, self.command, act.phase, act.memo)


def plan_for(instructions: Sequence[str], task: int) -> Plan:
    """The plan of an instruction; "the second one" and "yes" stand for the one before."""
    plan = parse(instructions[task])
    only = plan.commands[0] if len(plan.commands) == 1 else None
    meant = _MEANT.fullmatch(instructions[task].strip()) if task else None
    if meant and (corrected := _corrected(plan_for(instructions, task - 1), meant[1])):
        return corrected
    alone = only is not None and bool(only.slot("alone"))
    if (plan.unknown or alone) and task and fate_of(instructions[task]) == "redirect":
        return _other_place(plan, plan_for(instructions, task - 1))
    if only is not None and only.intent in ("again", "reopen") and task:
        return _once_more(plan, only, plan_for(instructions, task - 1))
    if only is not None and task and (said := _dictated(instructions[task - 1], only)):
        return Plan((Command("text", {"act": "delete", "dictated": said}, only.said),))
    if only is None or only.intent not in ("choose_number", "confirm") or task == 0:
        return plan
    before = plan_for(instructions, task - 1).commands
    index = max((i for i, c in enumerate(before) if c.intent in _CHOOSABLE), default=None)
    if index is None:
        return plan
    return Plan((_chosen(before[index], only), *before[index + 1 :]))


def _corrected(before: Plan, meant: str) -> Plan | None:
    """What makes good a dictation or a name that was heard wrongly: "no, I said goodbye"."""
    last = before.commands[-1] if before.commands else None
    meant = strip_back(meant).strip(" .,!?\"'“”")
    if last is None or not meant:
        return None
    if last.intent == "type":
        slots = {"act": "replace", "dictated": last.slot("text"), "text": meant}
        return Plan((Command("text", slots, meant),))
    if last.intent in ("create_file", "create_folder"):
        slots = {"what": "rename", "file": last.slot("name"), "name": meant}
        return Plan((Command("change_file", slots, meant),))
    return None


def _once_more(plan: Plan, command: Command, before: Plan) -> Plan:
    """The last request again so many times, or what it closed opened again."""
    if not before.commands:
        return plan
    if command.intent == "again":
        times = min(_MOST_TIMES, number(command.slot("count")) or 1)
        return Plan(before.commands * times)
    last = before.commands[-1]
    if last.intent in ("close", "minimise") and last.slot("window"):
        return Plan((Command("switch", {"window": last.slot("window")}, command.said),))
    return plan


def _dictated(before: str, command: Command) -> str:
    """What was dictated just before, if a command is about that: "scratch that"."""
    back = command.intent == "edit" and command.slot("what") == "undo" and _SCRATCH(command.said)
    that = command.intent == "text" and command.slot("that")
    commands = parse(before).commands if back or that else ()
    last = commands[-1] if commands else None
    return last.slot("text") if last is not None and last.intent == "type" else ""


def _other_place(plan: Plan, before: Plan) -> Plan:
    """What was asked for before, with the program or window that is meant by "no, the terminal"."""
    name = _BARE_PLACE.sub("", strip_back(plan.unknown or plan.commands[0].slot("app")))
    only = before.commands[0] if len(before.commands) == 1 else None
    slots = [slot for slot in ("app", "window") if only is not None and only.slot(slot)]
    if only is None or only.intent not in _CHOOSABLE or len(slots) != 1 or not is_place(name, 95):
        return plan
    return Plan((only.having(**{slots[0]: name}),))


def _chosen(command: Command, choice: Command) -> Command:
    if choice.intent == "confirm":
        return command.having(sure="yes")
    return command.having(place=str(ordinal(choice.slot("ordinal")) or 1))


async def next_turn(desktop: Desktop, progress: Progress, overlay: Overlay) -> Turn:
    """What to say and do next. ``overlay`` is what is drawn over the screen; it may change.

    Raises:
        DesktopError: the desktop is not there.
    """
    place = _begin(progress)
    if place is None:
        return Turn("There is nothing to do yet. Say: what can I say.")
    while True:
        plan = plan_for(progress.instructions, place.task)
        if plan.unknown:
            place.said.append(not_understood(plan.unknown, progress.instructions[place.task]))
            place.achieved = place.understood = False
        elif place.command < len(plan.commands):
            turn = await _step(desktop, progress, place, plan, overlay)
            if turn is not None:
                return turn
            continue
        if place.upto >= len(progress.instructions):
            said = _joined(place.said) or "Done."
            return Turn(said, achieved=place.achieved, understood=place.understood)
        place = _next_place(place)


def _next_place(place: _Place) -> _Place:
    """The next instruction, with what is to be said of those before."""
    return _Place(
        place.upto,
        place.upto + 1,
        said=place.said,
        achieved=place.achieved,
        understood=place.understood,
    )


async def _step(
    desktop: Desktop, progress: Progress, place: _Place, plan: Plan, overlay: Overlay
) -> Turn | None:
    """Carry out the next piece of a plan; None when the turn is not over by it."""
    command = plan.commands[place.command]
    at = Moment(
        desktop,
        await look(desktop),
        command,
        place.phase,
        place.memo,
        place.results,
        place.resuming,
        overlay,
    )
    try:
        step = await HANDLERS[command.intent](at)
    except OSError as error:  # a name that is too long, a folder that may not be read …
        step = Fail(f"I could not look at the files: {error.strerror or error}.")
    if isinstance(step, Act):
        overlay.clear()  # nothing is surely where it was
        mark = place.mark(step)
        calls = tuple((mark.id(progress.serial + i), c) for i, c in enumerate(step.calls))
        return Turn(_joined([*place.said, step.say]), calls, place.achieved)
    place.said.append(step.say)
    if isinstance(step, Done):
        place.next_command()
        return None
    place.achieved = False
    left = len(plan.commands) - place.command - 1
    if left:
        place.said.append("I did not go on with the rest.")
    place.command = len(plan.commands)
    return None


def _joined(lines: Sequence[str]) -> str:
    """Lines as sentences."""
    said = [line if line.endswith((".", "!", "?", "…")) else f"{line}." for line in lines if line]
    return " ".join(said)


def _begin(progress: Progress) -> _Place | None:
    """The place that the messages lead to."""
    mark = progress.mark
    if progress.fresh is None and mark is not None:
        return _Place(mark.task, mark.upto, mark.command, mark.phase, mark.memo, progress.results)
    if not progress.instructions or progress.fresh is None:
        return None
    first = progress.fresh
    commands = parse(progress.instructions[first]).commands
    goes_on = len(commands) == 1 and commands[0].intent == "resume"
    cut = progress.cut
    if goes_on and cut is not None:
        return _Place(cut.task, first + 1, cut.command, resuming=True)
    return _Place(first, first + 1)
