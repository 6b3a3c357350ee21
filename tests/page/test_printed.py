"""A server whose output nobody reads any more is ended like any other."""

from __future__ import annotations

import errno
import io
import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest
from served import ADDRESS, ROOT, command, environment

from dashboard.web.output import Output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_ends_when_nobody_reads_what_it_prints(tmp_path: Path, number: int) -> None:
    words, inside = command(ROOT / "dashboard"), environment(tmp_path)
    process = subprocess.Popen(
        words, cwd=ROOT, env=inside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    try:
        while not (address := ADDRESS.search(line := process.stdout.readline())):
            assert line, "it ended"
        process.stdout.close()
        httpx.get(address[1], trust_env=False, timeout=60)  # answered once the loop is running
        process.send_signal(number)
        assert process.wait(60) in (0, -number)
    finally:
        process.kill()
        process.wait()


def test_a_pipe_without_a_reader_takes_all_that_follows() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", buffering=1) as pipe:
        output = Output(pipe)
        assert output.write("a line\n") == 7
        output.write("another\n")
        output.flush()
        assert output.fileno() == writing


class Full(io.StringIO):
    """A file on a disk that is full until it is not."""

    room = False

    def write(self, text: str) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_a_full_disk_costs_only_what_was_printed_meanwhile() -> None:
    disk = Full()
    output = Output(disk)
    assert output.write("lost\n") == 5
    disk.room = True
    output.write("kept\n")
    assert disk.getvalue() == "kept\n"
