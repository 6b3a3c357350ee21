"""One turn: go on with the plan until an action is needed or all is said."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.desktop.base import Desktop, responds
from agent.errors import DesktopError
from agent.models.offline import (
    answers,
    applications,
    arranging,
    closing,
    dictating,
    editing,
    files,
    labelling,
    opening,
    paging,
    pointing,
    program_keys,
    reading,
    switching,
    talk,
    text,
    uploading,
    waiting,
    writing,
)
from agent.models.offline.conversation import plan_for
from agent.models.offline.overlay import Overlay
from agent.models.offline.places import call
from agent.models.offline.progress import Dictated, Mark, Progress, Result
from agent.models.offline.proposing import propose_on
from agent.models.offline.sentences import Plan, parse
from agent.models.offline.steps import Act, Call, Done, Fail, Handler, Moment, capital
from agent.models.offline.suggest import not_understood
from agent.models.offline.view import look

HANDLERS: dict[str, Handler] = {
    "open_app": opening.open_named,
    "new_window": applications.new_window,
    "focus": applications.focus,
    "switch": opening.switch_named,
    "focus_on": opening.focus_on,
    "close": applications.close,
    "close_document": applications.close_document,
    "tile": arranging.tile,
    "side_by_side": arranging.side_by_side,
    "move_window": arranging.move,
    "close_all": closing.close_all,
    "minimise": opening.hide_named,
    "maximise": applications.maximise,
    "restore": applications.restore,
    "show_desktop": applications.show_desktop,
    "list_apps": applications.list_apps,
    "go_to": opening.visit,
    "web_search": applications.web_search,
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
    "upload": uploading.upload,
    "type": writing.type_,
    "dictate": dictating.dictate,
    "dictation": dictating.switch,
    "date": writing.date,
    "secret": writing.secret,
    "keys": editing.keys,
    "hold": editing.hold,
    "edit": editing.edit,
    "text": text.text,
    "format": editing.form,
    "new_document": editing.new_document,
    "save": writing.save,
    "save_as": writing.save_as,
    "save_dialog": writing.save_dialog,
    "open_file": opening.open_file,
    "create_file": files.create_file,
    "create_folder": files.create_folder,
    "change_file": files.change,
    "find_file": files.find,
    "append_file": files.append,
    "file_fact": files.fact,
    "count_text": text.count,
    "caret_place": text.tell_place,
    "turn_tab": program_keys.turn_tab,
    "open_newest": opening.open_newest,
    "name_newest": files.name_newest,
    "up_folder": program_keys.up_folder,
    "zoom": program_keys.zoom,
    "print": program_keys.print_,
    "clock": answers.clock,
    "sum": answers.sum_,
    "disk": answers.disk,
    "count_windows": answers.count_windows,
    "count_files": answers.count_files,
    "is_open": answers.is_open,
    "list_files": reading.contents,
    "read_file": files.read_file,
    "run": files.run,
    "read": reading.read,
    "line_read": text.read,
    "picture": reading.picture,
    "look": reading.describe,
    "wait": waiting.wait,
    "wait_for": waiting.wait_for,
    "set_switch": switching.switch,
    "screenshot": reading.screenshot,
    **talk.HANDLERS,
    "choose_number": pointing.choose_number,
    "number": pointing.choose_number,
}
"""What carries out each intent of the grammar."""

_BROKE = (
    "Something in Sayso broke while I did that, so I stopped there. Look whether it is as you want "
    "it; the next command works."
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the planner answers: a line, and the calls to make, each with its id."""

    say: str
    calls: tuple[tuple[str, Call], ...] = ()
    achieved: bool = True
    """Whether all that it speaks of was understood and done."""

    understood: bool = True
    """Whether all that it speaks of was understood."""

    dictating: bool | None = None
    """Whether dictation is on from now on; None if that stays as it is."""


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
    dictating: bool | None = None

    def next_command(self) -> None:
        self.command, self.phase, self.memo = self.command + 1, 0, ""
        self.results, self.resuming = (), False

    def mark(self, act: Act) -> Mark:
        return Mark(self.task, self.upto, self.command, act.phase, act.memo)


async def next_turn(desktop: Desktop, progress: Progress, overlay: Overlay) -> Turn:
    """What to say and do next. ``overlay`` is what is drawn over the screen; it may change.

    Raises:
        DesktopError: the desktop is not there.
    """
    place = _begin(progress)
    if place is None:
        return Turn("There is nothing to do yet. Say: what can I say.")
    while True:
        plan = plan_for(progress, place.task)
        if plan.unknown:
            near = await propose_on(desktop, plan.unknown)
            whole = progress.instructions[place.task]
            place.said.append(not_understood(plan.unknown, whole, near))
            place.achieved = place.understood = False
        elif place.command < len(plan.commands):
            turn = await _step(desktop, progress, place, plan, overlay)
            if turn is not None:
                return turn
            continue
        if place.upto >= len(progress.instructions):
            said = _joined(place.said) or "Done."
            return Turn(
                said,
                achieved=place.achieved,
                understood=place.understood,
                dictating=place.dictating,
            )
        place = _next_place(place)


def _next_place(place: _Place) -> _Place:
    """The next instruction, with what is to be said of those before."""
    return _Place(
        place.upto,
        place.upto + 1,
        said=place.said,
        achieved=place.achieved,
        understood=place.understood,
        dictating=place.dictating,
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
        following=place.command > 0,
    )
    try:
        step = await HANDLERS[command.intent](at)
    except DesktopError:
        raise
    except OSError as error:  # a name that is too long, a folder that may not be read …
        step = Fail(f"I could not look at the files: {error.strerror or error}.")
    except Exception:  # noqa: BLE001 - a broken turn would be tried again with each sentence
        _log.exception("The command %s broke in phase %s", command.intent, at.phase)
        step = Fail(_BROKE)
    if isinstance(step, Act):
        overlay.clear()  # nothing is surely where it was
        mark = place.mark(step)
        calls = tuple((mark.id(progress.serial + i), c) for i, c in enumerate(step.calls))
        said = _joined([*place.said, step.say])
        return Turn(said, calls, place.achieved, dictating=place.dictating)
    place.said.append(step.say)
    if isinstance(step, Done):
        place.next_command()
        place.dictating = place.dictating if step.dictating is None else step.dictating
        return None
    place.achieved = False
    place.said += await _stuck(at)
    left = len(plan.commands) - place.command - 1
    if left:
        place.said.append("I did not go on with the rest.")
    place.command = len(plan.commands)
    return None


async def _stuck(at: Moment) -> list[str]:
    """That the program in front takes nothing in, which may be why a command failed."""
    window = at.view.active
    if window is None or await responds(at.desktop, window.id):
        return []
    name = capital(call(at.view, window))
    return [f"{name} does not answer: its program is busy or hangs."]


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
    said = progress.instructions[first]
    commands = () if isinstance(said, Dictated) else parse(said).commands
    goes_on = len(commands) == 1 and commands[0].intent == "resume"
    cut = progress.cut
    if goes_on and cut is not None:
        return _Place(cut.task, first + 1, cut.command, resuming=True)
    return _Place(first, first + 1)
