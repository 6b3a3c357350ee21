"""`sayso doctor` on machines of several kinds: what it misses, and what it says to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sayso import command, doctor

ROOT = Path(__file__).parents[2]


def put(folder: Path, name: str, text: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A Debian on which every package is there and bubblewrap works: a folder of programs."""
    put(tmp_path, "dpkg-query", 'echo "install ok installed"')
    put(tmp_path, "bwrap", "exit 0")
    return tmp_path


def asked(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sayso", "doctor"],
        check=False,
        capture_output=True,
        text=True,
        cwd=machine,
        env={
            "PATH": str(machine),
            "PYTHONPATH": str(ROOT),
            "HOME": str(machine),
            "SAYSO_DATA_DIR": str(machine / "data"),
            **environment,
        },
        timeout=100,
    )


def test_where_all_is_there_it_says_so_and_changes_nothing(machine: Path) -> None:
    before = sorted(machine.iterdir())
    answer = asked(machine)
    assert answer.returncode == 0, answer
    assert answer.stdout.endswith("All that is needed is there.\n")
    assert sorted(machine.iterdir()) == before


def test_packages_that_are_missing_are_named_with_the_command_that_gets_them(machine: Path) -> None:
    there = 'case "$4" in bubblewrap|xvfb) exit 1;; *) echo "install ok installed";; esac'
    put(machine, "dpkg-query", there)
    answer = asked(machine)
    assert answer.returncode == 1
    assert "Missing: system packages." in answer.stdout
    assert "apt-get install --no-install-recommends xvfb bubblewrap\n" in answer.stdout
    assert "the sandbox" in answer.stdout  # what the list says it is for


def test_what_the_server_can_do_without_is_no_fault(machine: Path) -> None:
    there = 'case "$4" in gimp) exit 1;; *) echo "install ok installed";; esac'
    put(machine, "dpkg-query", there)
    answer = asked(machine)
    assert answer.returncode == 0
    assert "apt-get install --no-install-recommends gimp\n" in answer.stdout


def test_another_system_gets_the_programs_and_the_list(machine: Path) -> None:
    (machine / "dpkg-query").unlink()
    answer = asked(machine)
    assert answer.returncode == 1
    assert "these programs are not there: Xvnc" in answer.stdout
    assert "tigervnc-standalone-server" in answer.stdout


def test_a_sandbox_that_does_not_work_is_told_with_the_way_out(machine: Path) -> None:
    put(machine, "bwrap", 'echo "bwrap: No permissions to create new namespace" >&2; exit 1')
    answer = asked(machine)
    assert answer.returncode == 1
    assert "No permissions to create new namespace" in answer.stdout
    assert "SAYSO_SANDBOX=prefer" in answer.stdout
    assert "Missing: sandbox." in answer.stdout
    assert asked(machine, SAYSO_SANDBOX="prefer").returncode == 0


def test_a_wrong_setting_is_named(machine: Path) -> None:
    answer = asked(machine, SAYSO_MAX_TURNS="many")
    assert answer.returncode == 1
    assert "SAYSO_MAX_TURNS" in answer.stdout


def test_a_data_folder_that_cannot_be_is_told(machine: Path) -> None:
    (machine / "data").touch()
    answer = asked(machine, SAYSO_DATA_DIR=str(machine / "data" / "below"))
    assert answer.returncode == 1
    assert "Missing: data folder." in answer.stdout


def test_a_python_package_out_of_its_range_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["packaging>=999", "no-such-thing>=1,<2", "pydantic", "av>=99; extra == 'video'"]
    monkeypatch.setattr(doctor.metadata, "requires", lambda _name: wanted)
    monkeypatch.setattr(doctor, "CHECKS", (doctor.python_packages,))
    assert doctor.main([]) == 1
    said = capsys.readouterr().out
    assert "lacking: packaging>=999, no-such-thing<2,>=1\n" in said
    assert "pip install 'packaging>=999' 'no-such-thing<2,>=1'\n" in said


def test_beside_linux_it_says_what_works_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor.sys, "platform", "win32")
    monkeypatch.setattr(doctor, "CHECKS", (doctor.system, doctor.sandbox))
    assert doctor.main([]) == 1
    assert "recorded sessions replay and report" in capsys.readouterr().out


def test_the_list_is_read_as_the_bootstrap_reads_it() -> None:
    """One fact in one place: the shell's reading and ours give the same names."""
    script = (ROOT / "script" / "bootstrap").read_text()
    wanted = script[script.index("wanted() {") : script.index("missing_packages()")]
    for section in ("checkout", "run", "test", "apps"):
        said = subprocess.run(
            ["bash", "-c", f"sections={section}\n{wanted}\nwanted"],
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        ours = [":".join(filter(None, (p.name, p.command))) for p in doctor.listed(section)]
        assert ours
        assert said.stdout.split() == ours


def test_every_verb_answers_to_help() -> None:
    for name in command.VERBS:
        answer = subprocess.run(
            [sys.executable, "-m", "sayso", name, "--help"],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=100,
        )
        assert answer.returncode == 0, answer.stderr
        assert f"usage: sayso {name}" in answer.stdout


def test_a_word_that_is_no_verb_is_told_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert command.main(["surve"]) == 2
    said = capsys.readouterr().err
    assert "there is no “surve”" in said
    assert "\n  serve " in said
    assert command.main([]) == 2
    assert command.main(["--help"]) == 0
