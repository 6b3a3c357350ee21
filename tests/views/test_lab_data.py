"""What the Lab reads and refuses: forms field by field, records as they grow, letters of a grid."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lab_recorded import CAREFUL, experiment, record

from agent.errors import ConfigurationError
from agent.experiments.commands import EXAMPLES
from agent.experiments.live import RunningTrial, RunProgress
from agent.experiments.plan.design import differing_fields
from agent.experiments.plan.spec import Experiment, load_experiment
from agent.experiments.plan.task import builtin_tasks
from agent.experiments.run.store import Store
from agent.prompts.library import PromptLibrary
from agent.settings import Settings
from dashboard.views.lab.choices import against_default, asks_first, choices, example, weigh
from dashboard.views.lab.data import comparison, grid, listing, prompts
from dashboard.views.lab.form import Form, form_of, read_form
from dashboard.views.lab.records import Records
from dashboard.views.lab.trials import trial


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("experiments")
    record(root)
    return root


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, _env_file=None)  # type: ignore[call-arg]


def filled(**changes: Any) -> Form:
    """The keyless example with some fields changed."""
    return example() | changes


def arm(**changes: Any) -> list[dict[str, Any]]:
    """Its first arm changed, and nothing else."""
    first, *rest = example()["arms"]
    return [first | changes, *rest]


def read_example() -> Experiment:
    return load_experiment(EXAMPLES / "wording.yaml")


def faults(form: Mapping[str, Any], settings: Settings) -> dict[str, str]:
    draft = read_form(form, builtin_tasks(), settings)
    assert (draft.experiment is None) == bool(draft.faults)
    return {fault.where: fault.text for fault in draft.faults}


def test_a_form_means_the_experiment_it_was_made_from(settings: Settings) -> None:
    """To a form and back: the same hash, so that it goes on where it was cut."""
    draft = read_form(example(), builtin_tasks(), settings)
    assert draft.experiment is not None
    again = read_form(form_of(draft.experiment), builtin_tasks(), settings)
    assert again.experiment is not None
    assert again.experiment.hash == draft.experiment.hash


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"name": ""}, "name", "Give the experiment a name"),
        ({"name": "two words"}, "name", "no spaces"),
        ({"name": "../up"}, "name", "no spaces"),
        ({"arms": []}, "arms", "at least one arm"),
        ({"tasks": []}, "tasks", "at least one task"),
        ({"tasks": ["nowhere"]}, "tasks", "no task “nowhere”"),
        ({"repeats": 0}, "repeats", "from 1"),
        ({"repeats": 1.5}, "repeats", "whole number"),
        ({"budget": -1}, "budget", "0 or more"),
        ({"budget": None}, "budget", "0 or more"),
        ({"baseline": "gone"}, "baseline", "no arm “gone”"),
        ({"arms": arm(model="")}, "arms.0.model", "Name a model"),
        ({"arms": arm(model="gpt")}, "arms.0.model", "no model “gpt”"),
        ({"arms": arm(model="claude-sonnet-5-5")}, "arms.0.model", "ANTHROPIC_API_KEY"),
        ({"arms": arm(model="record:/etc/shadow")}, "arms.0.model", "command line"),
        ({"arms": arm(model="cassette:/etc/shadow")}, "arms.0.model", "command line"),
        ({"arms": arm(prompt="/etc/passwd", prompt_text="")}, "arms.0.prompt", "Choose"),
        ({"arms": arm(prompt_text=" ")}, "arms.0.prompt_text", "empty"),
        ({"arms": arm(prompt_text="{{ nonsense }}")}, "arms.0.prompt_text", "nonsense"),
        ({"arms": arm(instruction="{{ task }}")}, "arms.0.instruction", "task"),
        ({"arms": arm(width=9)}, "arms.0.width", "greater"),
        ({"arms": arm(name="steps")}, "arms.1.name", "taken"),
        ({"arms": arm(effort="huge")}, "arms.0.effort", "low"),
        ({"arms": arm(narration="shouting")}, "arms.0.narration", "announce-then-act"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(
    changes: dict[str, Any], where: str, words: str, settings: Settings
) -> None:
    """One sentence for each fault, where the person can mend it."""
    assert words in faults(filled(**changes), settings)[where]


def test_all_faults_are_told_at_once(settings: Settings) -> None:
    """Nobody mends one to be told of the next."""
    found = faults(filled(name="", tasks=[], arms=arm(model="gpt")), settings)
    assert set(found) == {"name", "tasks", "arms.0.model"}


def test_a_budget_must_pay_for_one_trial(tmp_path: Path) -> None:
    """A paid arm whose limit exceeds the whole budget could never run."""
    keyed = Settings(data_dir=tmp_path, anthropic_api_key="k" * 9, _env_file=None)  # type: ignore[call-arg, arg-type]
    paid = arm(model="claude-sonnet-5-5", max_dollars=0.5)
    assert "0.50 US$" in faults(filled(arms=paid, budget=0), keyed)["budget"]
    assert faults(filled(arms=paid, budget=0.5), keyed) == {}


def test_a_design_is_weighed_before_it_runs(root: Path, settings: Settings) -> None:
    """Trials, price, detectable effect, differences only; what was done before is known."""
    records = Records(root)
    made, shown = weigh(records, settings, example(), builtin_tasks(), 2)
    assert made is not None
    assert shown["summary"]["trials"] == 40
    assert set(shown["summary"]["differing"]) == {"phrasing"}
    assert shown["known"] == {"done": 0, "tried": 0}
    json.dumps(shown, allow_nan=False)


def test_a_study_is_declared_sequential_in_the_form(settings: Settings) -> None:
    """Checked, the experiment is; a copy of it has the mark; unchecked it is an ordinary one."""
    made = read_form(filled(sequential=True), builtin_tasks(), settings).experiment
    plain = read_form(filled(sequential=False), builtin_tasks(), settings).experiment
    assert made is not None
    assert plain is not None
    assert (made.sequential, plain.sequential) == (True, False)
    assert form_of(made)["sequential"]


def test_a_paid_arm_on_a_task_that_is_not_proved_asks_first(root: Path, tmp_path: Path) -> None:
    """Sayso's own tasks are proved by its tests; one with other checks is not."""
    keyed = Settings(data_dir=tmp_path, anthropic_api_key="k" * 9, _env_file=None)  # type: ignore[call-arg, arg-type]
    tasks = builtin_tasks()
    changed = tasks["make-folders"].model_copy(update={"near_miss": ()})
    other = changed.model_copy(update={"instruction": "Make other folders."})

    def weighed(task: Any, model: str) -> dict[str, Any]:
        form = filled(tasks=[task.id], arms=arm(model=model, max_dollars=0.5), budget=1)
        made, shown = weigh(Records(root), keyed, form, {**tasks, task.id: task}, 1)
        assert made is not None, shown["faults"]
        return shown

    shown = weighed(other, "claude-sonnet-5-5")
    assert shown["proofs"]["unproved"] == [{"task": "make-folders", "why": "it has no near miss"}]
    assert "would be paid for on tasks whose checks are not proved: make-folders" in asks_first(
        shown
    )
    assert asks_first(weighed(other, "offline")) == ""
    assert asks_first(weighed(tasks["make-folders"], "claude-sonnet-5-5")) == ""


def test_prompts_to_choose_from(root: Path, tmp_path: Path, settings: Settings) -> None:
    """One's own, those that experiments have used, and the shipped one, each text once."""
    library = PromptLibrary(tmp_path / "prompts")
    library.save("terse", "Be terse.")
    library.save("look", CAREFUL)
    found = choices(Records(root), settings, library, builtin_tasks())["prompts"]
    by_name = {prompt["name"]: prompt for prompt in found}
    assert len({prompt["hash"] for prompt in found}) == len(found)
    assert by_name["terse"]["uses"] == 0
    assert by_name["look"]["uses"] == 1
    assert by_name["default"]["shipped"]
    form = against_default(by_name["terse"])
    assert [a["prompt_text"] for a in form["arms"]][1] == "Be terse."
    assert [a["narration"] for a in form["arms"]] == [None, None]


def test_a_prompt_is_tried_with_what_belongs_to_it(settings: Settings) -> None:
    """The version's narration and tools are its arm's, and the design shows that they differ."""
    quiet = {"name": "quiet", "text": CAREFUL}
    with_it = {"narration": "report-after", "tools": "computer,editor"}
    form = against_default(quiet, with_it) | {"name": "quiet"}
    made = read_form(form, builtin_tasks(), settings).experiment
    assert made is not None
    assert [arm.narration for arm in made.arms.values()] == ["act-while-speaking", "report-after"]
    assert made.arms["wanted"].tools == ("computer", "editor")
    assert set(differing_fields(made)) == {"prompt", "narration", "tools"}


def test_the_narration_of_a_form_is_the_experiments(settings: Settings) -> None:
    """Chosen, it is another experiment; in the form made from it, it is chosen again."""
    plain, spoken = (
        read_form(filled(arms=arm(narration=style)), builtin_tasks(), settings).experiment
        for style in (None, "announce-then-act")
    )
    assert plain is not None
    assert spoken is not None
    assert plain.hash == read_example().hash != spoken.hash
    assert [each["narration"] for each in form_of(spoken)["arms"]] == ["announce-then-act", None]


def test_every_trial_has_its_letter(root: Path) -> None:
    """Errors are told from failures; what runs and what waits from both."""
    records = Records(root)
    folder = records.folders()[0]
    shown = grid(records, folder, None)
    cells = {row["task"]: row["cells"] for row in shown["rows"]}
    assert (cells["hello-0"], cells["hello-7"]) == (["pp", "ff"], ["ee", "ee"])
    assert (shown["phase"], shown["to_do"], shown["errors"]) == ("resting", 4, 4)
    running = RunningTrial("plain--hello-7--000", "plain", "hello-7", "acting", "", 0.0, 1.0)
    live = RunProgress("careful", folder, "running", 32, 28, {}, running=(running,))
    assert grid(records, folder, live)["rows"][7]["cells"] == ["re", "ee"]


def test_the_list_tells_a_verdict_only_at_the_end(root: Path, tmp_path: Path) -> None:
    """Before all trials are done there is none; a damaged experiment is a row that says so."""
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    (row,) = listing(Records(tmp_path))
    assert "careful" in row["verdicts"][0]
    shutil.rmtree(tmp_path / row["folder"] / "trials" / "plain--hello-0--000")
    (row,) = listing(Records(tmp_path))
    assert (row["verdicts"], row["to_do"]) == ([], 5)
    (tmp_path / row["folder"] / "experiment.json").write_text("{")
    (row,) = listing(Records(tmp_path))
    assert "is not an experiment" in row["fault"]


def test_looking_early_is_written_down(root: Path, tmp_path: Path) -> None:
    """A look before all trials are done counts; one at the end does not."""
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    records = Records(tmp_path)
    folder = records.folders()[0]
    store = Store(tmp_path / folder)
    assert comparison(records, folder, "", "")["looks"] == 0
    shutil.rmtree(store.folder / "trials" / "plain--hello-0--000")
    assert comparison(records, folder, "", "")["looks"] == 1
    assert comparison(records, folder, "", "")["looks"] == 2


def test_a_comparison_is_plain_json(root: Path) -> None:
    """Nothing is undefined but null; tries carry their letters and ids."""
    records = Records(root)
    found = comparison(records, records.folders()[0], "", "")
    json.dumps(found, allow_nan=False)
    pairing = found["pairing"]
    assert (pairing["fixed"], pairing["broken"]) == (["hello-3", "hello-4", "hello-6"], ["hello-0"])
    assert pairing["tasks"][7]["a"]["letters"] == "ee"
    assert pairing["tasks"][0]["b"]["trials"] == ["careful--hello-0--000", "careful--hello-0--001"]
    json.dumps(prompts(records), allow_nan=False)


def test_a_trial_with_its_rivals(root: Path) -> None:
    """Steps, pictures by address, neighbours, and where it parts from the other arm's try."""
    records = Records(root)
    folder = records.folders()[0]
    found = trial(records, folder, "careful--hello-0--000")
    assert found["result"]["status"] == "failed"
    assert found["other"] == "plain--hello-0--000"
    assert found["parts"]["a"] != found["parts"]["b"]
    assert found["pictures"][0]["url"].startswith(
        f"recordings/trial/{folder}/careful--hello-0--000/"
    )
    assert (found["previous"], found["next"]) == ("plain--hello-0--000", "careful--hello-1--000")
    assert trial(records, folder, "careful--hello-9--000")["missing"]


@pytest.mark.parametrize("name", ["", "..", "../careful", "nowhere-0000000000", "a/b"])
def test_only_experiments_of_this_server_are_read(root: Path, name: str) -> None:
    """A name from an address leads nowhere else."""
    with pytest.raises(ConfigurationError, match="no experiment"):
        Records(root).store(name)


def test_only_new_trials_are_read(root: Path, tmp_path: Path) -> None:
    """A trial that came is seen, one that went is gone, the others are the same objects."""
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    records = Records(tmp_path)
    folder = records.folders()[0]
    trials = tmp_path / folder / "trials"
    first = {result.id: result for result in records.results(folder)}
    (trials / "plain--hello-0--000").rename(tmp_path / "aside")
    fewer = {result.id: result for result in records.results(folder)}
    assert set(first) - set(fewer) == {"plain--hello-0--000"}
    assert all(first[name] is result for name, result in fewer.items())
    (trials / "plain--hello-0--000").mkdir()
    assert records.half_written(folder) == 1


def test_a_run_of_another_process_is_noticed(tmp_path: Path) -> None:
    """Its lock tells; once let go, nothing runs."""
    records = Records(tmp_path)
    store = Store.create(tmp_path, experiment(tasks=1))
    folder = store.folder.name
    assert not records.elsewhere(folder)
    store.lock()
    assert records.elsewhere(folder)
    assert grid(records, folder, None)["phase"] == "elsewhere"
    store.unlock()
    assert not records.elsewhere(folder)
