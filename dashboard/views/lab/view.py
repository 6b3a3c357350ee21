"""The Lab of one page: where the person is, what is fetched for it, and what they ask for.

Whatever reads the disk or computes runs in threads; experiments run in `Runs`, which outlives
the page.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import panel as pn

from agent.errors import ConfigurationError, SaysoError
from agent.experiments.measures import measures
from agent.experiments.plan.task import Task, tasks_folder, tasks_in
from agent.experiments.run.deleting import delete
from agent.experiments.run.preflight import check_first
from agent.experiments.run.rescore import mend, rescore
from agent.experiments.run.store import Store
from dashboard.view_registry import ViewContext, views
from dashboard.views.lab import data
from dashboard.views.lab.choices import (
    against_default,
    all_tasks,
    asks_first,
    choices,
    cores,
    example,
    usual_slots,
    weigh,
)
from dashboard.views.lab.component import LabComponent, Message
from dashboard.views.lab.form import Form, form_of
from dashboard.views.lab.runs import runs_of
from dashboard.views.lab.trial_environment import KeyedEnvironment
from dashboard.views.lab.trials import trial
from dashboard.views.layout import sheet
from dashboard.web.disk import from_disk
from dashboard.words import marked, t

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from agent.experiments.plan.spec import Experiment
    from agent.prompts.library import PromptLibrary
    from agent.settings import Settings

_log = logging.getLogger(__name__)
_LEAD = marked(
    "Is prompt B better than prompt A on my tasks, by how much, at what price, and where does it "
    "break?"
)
_WHAT = "your experiments"
_LONGER = 6
"""Numbers of many trials are made in the same breath."""

_JUDGING = 60
"""The same of judging all trials of a study again."""

TABS = ("list", "design", "live", "compare", "trial", "prompts")
_PLACE = ("experiment", "trial", "a", "b", "other")


class LabView:
    """Keeps one `LabComponent` up to date while it is looked at."""

    def __init__(self, context: ViewContext) -> None:
        self._context = context
        self._document = pn.state.curdoc
        self._runs = runs_of(context.bench, context.entry.owner)
        self._records = self._runs.records
        self._more_tasks: dict[str, Task] = {}
        self._fetching: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unwatch: Callable[[], None] = lambda: None
        self._drawing = False
        self._unread = ""
        self._component = LabComponent(
            self._receive,
            replay="replay" in views(),
            measures=[kind.shown() for kind in measures().values()],
            sizing_mode="stretch_width",
        )
        self._component.at = self._first_place()
        self.root: Viewable = sheet(t("Lab"), t(_LEAD), self._component)

    def arrive(self, wanted: Mapping[str, str]) -> None:
        """Show what was shown last, or what ``wanted`` names: tab, experiment, trial.

        ``prompt`` (a name, or the beginning of a hash) leads to a design that tries it, with
        ``narration`` and ``tools`` if they are given.
        """
        self._unwatch()
        self._unwatch = self._runs.watch(self._changed)
        if prompt := wanted.get("prompt"):
            self._spawn(self._fill(partial(self._tried, prompt, wanted)))
            return
        self._show({**self._component.at, **wanted} if wanted else self._component.at)

    def leave(self) -> None:
        """Follow nothing while nobody looks."""
        self._unwatch()

    def close(self) -> None:
        """The page is gone; what runs goes on."""
        self._unwatch()
        for task in self._tasks:
            task.cancel()

    # Where the person is ------------------------------------------------------------------

    def _first_place(self) -> dict[str, str]:
        """As the page's address says, so that a reload comes back to the same place."""
        given = {
            name.removeprefix("lab-"): values[0].decode(errors="replace")
            for name, values in pn.state.session_args.items()
            if name.startswith("lab")
        }
        return {"tab": given.get("lab", "list"), **{n: given[n] for n in _PLACE if n in given}}

    def _show(self, at: Mapping[str, Any]) -> None:
        tab = str(at.get("tab", "list"))
        kept = {name: str(at[name]) for name in _PLACE if at.get(name)}
        self._component.param.update(at={"tab": tab if tab in TABS else "list", **kept}, fault="")
        self._refresh()

    def _refresh(self) -> None:
        if pn.state.curdoc is None or pn.state.loaded:
            self._fetch()
        else:  # what is told while the page is being loaded can be lost
            self._component.reading = self._component.at["tab"]
            pn.state.onload(self._fetch)

    def _fetch(self) -> None:
        tab = self._component.at["tab"]
        self._component.reading = tab
        self._spawn(self._fetched(tab, *(partial(read, self) for read in self._fetchers[tab])))

    async def _fetched(self, tab: str, *reads: Callable[[Mapping[str, str]], Message]) -> None:
        """Read in a thread, then show; only the latest request of a tab counts."""
        self._fetching[tab] += 1
        mine, at = self._fetching[tab], self._component.at
        for read in reads:
            await self._read(tab, mine, partial(read, at), last=read == reads[-1])

    async def _read(self, tab: str, mine: int, read: Callable[[], Message], *, last: bool) -> None:
        fault = ""
        found: Message = {}
        try:
            found = await from_disk(read, _WHAT, longer=_LONGER)
        except SaysoError as error:
            fault = str(error)
        except Exception as error:  # noqa: BLE001 - a tab's border: told in the tab
            _log.exception("The Lab's %s could not be read", tab)
            fault = t("This could not be read ({error}).", error=f"{type(error).__name__}: {error}")
        if mine == self._fetching[tab]:
            # What a request was refused with stays; what could not be read may be read by now.
            kept = "" if self._component.fault == self._unread else self._component.fault
            self._unread = fault
            reading = "" if last else tab
            self._tell(**found, fault=fault or kept, reading=reading, current=self._current())

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Fetching, in threads -----------------------------------------------------------------

    def _experiments(self) -> list[Message]:
        return [
            {"folder": folder, "name": folder.rpartition("-")[0]}
            for folder in self._records.folders()
        ]

    def _chosen(self, at: Mapping[str, str]) -> str:
        """The experiment in the address, else what runs, else the latest; or none."""
        latest = next(iter(self._records.folders()), "")
        return at.get("experiment") or self._runs.running or latest

    def _read_list(self, at: Mapping[str, str]) -> Message:
        rows = data.listing(self._records, judge=False)
        return {"listing": rows, "experiments": self._experiments()}

    def _read_verdicts(self, at: Mapping[str, str]) -> Message:
        return {"listing": data.listing(self._records)}

    def _read_design(self, at: Mapping[str, str]) -> Message:
        return {"choices": self._choices()}

    def _choices(self) -> Message:
        own, unusable = tasks_in(self._tasks_folder)
        tasks = all_tasks(self._more_tasks, own)
        return choices(self._records, self._settings, self._library, tasks, unusable)

    @property
    def _tasks_folder(self) -> Path:
        return tasks_folder(self._records.root)

    def _tasks_of_all(self) -> dict[str, Task]:
        return all_tasks(self._more_tasks, self._own())

    def _own(self) -> dict[str, Task]:
        """The person's tasks, as they lie in the folder now."""
        return tasks_in(self._tasks_folder)[0]

    @property
    def _settings(self) -> Settings:
        return self._context.bench.settings_of(self._context.entry.owner)

    @property
    def _library(self) -> PromptLibrary:
        return self._context.bench.people.library(self._context.entry.owner)

    def _read_live(self, at: Mapping[str, str]) -> Message:
        folder = self._chosen(at)
        if not folder:
            return {"live": {}, "experiments": []}
        shown = data.grid(self._records, folder, self._runs.progress(folder))
        return {"live": shown, "experiments": self._experiments(), "pictures": self._pictures()}

    def _read_compare(self, at: Mapping[str, str]) -> Message:
        folder = self._chosen(at)
        if not folder:
            return {"compare": {}, "experiments": []}
        arms = at.get("a", ""), at.get("b", "")
        found = data.comparison(self._records, folder, *arms, self._own())
        return {"compare": found, "experiments": self._experiments()}

    def _read_trial(self, at: Mapping[str, str]) -> Message:
        folder = self._chosen(at)
        if not folder:
            return {"trial": {}, "experiments": []}
        name = at.get("trial") or self._some_trial(folder)
        found = trial(self._records, folder, name, at.get("other", ""))
        return {"trial": found, "experiments": self._experiments()}

    def _read_prompts(self, at: Mapping[str, str]) -> Message:
        return {"prompts": data.prompts(self._records)}

    def _some_trial(self, folder: str) -> str:
        """One that did not pass, if there is any."""
        results = self._records.results(folder)
        wrong = (r.id for r in results if r.completed and not r.passed)
        return next(wrong, next((r.id for r in results), ""))

    # What runs ----------------------------------------------------------------------------

    def _changed(self) -> None:
        """Something happened in what runs: a few times a second, on the loop."""
        self._tell(current=self._current())
        proof = self._runs.proof
        if proof is not None and proof.phase == "failed":
            self._tell(fault=proof.error)
        shows = self._component.at["tab"] == "live" and self._runs.progress(self._shown_live())
        if shows and not self._drawing:
            self._drawing = True
            self._spawn(self._draw())

    async def _draw(self) -> None:
        try:
            await self._fetched("live", self._read_live)
        finally:
            self._drawing = False

    def _shown_live(self) -> str:
        return str(self._component.at.get("experiment") or self._component.live.get("folder", ""))

    def _current(self) -> Message:
        progress = self._runs.busy
        if progress is None:
            return {}
        return {
            "folder": self._runs.running,
            "proof": "" if self._runs.running else Path(progress.folder).name,
            "name": progress.experiment,
            "phase": progress.phase,
            "done": progress.done,
            "planned": progress.planned,
        }

    def _pictures(self) -> dict[str, str]:
        progress = self._runs.progress(self._runs.running) if self._runs.running else None
        return {t.id: t.picture for t in progress.running if t.picture} if progress else {}

    # Requests -----------------------------------------------------------------------------

    def _receive(self, message: Message) -> None:
        handler = self._wishes.get(str(message.get("type")))
        if handler is not None:
            self._component.fault = ""
            handler(self, message)

    def _wish_show(self, message: Message) -> None:
        at = message.get("at")
        if isinstance(at, dict):
            self._show(at)

    def _wish_refresh(self, message: Message) -> None:
        self._refresh()

    def _wish_check(self, message: Message) -> None:
        self._spawn(self._weigh(message, begin=False))

    def _wish_begin(self, message: Message) -> None:
        self._spawn(self._weigh(message, begin=True))

    async def _weigh(self, message: Message, *, begin: bool) -> None:
        """Say what the form means; begin with it if that was asked and nothing is wrong."""
        self._fetching["weigh"] += 1
        mine, slots = self._fetching["weigh"], _slots(message)
        given = message.get("form")
        form: Form = given if isinstance(given, dict) else {}
        settings, study = self._settings, ""
        try:
            experiment, shown = await from_disk(
                lambda: weigh(self._records, settings, form, self._tasks_of_all(), slots),
                _WHAT,
                longer=_LONGER,
            )
            if begin and not message.get("unproved") and (why := asks_first(shown)):
                raise ConfigurationError(why)
            if begin and experiment is not None:
                study = await from_disk(
                    partial(_created, self._records.root, experiment), _WHAT, longer=_LONGER
                )
                await self._runs.start(experiment, slots)
        except SaysoError as error:
            self._tell(fault=str(error))
            return
        if begin and experiment is not None:
            at = {"tab": "live", "experiment": study}
            self._soon(partial(self._show, at))
        elif mine == self._fetching["weigh"]:
            self._tell(weighed=shown | {"n": message.get("n")})

    def _wish_resume(self, message: Message) -> None:
        self._spawn(self._resume(str(message.get("experiment")), _slots(message)))

    async def _resume(self, folder: str, slots: int) -> None:
        try:
            experiment = await from_disk(lambda: self._records.experiment(folder), _WHAT)
            await self._runs.start(experiment, slots)
        except SaysoError as error:
            self._tell(fault=str(error))
            return
        self._soon(partial(self._show, {"tab": "live", "experiment": folder}))

    def _wish_prove(self, message: Message) -> None:
        self._spawn(self._prove(message))

    async def _prove(self, message: Message) -> None:
        """Prove the tasks that the form names; what came of it is weighed with the form."""
        form, settings, slots = dict(message.get("form") or {}), self._settings, _slots(message)
        try:
            experiment, _ = await from_disk(
                lambda: weigh(self._records, settings, form, self._tasks_of_all(), slots),
                _WHAT,
                longer=_LONGER,
            )
            if experiment is not None:
                await self._runs.prove(experiment, slots)
        except SaysoError as error:
            self._tell(fault=str(error))

    def _wish_gate(self, message: Message) -> None:
        self._spawn(self._gate(str(message.get("experiment")), message.get("points")))

    async def _gate(self, folder: str, points: object) -> None:
        """Hold the arms against the baseline, as the command's ``gate`` does it."""
        try:
            if not isinstance(points, int | float):
                raise ConfigurationError(t("Give a number of points, as in -5."))
            read = partial(data.held, self._records, folder, points)
            found = await from_disk(read, _WHAT, longer=_LONGER)
        except SaysoError as error:
            self._tell(fault=str(error))
            return
        arms = [asdict(one) for one in found]
        self._tell(gate={"folder": folder, "points": points, "arms": arms})

    def _wish_rescore(self, message: Message) -> None:
        self._spawn(self._rescore(str(message.get("experiment"))))

    async def _rescore(self, folder: str) -> None:
        try:
            store = await from_disk(lambda: self._records.store(folder), _WHAT)
            own = self._own()
            await from_disk(lambda: _judged_again(store, own), _WHAT, longer=_JUDGING)
        except SaysoError as error:
            self._tell(fault=str(error))
            return
        self._soon(partial(self._show, {"tab": "compare", "experiment": folder}))

    def _wish_delete(self, message: Message) -> None:
        self._spawn(self._delete(str(message.get("experiment"))))

    async def _delete(self, folder: str) -> None:
        try:
            if folder == self._runs.running:
                raise ConfigurationError(t("It is running: stop it first."))
            await from_disk(lambda: delete(self._records.store(folder)), _WHAT, longer=_LONGER)
        except SaysoError as error:
            self._tell(fault=str(error))
            return
        self._soon(partial(self._show, {"tab": "list"}))

    def _wish_cancel(self, message: Message) -> None:
        self._runs.cancel(str(message.get("experiment")))

    def _wish_stop_trial(self, message: Message) -> None:
        self._runs.stop_trial(str(message.get("experiment")), str(message.get("trial")))

    def _wish_copy(self, message: Message) -> None:
        self._spawn(self._fill(partial(self._copied, str(message.get("experiment")))))

    def _copied(self, folder: str) -> Form:
        experiment = self._records.experiment(folder)
        self._more_tasks |= {task.id: task for task in experiment.tasks}
        return form_of(experiment)

    def _tried(self, prompt: str, with_it: Mapping[str, str]) -> Form:
        known = self._choices()["prompts"]
        found = [p for p in known if prompt == p["name"] or p["hash"].startswith(prompt)]
        if not found:
            raise ConfigurationError(
                t("There is no prompt “{name}”; it may have been deleted.", name=prompt)
            )
        return against_default(found[0], with_it)

    def _wish_example(self, message: Message) -> None:
        self._spawn(self._fill(example))

    async def _fill(self, make: Callable[[], Form]) -> None:
        """Put a design into the form."""
        try:
            form = await from_disk(make, _WHAT)
        except SaysoError as error:
            self._tell(fault=str(error))
            return
        numbered = form | {"n": int(self._component.form.get("n", 0)) + 1}
        self._tell(form=numbered)
        self._soon(partial(self._show, {"tab": "design"}))

    def _wish_replay(self, message: Message) -> None:
        folder, name = str(message.get("experiment")), str(message.get("trial"))
        against = {"against": f"{folder}/{other}"} if (other := message.get("other")) else {}
        self._context.go("replay", trial=f"{folder}/{name}", **against)

    def _tell(self, **changed: Any) -> None:
        self._soon(partial(self._component.param.update, **changed))

    def _soon(self, change: Callable[..., Any]) -> None:
        """Change the page in its turn, under the document's lock: tasks end at any moment."""
        if self._document is not None:
            self._document.add_next_tick_callback(change)
        else:
            change()

    _fetchers: ClassVar[dict[str, tuple[Callable[..., Message], ...]]] = {
        "list": (_read_list, _read_verdicts),
        "design": (_read_design,),
        "live": (_read_live,),
        "compare": (_read_compare,),
        "trial": (_read_trial,),
        "prompts": (_read_prompts,),
    }
    _wishes: ClassVar[dict[str, Callable[..., Any]]] = {
        "show": _wish_show,
        "refresh": _wish_refresh,
        "check": _wish_check,
        "begin": _wish_begin,
        "resume": _wish_resume,
        "prove": _wish_prove,
        "gate": _wish_gate,
        "rescore": _wish_rescore,
        "delete": _wish_delete,
        "cancel": _wish_cancel,
        "stop_trial": _wish_stop_trial,
        "copy": _wish_copy,
        "example": _wish_example,
        "replay": _wish_replay,
    }


def _created(root: Path, experiment: Experiment) -> str:
    """Name of the study's folder, made or amended unless its trials could only end in errors."""
    check_first(experiment, KeyedEnvironment(root.parent))
    return Store.create(root, experiment).folder.name


def _judged_again(store: Store, own: Mapping[str, Task]) -> None:
    mend(store, own)
    rescore(store)


def _slots(message: Message) -> int:
    wanted = message.get("slots")
    return min(max(1, wanted), cores()) if isinstance(wanted, int) else usual_slots()
