"""Tables and drawings of experiments: the design, the run, the results."""

from __future__ import annotations

import math
from html import escape

from agent.experiments.live import RunProgress
from agent.experiments.measures import measures
from agent.experiments.plan.design import Piece, summarise_design
from agent.experiments.plan.spec import Experiment, counted
from agent.experiments.plan.trial import Trial, TrialResult
from agent.experiments.results.compare import Analysis, analyse
from agent.experiments.results.paired import Pairing, pair
from agent.experiments.results.words import percent, when
from agent.experiments.run.store import Store
from dashboard.display.markup import Html, bold, paragraph, picture, safe, short, table
from dashboard.display.pictures import shrunk, strip

_SIGNS = {"passed": "✓", "failed": "✗", "error": "!", "limit": "⊘"}


def design(experiment: Experiment) -> Html:
    """An experiment before it runs: what differs, what it can find, what is weak about it."""
    plan = summarise_design(experiment)
    guess = plan.forecast
    found = "none up to 35 points" if guess.detectable is None else f"{guess.detectable:.0%}"
    rows = [(field, *(of[arm] for arm in plan.arms)) for field, of in plan.differing.items()]
    parts = [
        paragraph(bold(plan.name), plan.hypothesis or "no hypothesis"),
        paragraph(
            f"{counted(len(plan.arms), 'arm')} by {counted(len(plan.tasks), 'task')} by "
            f"{counted(plan.repeats, 'repeat')} = {counted(plan.trials, 'trial')}",
            f"about {guess.seconds / 60:.0f} min",
            f"{guess.dollars:.2f} US$ (at worst {guess.worst_dollars:.2f})",
            f"smallest difference found with 80 % chance: {found}",
        ),
        table(("", *(_arm(arm, plan.baseline) for arm in plan.arms)), rows),
        *(
            paragraph(bold(f"Prompt of {arm}"), _change(p))
            for arm, p in plan.prompt_changes.items()
        ),
        *(paragraph(bold("Note"), text) for text in plan.warnings),
    ]
    return Html("".join(parts))


def results(store: Store) -> Html:
    """An experiment's results so far: arms, the comparison in a sentence, and every task."""
    experiment, found = store.experiment, store.results()
    analysis, looks = analyse(experiment, found), store.looks(found)
    parts = [
        paragraph(bold(experiment.name), f"{analysis.done} of {analysis.planned} trials"),
        _arms(analysis, experiment),
    ]
    for arm in analysis.comparisons:
        pairing = pair(experiment, found, b=arm, looks=looks)
        parts += [paragraph(pairing.verdict), dots(pairing)]
    amended = [(when(one.at), str(one.trials), "; ".join(one.changes)) for one in store.amendments]
    if amended:
        parts.append(table(("amended", "trials done by then", "what changed"), amended))
    parts += [_grid(experiment, found), *(paragraph(note) for note in analysis.notes)]
    return Html("".join(parts))


def dots(pairing: Pairing) -> Html:
    """Both arms' pass rates, task by task, as a drawing."""
    left, wide, row, top = 170, 620, 20, 24
    high = top + row * len(pairing.tasks) + 6
    scale = wide - left - 30
    body = "".join(
        _pair_of_dots(n, p.task, p.a.rate, p.b.rate, left, scale, top + row * n)
        for n, p in enumerate(pairing.tasks)
    )
    names = (
        f'<circle cx="{left}" cy="10" r="5" fill="#fff" stroke="#1c5d99" stroke-width="2"/>'
        f'<text x="{left + 10}" y="14" fill="#1c5d99">{escape(pairing.a)}</text>'
        f'<circle cx="{left + 160}" cy="10" r="5" fill="#8a5200"/>'
        f'<text x="{left + 170}" y="14" fill="#8a5200">{escape(pairing.b)}</text>'
    )
    return Html(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'role="img" aria-label="Pass rates by task" font-family="sans-serif" font-size="12" '
        f'style="background:#fff;color:#1d2430;border-radius:6px">{names}{body}</svg>'
    )


def trial(shown: Trial) -> Html:
    """One trial: its end, its numbers, and the screens in order."""
    result = shown.result
    found = measures("notebook").items()
    rows = [(kind.label, _number(result.metrics.get(name))) for name, kind in found]
    said = shown.job.task.words(shown.job.arm.phrasing)
    pictures = [path.read_bytes() for _, path in shown.pictures() if path.exists()]
    parts = [
        paragraph(bold(f"{_SIGNS.get(result.status, '')} {result.status}"), result.id),
        paragraph(bold("asked"), said),
        paragraph(bold("checker"), result.reason or result.error),
    ]
    if result.left_out:
        parts.append(paragraph(bold("not kept of the home's files"), *result.left_out))
    if pictures:
        image = strip(pictures[:8]) if len(pictures) > 1 else shrunk(pictures[0])
        parts.append(picture(image, "The screens that the agent saw, in order"))
    parts.append(table(("measure", "value"), [row for row in rows if row[1]]))
    return Html("".join(parts))


def run(progress: RunProgress) -> Html:
    """A run at one moment: what has ended how, and what is under way."""
    arms = list(dict.fromkeys(cell.arm for cell in progress.cells))
    tasks = list(dict.fromkeys(cell.task for cell in progress.cells))
    cells = {(c.arm, c.task): c for c in progress.cells}
    rows = []
    for task in tasks:
        found = [cells[arm, task] for arm in arms]
        signs = [_signs(c.statuses) + "…" * c.running for c in found]
        rows.append((task, *signs))
    counts = ", ".join(f"{count} {status}" for status, count in progress.statuses.items())
    head = paragraph(
        bold(progress.experiment),
        progress.phase,
        f"{progress.done} of {progress.planned}",
        counts,
        f"{progress.seconds:.0f} s",
        f"{progress.spent:.2f} US$",
    )
    notes = [paragraph(bold("Note"), text) for text in (*progress.notes, progress.error) if text]
    return Html("".join([head, table(("task", *arms), rows) if rows else "", *notes]))


def thumbnails(progress: RunProgress) -> Html:
    """The desktops of the trials under way."""
    return Html(
        "".join(
            f'<figure style="display:inline-block;margin:4px"><img width="240" alt="" '
            f'src="data:image/jpeg;base64,{escape(t.picture)}"><figcaption>{safe(t.id)}: '
            f"{safe(short(t.detail or t.state, 40))}</figcaption></figure>"
            for t in progress.running
            if t.picture
        )
    )


def _arm(name: str, baseline: str) -> object:
    return f"{name} (baseline)" if name == baseline else name


def _change(pieces: tuple[Piece, ...]) -> Html:
    """What differs between two prompts, with a few words around it."""
    tags = {"removed": "del", "added": "ins"}
    return Html("".join(_piece(piece, tags) for piece in pieces))


def _piece(piece: Piece, tags: dict[str, str]) -> str:
    if piece.change == "same":
        text = piece.text if len(piece.text) < 100 else f"{piece.text[:40]} … {piece.text[-40:]}"
        return escape(text)
    tag = tags[piece.change]
    return f"<{tag}>{escape(piece.text)}</{tag}>"


def _arms(analysis: Analysis, experiment: Experiment) -> Html:
    rows = [
        (
            _arm(name, experiment.reference),
            percent(arm.completed),
            f"{arm.score.value:.2f}",
            f"{arm.seconds.value:.1f}",
            f"{arm.dollars_per_trial:.4f}",
            ", ".join(f"{count} {status}" for status, count in arm.statuses.items()),
        )
        for name, arm in analysis.arms.items()
    ]
    return table(("arm", "passes [95 %]", "score", "s a trial", "US$ a trial", "trials"), rows)


def _grid(experiment: Experiment, found: list[TrialResult]) -> Html:
    def cell(arm: str, task: str) -> str:
        mine = sorted((r for r in found if (r.arm, r.task) == (arm, task)), key=lambda r: r.repeat)
        why = next((r.reason or r.error for r in mine if not r.passed), "")
        return " ".join([*(_SIGNS.get(r.status, "·") for r in mine), short(why, 90)]).strip()

    rows = [(t.id, *(cell(arm, t.id) for arm in experiment.arms)) for t in experiment.tasks]
    return table(("task", *experiment.arms), rows)


def _signs(statuses: dict[str, int]) -> str:
    return " ".join(_SIGNS.get(status, "·") for status, n in statuses.items() for _ in range(n))


def _pair_of_dots(n: int, task: str, a: float, b: float, left: int, scale: int, y: int) -> str:
    name = f'<text x="4" y="{y + 14}" fill="#1d2430">{escape(short(task, 26))}</text>'
    band = f'<rect x="0" y="{y}" width="100%" height="20" fill="#f3f5f8"/>' if n % 2 else ""
    if math.isnan(a) or math.isnan(b):
        return band + name
    x, z, middle = left + scale * a, left + scale * b, y + 10
    return (
        f'{band}{name}<path d="M{x:.0f} {middle}H{z:.0f}" stroke="#566070" stroke-width="2"/>'
        f'<circle cx="{z:.0f}" cy="{middle}" r="5" fill="#8a5200"/>'
        f'<circle cx="{x:.0f}" cy="{middle}" r="5" fill="{"none" if x == z else "#fff"}" '
        f'stroke="#1c5d99" stroke-width="2"/>'
    )


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:,.4g}"
