"""The served app in a process of its own, as people start it: `panel serve dashboard`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
_ADDRESS = re.compile(r"Bokeh app running at: (http://\S+)")


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
    """A clean environment: no keys of whoever runs the tests."""
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG") if k in os.environ}
    return {**kept, "SAYSO_DATA_DIR": str(data), "PYTHONUNBUFFERED": "1", **(more or {})}


@contextmanager
def serve(
    app: Path, data: Path, *more: str, env: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """Start the server, wait until it says where it is, and end it afterwards."""
    process = subprocess.Popen(
        command(app, *more),
        cwd=app.parent,
        env=environment(data, env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    served = Served("", process)
    up = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            served.lines.append(line)
            if found := _ADDRESS.search(line):
                served.url = found[1]
                up.set()
        up.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        assert up.wait(60), "The server did not start in a minute."
        assert served.url, served.log
        yield served
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)
        if process.stdout is not None:
            process.stdout.close()
