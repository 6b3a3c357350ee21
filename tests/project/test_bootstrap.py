"""What `script/bootstrap` says and does on machines of several kinds."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("bash", "env", "dirname", "awk", "sed", "grep", "cat", "sha256sum", "cut", "id")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A machine that has only the common tools: no packages, no apt, no sudo."""
    for name in TOOLS:
        found = shutil.which(name)
        assert found
        (tmp_path / name).symlink_to(found)
    return tmp_path


def put(path: Path, name: str, text: str) -> None:
    program = path / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


def bootstrap(path: Path | None = None, *words: str) -> subprocess.CompletedProcess[str]:
    environment = None if path is None else {"PATH": str(path)}
    command = [str(ROOT / "script" / "bootstrap"), *words]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment, timeout=300
    )


def test_where_all_is_present_it_says_and_does_nothing():
    """A second start costs nothing and prints nothing."""
    answer = bootstrap()
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_another_system_gets_the_list_of_what_is_needed(path: Path):
    """Without dpkg nothing can be looked up or installed; the reader gets the names."""
    answer = bootstrap(path)
    assert answer.returncode == 0
    assert "not Debian or Ubuntu" in answer.stderr
    assert {"  bubblewrap", "  tigervnc-standalone-server"} <= set(answer.stderr.splitlines())


def test_without_apt_it_ends_with_what_is_missing_and_only_that(path: Path):
    """One package is there, so it is not named."""
    put(path, "dpkg-query", '[ "$4" = bubblewrap ] && echo "install ok installed"; true')
    answer = bootstrap(path)
    assert answer.returncode == 1
    assert "missing and cannot be installed without apt-get" in answer.stderr
    assert "  thunar" in answer.stderr.splitlines()
    assert "  bubblewrap" not in answer.stderr.splitlines()


def test_what_apt_cannot_install_is_named(path: Path):
    """A mirror that is down ends the start with the list, not with apt's own words alone."""
    put(path, "dpkg-query", "true")
    put(path, "apt-get", 'echo "apt-get $*" >&2; exit 100')
    put(path, "sudo", '"$@"')
    answer = bootstrap(path)
    assert answer.returncode == 1
    assert "installing" in answer.stderr
    assert "Still missing:\n  python3-venv" in answer.stderr


def test_a_command_from_elsewhere_is_not_installed_once_more(path: Path):
    """Node.js may come from another source, beside which Debian's npm cannot be installed."""
    put(path, "dpkg-query", "true")
    put(path, "node", "true")
    asked = bootstrap(path, "--test").stderr.splitlines()
    assert "  npm" in asked
    assert "  nodejs" not in asked


PYTHON = """case "$*" in
  "-m venv "*) mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  *requirements*) echo "$*" > asked ;;
esac"""


@pytest.mark.parametrize("words", [(), ("--test",), ("--apps",)])
def test_what_only_tests_need_is_installed_for_tests_alone(
    path: Path, tmp_path_factory: pytest.TempPathFactory, words: tuple[str, ...]
):
    """A server that ran it would answer for it; a test run without it would end at once."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("script/bootstrap", "sayso/packages.txt", "pyproject.toml"):
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    for name in ("requirements.lock", "requirements-test.lock"):
        shutil.copy(ROOT / name, checkout / name)
    for name in ("cp", "mkdir"):
        (path / name).symlink_to(shutil.which(name) or "")
    put(path, "python3.11", PYTHON)
    done = subprocess.run(
        [checkout / "script" / "bootstrap", *words],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(path)},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    asked = (checkout / "asked").read_text().split()
    assert "-rrequirements.lock" in asked
    assert ("-rrequirements-test.lock" in asked) == (words == ("--test",))
