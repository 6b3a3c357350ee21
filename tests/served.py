"""Servers in processes of their own; the app as people start it: `panel serve dashboard`."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"Bokeh app running at: (http://\S+)")


@dataclass
class Served:
    """A running server: where it is, and what it has said."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1].split("/")[0])

    @property
    def log(self) -> str:
        return "".join(self.lines)


def command(app: Path, *more: str) -> list[str]:
    """The words of `panel serve` for an app's folder on a free port."""
    return [sys.executable, "-m", "panel", "serve", app.name, "--port", "0", *more]


def environment(data: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """A clean environment: no keys of whoever runs the tests, and the code beside them."""
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "SAYSO_DATA_DIR": str(data),
        "PYTHONUNBUFFERED": "1",
        **(more or {}),
    }


@contextmanager
def started(
    command: Sequence[str],
    address: re.Pattern[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    patience: float = 60,
) -> Iterator[Served]:
    """Start a server, wait until it says where it is, and end it afterwards.

    Args:
        command: The program and its words.
        address: What the server prints when it listens; its first group is the address.
        cwd: Where it runs.
        env: The whole of its environment.
        patience: Seconds until it must have said so.
    """
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    served = Served("", process)
    up = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        with contextlib.suppress(ValueError):  # it is closed when a test kills the server
            for line in process.stdout:
                served.lines.append(line)
                if found := address.search(line):
                    served.url = found[1]
                    up.set()
        up.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert up.wait(patience), f"The server did not start in {patience:.0f} s: {served.log}"
        assert served.url, served.log
        yield served
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def serve(
    app: Path, data: Path, *more: str, env: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """The served app, until the block ends."""
    words, inside = command(app, *more), environment(data, env)
    with started(words, ADDRESS, cwd=app.parent, env=inside) as served:
        yield served
