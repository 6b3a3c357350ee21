"""Tables, analysis, report and exports, on recorded results."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lab_stage import FakeEnvironment, hello_task, small

from agent.errors import ConfigurationError
from agent.experiments.__main__ import main
from agent.experiments.extras import extra
from agent.experiments.plan.power import forecast
from agent.experiments.plan.spec import Experiment
from agent.experiments.plan.trial import TrialResult
from agent.experiments.results import page
from agent.experiments.results.compare import analyse
from agent.experiments.results.prompts import prompt_history
from agent.experiments.results.report import report
from agent.experiments.results.words import verdict
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.run.runner import Runner
from agent.experiments.run.store import Store, list_stores

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two arms by six tasks by two repeats, recorded once."""
    place = LocalPlacement(2)
    tasks = [hello_task(f"t{n}") for n in range(6)]
    experiment = small(tasks=tasks, repeats=2, baseline="bad", hypothesis="Good is better.")
    root = tmp_path_factory.mktemp("results")
    runner = Runner(experiment, root, place, environment=FakeEnvironment())
    runner.run()
    place.close()
    return runner.store


def recorded(experiment: Experiment, passed: dict[str, str]) -> list[TrialResult]:
    """Results by arm: one letter a trial: p, f, e, l, s, c."""
    names = {
        "p": "passed", "f": "failed", "e": "error", "l": "limit", "s": "stopped_by_user",
        "c": "cancelled",
    }  # fmt: skip
    found = []
    for arm, letters in passed.items():
        cells = [c for c in experiment.cells() if c[0] == arm]
        for (_, task, repeat), letter in zip(cells, letters, strict=True):
            given = {
                "id": f"{arm}{task.id}{repeat}",
                "experiment": "",
                "arm": arm,
                "repeat": repeat,
            }
            rest = {"task": task.id, "task_hash": "", "status": names[letter]}
            found.append(TrialResult.model_validate(given | rest))
    return found


def test_errors_are_kept_apart_from_failures() -> None:
    """Intention to treat counts errors as failures; the completed rate leaves them out."""
    experiment = small(tasks=[hello_task(f"t{n}") for n in range(4)])
    arm = analyse(experiment, recorded(experiment, {"good": "ppef", "bad": "fffc"})).arms
    assert arm["good"].intention.value == 0.5
    assert arm["good"].completed.value == pytest.approx(2 / 3)
    assert arm["bad"].intention.tasks == 3
    assert arm["good"].statuses == {"passed": 2, "error": 1, "failed": 1}


def test_the_table_is_queried_with_sql(store: Store) -> None:
    """DuckDB reads the Parquet table; a wrong query is told in words."""
    rows = store.query("select arm, count(*) n, avg(score) s from trials group by arm order by arm")
    assert rows == [{"arm": "bad", "n": 12, "s": 0.0}, {"arm": "good", "n": 12, "s": 1.0}]
    assert "m_actions" in store.query("select * from trials limit 1")[0]
    with pytest.raises(ConfigurationError, match="query is wrong"):
        store.query("select nothing from nowhere")


def test_a_clear_difference_is_called_one(store: Store) -> None:
    """Six tasks of six fixed: the exact test finds it; fixed tasks are listed."""
    comparison = analyse(store.experiment, store.results()).comparisons["good"]
    assert "passes more often" in verdict(comparison)
    assert comparison.success.p == pytest.approx(2 / 2**6)
    assert len(comparison.fixed) == 6
    assert comparison.broken == ()


def test_too_little_is_not_called_a_difference() -> None:
    """Three of three fixed proves nothing, and is said to."""
    experiment = small(baseline="bad")
    results = recorded(experiment, {"good": "ppp", "bad": "fff"})
    assert "No clear difference" in verdict(analyse(experiment, results).comparisons["good"])


@pytest.mark.parametrize(
    ("primary", "said"),
    [
        ("success", "No clear difference in success"),
        ("score", "good scores higher than bad"),
        ("seconds", "good takes longer than bad: 1.98 times"),
        ("dollars", "no task in common"),
    ],
)
def test_the_verdict_is_on_the_primary_measure(primary: str, said: str) -> None:
    """What the hypothesis is about decides, not what happens to differ."""
    experiment = small(tasks=[hello_task(f"t{n}") for n in range(8)], primary=primary)
    experiment = experiment.model_copy(update={"baseline": "bad"})
    results = [
        r.model_copy(
            update={
                "score": 0.9 if r.arm == "good" else 0.1 + n / 1000,
                "metrics": {"seconds": (2.0 if r.arm == "good" else 1.0) + n / 1000},
            }
        )
        for n, r in enumerate(recorded(experiment, {"good": "ffffffff", "bad": "ffffffff"}))
    ]
    comparison = analyse(experiment, results).comparisons["good"]
    assert said in verdict(comparison)
    assert comparison.main.p_holm == comparison.main.p or math.isnan(comparison.main.p)


def test_only_the_primary_measure_is_corrected_for_many_arms() -> None:
    """With two arms against the baseline its p doubles; explored measures keep theirs."""
    experiment = small({"base": "bad", "one": "good", "two": "good"})
    experiment = experiment.model_copy(
        update={"tasks": tuple(hello_task(f"t{n}") for n in range(6))}
    )
    results = recorded(experiment, {"base": "ffffff", "one": "pppppp", "two": "pppppp"})
    for comparison in analyse(experiment, results).comparisons.values():
        assert comparison.main.p_holm == pytest.approx(2 * comparison.main.p)
        assert comparison.score.p_holm == comparison.score.p


def test_an_experiment_without_results_is_reported_as_such(tmp_path: Path) -> None:
    """Nothing run yet: no numbers, no crash."""
    empty = Store.create(tmp_path, small())
    text = report(empty)
    assert "0 done" in text
    assert "6 of 6 trials are not there yet" in text
    assert math.isnan(analyse(empty.experiment, []).arms["good"].intention.value)


def test_the_report_is_one_page(store: Store) -> None:
    """Names, numbers and hypothesis in both forms."""
    markdown, html = report(store), report(store, kind="html")
    for words in ("Good is better.", "good against bad", "pass^k", "exact", "t0"):
        assert words in markdown
        assert words in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert('1')>",
        '"><b>bold</b> &amp; &lt;i&gt; &#39;',
        "a | b \\| c \\",
        "`code` **strong** _weak_ ~~gone~~ \\*",
        "[link](javascript:alert(1)) ![picture](http://x/y.png) <http://x>",
        "[link][x] [x]: http://x 'title'",
        "# heading\n\n- item\n\n    code\n\n***\n\n| a |\n| - |",
        "1. one\n===\n---",
        "snake_case_name and __dunder__",
    ],
)
def test_nothing_that_is_told_becomes_markup(store: Store, hostile: str) -> None:
    """A hypothesis, a reason and a host are shown letter by letter, in both forms."""
    told = " ".join(hostile.split())
    reason = {"reason": hostile, "environment": {"host": hostile, "package p": hostile}}
    results = [
        r.model_copy(update=reason) if r.id == "bad--t0--000" else r for r in store.results()
    ]
    experiment = store.experiment.model_copy(update={"hypothesis": hostile})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "experiment", experiment)
        patch.setattr(Store, "results", lambda _: results)
        markdown, html = report(store), report(store, kind="html")
    assert "<" not in markdown
    seen = _Seen()
    seen.feed(html)
    assert seen.tags <= _TAGS
    assert f"Hypothesis, written before: {told}" in seen.texts
    assert f"0/2 failed: {told}" in seen.texts
    assert any(told in text for text in seen.texts if text.startswith("Hosts: "))
    assert any(f"p {told}" in text for text in seen.texts if text.startswith("Programs: "))


def test_a_title_becomes_no_markup() -> None:
    assert "<script" not in page.html("</title><script>alert(1)</script>", "")


_TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li"} | {
    "table", "thead", "tbody", "tr", "th", "td"
}  # fmt: skip


class _Seen(HTMLParser):
    """The tags of a page, and the text of each of its elements."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.texts.append("")

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data


def test_looks_before_the_end_are_counted(tmp_path: Path) -> None:
    """Peeking is written down and shown."""
    store = Store.create(tmp_path, small())
    report(store)
    assert "looked at 2 times before the end" in report(store)


def test_what_an_experiment_can_find_is_told_before(store: Store) -> None:
    """Trials, money and detectable effect; earlier trials replace guesses."""
    guess = forecast(small({"a": "claude-x", "b": "offline"}, repeats=2))
    assert guess.trials == 12
    assert guess.dollars > 0
    assert guess.detectable is None
    again = forecast(store.experiment, earlier=store.results())
    assert "12 earlier trials" in again.basis


def test_experiments_are_listed(store: Store) -> None:
    """Every folder with a definition."""
    assert [s.folder for s in list_stores(store.folder.parent)] == [store.folder]


def test_a_list_is_narrowed_by_a_part_of_names(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    """Experiments by their folder's name, tasks by id or tag."""
    root = ["--results", str(store.folder.parent), "list"]
    for what, part, some in (("experiments", store.folder.name[:4], 1), ("experiments", "zzz", 0)):
        assert main([*root, what, part]) == 0
        assert len(capsys.readouterr().out.splitlines()) == some
    assert main([*root, "tasks", "Spreadsheet"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed
    assert all("spreadsheet" in line for line in listed)


def test_a_damaged_experiment_does_not_hide_the_others(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is listed as such; the others and the prompts' history are there."""
    shutil.copytree(store.folder, tmp_path / "whole")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "experiment.json").write_text('{"name": "ha')
    assert main(["--results", str(tmp_path), "list"]) == 0
    told = capsys.readouterr().out
    assert "24/24 trials" in told
    assert "cannot be read" in told
    assert any(version.uses for version in prompt_history(tmp_path))


def test_a_missing_extra_is_told_with_its_name() -> None:
    """What to install is in the message."""
    with pytest.raises(ConfigurationError, match=r"sayso\[lab\]"):
        extra("no_such_library_anywhere")


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    """Everything imports, tasks are listed, and running names the extra."""
    hide = "import sys; sys.modules.update(dict.fromkeys(('distributed', 'scipy', 'duckdb',"
    hide += " 'pyarrow', 'statsmodels', 'defusedxml')));"
    rest = " from agent.experiments.__main__ import main; print(main(['list', 'tasks']));"
    rest += f" sys.exit(main(['--results', {str(tmp_path)!r}, 'run', 'wording']))"
    done = subprocess.run(
        [sys.executable, "-c", hide + rest], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "note-write" in done.stdout
    assert done.returncode == 2, done.stderr
    assert "sayso[lab]" in done.stderr


def test_a_dry_run_only_tells_what_it_would_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Trials, money and detectable effect; nothing is written."""
    assert main(["--results", str(tmp_path), "run", "wording", "--dry"]) == 0
    assert "40 trials" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
