"""A search as a page for people: its terms, every variant, every look."""

from __future__ import annotations

from agent.experiments.improve.ledger import Judged, Ledger, Look
from agent.experiments.improve.search import Improved
from agent.experiments.plan.spec import counted


def page(ledger: Ledger, found: Improved) -> str:
    """Markdown: what was claimed first, then all that was tried for it."""
    begun = ledger.begun
    lines = ["# Search for a better prompt", "", found.verdict, ""]
    if begun is not None:
        terms = ", ".join(f"{name} {value}" for name, value in begun.terms.items())
        lines += [
            f"Terms, fixed before: {terms}; {counted(begun.most_trials, 'trial')} at most.",
            "",
        ]
        lines += [f"Searched on: {', '.join(begun.search)}.", ""]
        lines += [f"Held out: {', '.join(begun.held_out)}.", ""]
    lines += ["| variant | of | change | search tasks | kept |", "|---|---|---|---|---|"]
    judged = ledger.judged
    for variant in ledger.variants[1:]:
        end = judged.get(variant.name)
        why = " ".join(variant.why.replace("|", "/").split())
        lines.append(f"| {variant.name} | {variant.parent} | {why} | {_judged(end)} |")
    lines += [
        "",
        "| look | variant | held-out tasks | level | gain shown |",
        "|---|---|---|---|---|",
    ]
    lines += [_look(look) for look in ledger.looks]
    return "\n".join([*lines, ""])


def _judged(end: Judged | None) -> str:
    if end is None:
        return "not tried | "
    return f"{100 * end.difference:+.0f} points | {'yes' if end.accepted else 'no'}"


def _look(look: Look) -> str:
    shown = f"{100 * look.difference:+.0f} [{100 * look.low:+.0f}, {100 * look.high:+.0f}] points"
    won = "yes" if look.won else "no"
    return f"| {look.number} | {look.name} | {shown}, p = {look.p:.3f} | {look.level:.3f} | {won} |"
