"""A large file into a session and out again: time, and what the server's memory grows by.

    script/bench upload [--megabytes 1024]

The page's own routes are asked, as a browser asks them; the disk alone (write and sync of as
much) stands beside it.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "page")]

from pilot_page import PILOT  # noqa: E402
from served import Served, serve  # noqa: E402

PIECE = os.urandom(1 << 20)
GROWTH = 64
"""Megabytes that the server's memory may grow by."""


class Person:
    """A browser, as far as the routes of files are concerned."""

    def __init__(self, served: Served, data: Path) -> None:
        self._address = urlsplit(served.url)
        self._headers = served.visitor()
        self.ask("GET", "/dashboard")[0].read()
        [folder] = (data / "sessions").iterdir()
        self.base = f"/sessions/{folder.name}/files"

    def ask(
        self, method: str, path: str, body: Iterator[bytes] | None = None, size: int = 0
    ) -> tuple[http.client.HTTPResponse, http.client.HTTPConnection]:
        connection = http.client.HTTPConnection(
            self._address.hostname or "", self._address.port, timeout=600
        )
        length = {"Content-Length": str(size)} if body is not None or method == "POST" else {}
        connection.request(method, path, body=body, headers={**self._headers, **length})
        return connection.getresponse(), connection

    def ticket(self) -> str:
        import json

        answer, _ = self.ask("POST", f"{self.base}/ticket")
        return str(json.load(answer)["ticket"])


class Memory:
    """How far a process's memory goes up while something is done, in MB."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def now(self) -> float:
        status = Path(f"/proc/{self._pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def growth(self, work: Callable[[], None]) -> tuple[float, float]:
        """Seconds that it took, and by how much memory grew at most."""
        before, peak, over = self.now(), [0.0], threading.Event()

        def watch() -> None:
            while not over.wait(0.02):
                peak[0] = max(peak[0], self.now())

        watcher = threading.Thread(target=watch)
        watcher.start()
        began = time.monotonic()
        work()
        took = time.monotonic() - began
        over.set()
        watcher.join()
        return took, max(0.0, peak[0] - before)


def main() -> None:
    """Measure, print a table, and fail when the memory grows too far."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    megabytes = parser.parse_args().megabytes
    with tempfile.TemporaryDirectory(prefix="sayso-bench-") as folder:
        data = Path(folder)
        with serve(PILOT, data) as served:
            rows = measured(Person(served, data), Memory(served.process.pid), megabytes, data)
    print(f"| {megabytes} MB | s | MB/s | server's memory grows by, MB |")
    print("|---|---:|---:|---:|")
    for name, took, grown in rows:
        print(f"| {name} | {took:.1f} | {megabytes / took:.0f} | {grown:.0f} |")
    assert all(grown <= GROWTH for _, _, grown in rows), f"more than {GROWTH} MB"


def measured(
    person: Person, memory: Memory, megabytes: int, data: Path
) -> list[tuple[str, float, float]]:
    """Name, seconds and growth of each."""
    size = megabytes << 20

    def disk() -> None:
        with (data / "plain").open("wb") as file:
            for _ in range(megabytes):
                file.write(PIECE)
            os.fsync(file.fileno())

    def upload() -> None:
        pieces = (PIECE for _ in range(megabytes))
        path = f"{person.base}/put?ticket={person.ticket()}&name=large.bin"
        answer, _ = person.ask("POST", path, pieces, size)
        assert answer.status == 200, answer.read()

    def download(how: str) -> Callable[[], None]:
        def work() -> None:
            path = f"{person.base}/get?ticket={person.ticket()}&path=large.bin{how}"
            answer, _ = person.ask("GET", path)
            got = 0
            while piece := answer.read(1 << 20):
                got += len(piece)
            assert answer.status == 200
            assert got >= size

        return work

    work = {
        "disk alone": disk,
        "upload": upload,
        "download": download(""),
        "download as an archive": download("&zip=1"),
    }
    return [(name, *memory.growth(does)) for name, does in work.items()]


if __name__ == "__main__":
    main()
