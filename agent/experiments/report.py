"""One page on an experiment, in Markdown or HTML, after the form of a paired study."""

from __future__ import annotations

import difflib
import html
import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from agent.experiments.compare import Analysis, ArmComparison, analyse
from agent.experiments.spec import Experiment, differences
from agent.experiments.statistics import FEW_TASKS, Comparison, Estimate
from agent.experiments.store import Store
from agent.experiments.trial import TrialResult

_METRICS = (
    ("actions", "actions"),
    ("oracle_ratio", "actions ÷ oracle's"),
    ("misclicks", "misclicks"),
    ("first_token_seconds", "first token (s)"),
    ("approvals_asked", "approvals asked"),
    ("interruptions", "interruptions"),
    ("last_action_after_stop_seconds", "last action after stop (s)"),
    ("false_done", "false “done”"),
    ("false_impossible", "false “impossible”"),
)


_NONE = "\N{EN DASH}"


class _Page:
    """Blocks of a page, kept apart from how they are written."""

    def __init__(self) -> None:
        self.blocks: list[tuple[str, Any]] = []

    def head(self, text: str, level: int = 2) -> None:
        self.blocks.append((f"h{level}", text))

    def text(self, text: str) -> None:
        self.blocks.append(("p", text))

    def items(self, lines: Iterable[str]) -> None:
        self.blocks.append(("ul", list(lines)))

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        self.blocks.append(("table", (list(header), [list(row) for row in rows])))

    def code(self, text: str) -> None:
        self.blocks.append(("pre", text))


def report(store: Store, *, kind: str = "markdown") -> str:
    """The report of an experiment's folder; ``kind`` is ``markdown`` or ``html``.

    Raises:
        ConfigurationError: the folder is no experiment's, or a library is missing.
    """
    looks = store.look("report")
    experiment, results = store.experiment, store.results()
    analysis = analyse(experiment, results)
    page = _build(experiment, results, analysis, store.about, looks, store.spent)
    return _as_html(page, experiment.name) if kind == "html" else _as_markdown(page)


def write_reports(store: Store) -> list[str]:
    """Write ``report.md`` and ``report.html`` into the folder; returns their paths."""
    written = []
    for kind, name in (("markdown", "report.md"), ("html", "report.html")):
        path = store.folder / name
        path.write_text(report(store, kind=kind), "utf-8")
        written.append(str(path))
    return written


def prompt_diff(experiment: Experiment, a: str, b: str) -> str:
    """Unified diff of two arms' prompts; empty when they are the same."""
    old, new = (experiment.arms[name].prompt_text.splitlines() for name in (a, b))
    return "\n".join(difflib.unified_diff(old, new, a, b, lineterm="", n=1))


def _build(
    experiment: Experiment,
    results: Sequence[TrialResult],
    analysis: Analysis,
    about: dict[str, Any],
    looks: int,
    spent: float,
) -> _Page:
    page = _Page()
    page.head(f"Experiment: {experiment.name}", 1)
    _design(page, experiment, analysis, about, looks, spent)
    _results(page, analysis)
    for comparison in analysis.comparisons.values():
        _comparison(page, experiment, comparison)
    _details(page, analysis)
    _cells(page, experiment, results)
    page.head("Limits of this study")
    page.items(_limits(experiment, analysis, looks))
    return page


def _design(
    page: _Page,
    experiment: Experiment,
    analysis: Analysis,
    about: dict[str, Any],
    looks: int,
    spent: float,
) -> None:
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(about.get("created", 0)))
    page.items(
        [
            f"Hypothesis, written before: {experiment.hypothesis or 'none'}",
            f"Primary measure: {experiment.primary}; baseline: {experiment.reference}",
            (
                f"{len(experiment.arms)} arms x {len(experiment.tasks)} tasks x "
                f"{experiment.repeats} repeats = {analysis.planned} trials; {analysis.done} done"
            ),
            f"Spent: {spent:.2f} of {experiment.budget:.2f} US$",
            f"Looks at results before all trials were done: {looks}",
            (
                f"Begun {when}; definition {experiment.hash[:12]}; "
                f"commit {str(about.get('commit', ''))[:12] or 'unknown'}; "
                f"lock file {str(about.get('lock', ''))[:12] or 'none'}"
            ),
        ]
    )
    varying = differences(experiment)
    fields = list(next(iter(varying.values())))
    page.head("Arms: what differs")
    page.table(
        ["arm", *fields],
        ([name, *(_shown(values[f]) for f in fields)] for name, values in varying.items()),
    )
    for name in experiment.arms:
        if name != experiment.reference and (
            diff := prompt_diff(experiment, experiment.reference, name)
        ):
            page.code(diff)


def _results(page: _Page, analysis: Analysis) -> None:
    page.head("Results")
    page.table(
        [
            "arm",
            "success (errors fail)",
            "success (completed)",
            "score",
            "seconds",
            "US$ / success",
        ],
        (
            [
                name,
                percent(arm.intention),
                percent(arm.completed),
                number(arm.score),
                number(arm.seconds),
                _NONE if math.isnan(arm.dollars_per_success) else f"{arm.dollars_per_success:.3f}",
            ]
            for name, arm in analysis.arms.items()
        ),
    )
    page.table(
        ["arm", "pass@k", "pass^k", "trials by status"],
        (
            [name, _by_k(arm.pass_at), _by_k(arm.pass_hat), _statuses(arm.statuses)]
            for name, arm in analysis.arms.items()
        ),
    )
    if analysis.notes:
        page.items(analysis.notes)


def _comparison(page: _Page, experiment: Experiment, c: ArmComparison) -> None:
    page.head(f"{c.arm} against {c.baseline}")
    page.text(verdict(c))
    rows = [["success", points(c.success.estimate), *_tested(c.success)]]
    rows += [
        [f"{measure} (ratio)", number(r.estimate), *_tested(r)]
        for measure, r in c.ratios.items()
        if not math.isnan(r.estimate.value)
    ]
    page.table(["measure", "difference or ratio", "interval by", "p", "p (Holm)", "test"], rows)
    page.items(
        [
            f"Fixed by {c.arm}: {', '.join(c.fixed) or 'none'}",
            f"Broken by {c.arm}: {', '.join(c.broken) or 'none'}",
        ]
    )


def _details(page: _Page, analysis: Analysis) -> None:
    page.head("Means over completed trials")
    names = list(analysis.arms)
    rows = [
        [label, *(_mean(analysis.arms[name].means.get(metric)) for name in names)]
        for metric, label in _METRICS
        if any(metric in analysis.arms[name].means for name in names)
    ]
    page.table(["measure", *names], rows)


def _cells(page: _Page, experiment: Experiment, results: Sequence[TrialResult]) -> None:
    page.head("Task by task")
    names = list(experiment.arms)
    rows = []
    for task in experiment.tasks:
        cells = [[r for r in results if (r.arm, r.task) == (name, task.id)] for name in names]
        mark = "screen only" if task.gui_only else ""
        rows.append([task.id, mark, *(_cell(cell) for cell in cells)])
    page.table(["task", "", *names], rows)
    page.text("A cell: passes / tries, then the first reason against it.")


def _limits(experiment: Experiment, analysis: Analysis, looks: int) -> list[str]:
    lines = [
        "The task is the unit; repeats of a task enter as its rate.",
        "Intervals are 95 %, over tasks like these, on this desktop; other tasks may differ.",
    ]
    if len(experiment.tasks) < FEW_TASKS:
        lines.append(
            f"Only {len(experiment.tasks)} tasks: only large effects show. Add tasks rather "
            "than repeats."
        )
    if looks:
        lines.append(f"Results were looked at {looks} times before the end: p is too small.")
    shells = {arm.shell_allowed for arm in experiment.arms.values()}
    if len(shells) > 1:
        lines.append("Some arms may use the shell and others not: compare them with care.")
    if analysis.missing:
        lines.append(f"{analysis.missing} trials are missing.")
    return lines


def verdict(c: ArmComparison) -> str:
    """The comparison in a sentence."""
    e = c.success.estimate
    if math.isnan(e.value):
        return f"{c.arm} and {c.baseline} have no task in common yet."
    better = "passes more often than" if e.value > 0 else "passes less often than"
    clear = c.success.p_holm < 0.05 and e.value != 0
    if not clear:
        return (
            f"No clear difference in success between {c.arm} and {c.baseline} "
            f"({points(e)}; p = {c.success.p_holm:.3f}, {e.tasks} tasks)."
        )
    return (
        f"{c.arm} {better} {c.baseline}: {points(e)}, p = {c.success.p_holm:.3f}, {e.tasks} tasks."
    )


def percent(e: Estimate) -> str:
    """``62 % [45, 77]``."""
    if math.isnan(e.value):
        return _NONE
    low, high = (("?" if math.isnan(x) else f"{100 * x:.0f}") for x in (e.low, e.high))
    return f"{100 * e.value:.0f} % [{low}, {high}]"


def points(e: Estimate) -> str:
    """``+12 points [-3, 27]``."""
    if math.isnan(e.value):
        return _NONE
    return f"{100 * e.value:+.0f} points [{100 * e.low:+.0f}, {100 * e.high:+.0f}]"


def number(e: Estimate) -> str:
    """``3.20 [2.10, 4.30]``."""
    if math.isnan(e.value):
        return _NONE
    if math.isnan(e.low):
        return f"{e.value:.2f}"
    return f"{e.value:.2f} [{e.low:.2f}, {e.high:.2f}]"


def _tested(c: Comparison) -> list[str]:
    corrected = "" if math.isnan(c.p_holm) else f"{c.p_holm:.3f}"
    return [c.estimate.method, f"{c.p:.3f}", corrected, c.test]


def _by_k(values: dict[int, float]) -> str:
    return ", ".join(f"{k}: {_NONE if math.isnan(v) else f'{v:.2f}'}" for k, v in values.items())


def _statuses(counts: dict[str, int]) -> str:
    return ", ".join(f"{status} {count}" for status, count in sorted(counts.items())) or "none"


def _mean(value: float | None) -> str:
    return _NONE if value is None else f"{value:.2f}"


def _cell(cell: Sequence[TrialResult]) -> str:
    tried = [r for r in cell if r.status != "cancelled"]
    if not tried:
        return _NONE
    wrong = next((f"{r.status}: {r.reason or r.error}" for r in tried if not r.passed), "")
    passes = f"{sum(r.passed for r in tried)}/{len(tried)}"
    return f"{passes} {wrong[:90]}".strip()


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


# Writing ---------------------------------------------------------------------------------


def _as_markdown(page: _Page) -> str:
    return "\n\n".join(_MARKDOWN[kind](value) for kind, value in page.blocks) + "\n"


def _markdown_table(value: tuple[list[str], list[list[str]]]) -> str:
    header, rows = value
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_plain(cell) for cell in line) + " |" for line in lines)


def _plain(text: str) -> str:
    """Text that cannot break a table or become markup: agents wrote some of it."""
    flat = " ".join(text.split())
    return html.escape(flat, quote=False).replace("|", "\\|").replace("`", "\\`")


_MARKDOWN: dict[str, Callable[[Any], str]] = {
    "h1": lambda text: f"# {_plain(text)}",
    "h2": lambda text: f"## {_plain(text)}",
    "p": _plain,
    "ul": lambda lines: "\n".join(f"- {_plain(line)}" for line in lines),
    "pre": lambda text: "\n".join(f"    {line}" for line in text.splitlines()),
    "table": _markdown_table,
}

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;"
    "color:#1b1f24;background:#fff}table{border-collapse:collapse;margin:1rem 0}"
    "td,th{border:1px solid #c9ced6;padding:.3rem .6rem;text-align:left;vertical-align:top}"
    "pre{background:#f3f4f6;padding:1rem;overflow:auto}"
    "@media(prefers-color-scheme:dark){body{color:#e6e6e6;background:#16191d}"
    "td,th{border-color:#444b55}pre{background:#22272e}}"
)


def _as_html(page: _Page, title: str) -> str:
    body = "\n".join(_HTML[kind](value) for kind, value in page.blocks)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>\n"
        f"<body>\n{body}\n</body></html>\n"
    )


def _html_table(value: tuple[list[str], list[list[str]]]) -> str:
    header, rows = value
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>\n"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>"


_HTML: dict[str, Callable[[Any], str]] = {
    "h1": lambda text: f"<h1>{html.escape(text)}</h1>",
    "h2": lambda text: f"<h2>{html.escape(text)}</h2>",
    "p": lambda text: f"<p>{html.escape(text)}</p>",
    "ul": lambda lines: "<ul>" + "".join(f"<li>{html.escape(x)}</li>" for x in lines) + "</ul>",
    "pre": lambda text: f"<pre>{html.escape(text)}</pre>",
    "table": _html_table,
}
