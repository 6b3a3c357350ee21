"""The main job's two waits: ``script/bench smoke [--json] [--rounds N]``.

*End of utterance → first action*: a sentence is spoken into Chromium's microphone; from the
end of its last word to the first action on the desktop. *Action → DOM*: from the moment at
which an action is journaled to the mutation of the page that shows it. Medians, and the
ratio to the common way: a page that polls once a second (on average half a second late).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
_ROOMS = (".", "tests", "tests/dialogues", "tests/browser")
sys.path[:0] = [str(ROOT / part) for part in _ROOMS]

from page_stage import paged  # noqa: E402 - needs the path above
from person import Person  # noqa: E402

from agent.record.events import ActionProposed, Measured, TaskFinished  # noqa: E402

SENTENCE = "Press control A."
POLL = 500.0
"""Milliseconds that a page polling once a second is late on average."""
_WATCH = """list => {
  window.seen = {}
  const note = () => {
    for (const item of list.querySelectorAll("[data-id]"))
      window.seen[item.dataset.id] ??= Date.now()
  }
  new MutationObserver(note).observe(list, {childList: true, subtree: true})
  note()
}"""


async def spoken(person: Person) -> float | None:
    """One sentence; milliseconds from its end to its first action."""
    await person.listens_to_the_end()
    since = person.look.count()
    await person.say(SENTENCE)
    await person.look.event(TaskFinished, since=since)
    lanes = {
        e.lane: e.milliseconds for e in person.look.events()[since:] if isinstance(e, Measured)
    }
    parts = (lanes.get("end_to_transcript"), lanes.get("utterance_to_action"))
    return None if None in parts else sum(part or 0.0 for part in parts)


async def shown(person: Person) -> float:
    """One typed command; milliseconds from the journaled action to its item in the page."""
    since = await person.type("press control a")
    await person.look.event(TaskFinished, since=since)
    action = await person.look.event(ActionProposed, since=since)
    await person.sees("control")
    seen = await person.page.evaluate("window.seen")
    times = [at for key, at in seen.items() if action.action_id in key]
    return float(min(times)) - action.at * 1000


async def measure(rounds: int) -> dict[str, list[float]]:
    """Both waits, ``rounds`` times each."""
    with tempfile.TemporaryDirectory(prefix="say") as folder:
        async with paged(Path(folder)) as stage:
            person = stage.person
            await person.page.locator(".conversation").evaluate(_WATCH)
            await person.look.event(TaskFinished, since=await person.type("open the text editor"))
            waits = [await spoken(person) for _ in range(rounds)]
            shows = [await shown(person) for _ in range(rounds)]
    return {
        "end of utterance → first action": [wait for wait in waits if wait is not None],
        "action → DOM": shows,
    }


def table(found: dict[str, list[float]]) -> str:
    """The medians, and what polling would add."""
    rows = ["| wait | n | median | p95 | against polling each second |", "|---|---|---|---|---|"]
    for name, values in found.items():
        median = statistics.median(values)
        worst = sorted(values)[int(0.95 * (len(values) - 1))]
        ratio = f"{POLL / median:.0f} times faster" if "DOM" in name and median > 0 else "-"
        rows.append(f"| {name} | {len(values)} | {median:.0f} ms | {worst:.0f} ms | {ratio} |")
    return "\n".join(rows)


def main() -> None:
    """Print the table, or the raw milliseconds with ``--json``."""
    parser = argparse.ArgumentParser(prog="script/bench smoke", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.rounds))
    print(json.dumps(found, ensure_ascii=False) if arguments.json else table(found))


if __name__ == "__main__":
    main()
