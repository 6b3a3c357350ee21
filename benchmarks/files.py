"""Recording, listing and putting back a home of 10,000 files and 1 GB, beside the naive ways.

The naive ways are what is written first: copy everything (``cp -a``), or walk it and hash every
file (``os.walk`` and SHA-256). All run in one process on the same files, in turns; medians.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from agent.files.changes import compare
from agent.files.listing import list_files
from agent.files.restore import restore
from agent.files.store import Store

FOLDERS, EACH = 200, 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--times", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sayso-files-") as folder:
        rows = measured(Path(folder), given.gigabytes, given.times)
    if given.json:
        print(json.dumps(rows))
        return
    print("| what | Sayso | naive way | ratio | goal |\n|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def measured(folder: Path, gigabytes: float, times: int) -> list[list[str]]:
    home = filled(folder / "home", int(gigabytes * 1e9))
    store = Store(folder / "files", 4 * 10**9, reserve=0)
    began = time.perf_counter()
    before = store.record(home).record
    first = time.perf_counter() - began
    copied = timed(lambda: copy(home, folder / "copy"), 1)
    unchanged, hashed, listed, walked = [], [], [], []
    for turn in range(times):
        unchanged.append(timed(lambda: store.record(home), 1))
        listed.append(timed(lambda: list_files(home), 1))
        walked.append(timed(lambda: walk(home), 1))
        if turn < 3:
            hashed.append(timed(lambda: hash_all(home), 1))
    for number in range(10):
        (home / f"folder {number:03}" / "file 00.txt").write_text("changed")
    changed = timed(lambda: store.record(home), 1)
    after = store.record(home).record
    plan = compare("task", before.rows, after.rows, after.rows, kept=store.has)
    back = timed(lambda: restore(home, store, plan, plan.ready), 1)
    naive_back = timed(lambda: copy(folder / "copy", folder / "again"), 1)
    record, look = statistics.median(unchanged), statistics.median(listed)
    digest, way = statistics.median(hashed), statistics.median(walked)
    return [
        [
            "record, nothing changed",
            ms(record),
            f"{ms(copied)} (cp -a)",
            x(copied, record),
            "150 ms",
        ],
        ["the same", ms(record), f"{ms(digest)} (walk, SHA-256)", x(digest, record), "150 ms"],
        ["record, ten files changed", ms(changed), ms(copied), x(copied, changed), "-"],
        ["the first record", ms(first), ms(copied), x(copied, first), "-"],
        ["listing", ms(look), f"{ms(way)} (os.walk, lstat)", x(way, look), "200 ms"],
        ["ten files put back", ms(back), f"{ms(naive_back)} (cp -a)", x(naive_back, back), "-"],
    ]


def filled(home: Path, size: int) -> Path:
    """A home of `FOLDERS` times `EACH` files, ``size`` bytes together."""
    each = size // (FOLDERS * EACH)
    for number in range(FOLDERS):
        inside = home / f"folder {number:03}"
        inside.mkdir(parents=True)
        for one in range(EACH):
            (inside / f"file {one:02}.txt").write_bytes(os.urandom(each))
    return home


def copy(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def hash_all(home: Path) -> None:
    for top, _, names in os.walk(home):
        for name in names:
            with open(os.path.join(top, name), "rb") as file:
                hashlib.file_digest(file, "sha256").hexdigest()


def walk(home: Path) -> int:
    return sum(
        os.lstat(os.path.join(top, name)).st_size
        for top, _, names in os.walk(home)
        for name in names
    )


def timed(work: Callable[[], object], times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms"


def x(naive: float, ours: float) -> str:
    return f"{naive / ours:.1f}x"


if __name__ == "__main__":
    main()
