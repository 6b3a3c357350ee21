"""A wheel serves: built, installed into an environment of its own, run away from the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from served import ADDRESS, started

ROOT = Path(__file__).parents[2]
_FOR_BUILDING = (".d.ts", ".mjs")
"""What only the building and checking of bundles reads."""

_BUILD = "import sys, backend; print(backend.build_wheel(sys.argv[1]))"
_PACK = "import sys, backend; print(backend.build_sdist(sys.argv[1]))"
_OTHER = "def hello():\n    return 'not Sayso'\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the source archive by the backend that pyproject.toml names."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in (*_tracked("agent", "dashboard", "sayso", "script"), *_ABOUT):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    archive = _built(_PACK, copy, out)
    with tarfile.open(archive) as packed:
        packed.extractall(out, filter="data")
    return _built(_BUILD, out / archive.name.removesuffix(".tar.gz"), out)


_ABOUT = ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")


def _built(code: str, source: Path, out: Path) -> Path:
    built = subprocess.run(
        [sys.executable, "-c", code, str(out)],
        cwd=source,
        env={**_environment(), "PYTHONPATH": str(source / "script")},
        check=True,
        capture_output=True,
        text=True,
        timeout=110,
    )
    return out / built.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ``bin`` of a fresh environment that sees what Sayso needs, and not the checkout."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(_said(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"))
    # A line of a path: the links of editable installs that lie there are not followed.
    (site / "needed.pth").write_text(sysconfig.get_path("purelib"))
    for name in ("agent", "dashboard"):  # somebody else's, with the names of our folders
        (site / name).mkdir()
        (site / name / "__init__.py").write_text(_OTHER)
    pip = (
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--ignore-installed",
    )
    _said(*pip, "--no-index", "--quiet", "--disable-pip-version-check", str(wheel))
    return folder / "bin"


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """Where the commands are run: a folder with an `agent` of its own."""
    (tmp_path / "agent.py").write_text("raise SystemExit('the wrong agent')\n")
    return tmp_path


def test_a_wheel_holds_one_folder_and_every_file_of_the_packages(wheel: Path) -> None:
    with ZipFile(wheel) as held:
        names = set(held.namelist())
    assert {name.split("/")[0] for name in names} - {_metadata(names)} == {"sayso"}
    wanted = {f"sayso/_packages/{name}" for name in _tracked("agent", "dashboard")}
    wanted |= set(_tracked("sayso"))
    assert len(wanted) > 500
    assert {name for name in wanted if not name.endswith(_FOR_BUILDING)} - names == set()


def test_its_list_of_files_is_that_of_what_it_holds(wheel: Path) -> None:
    with ZipFile(wheel) as held:
        names = held.namelist()
        rows = held.read(f"{_metadata(set(names))}/RECORD").decode().splitlines()
        top = held.read(f"{_metadata(set(names))}/top_level.txt").decode().split()
    listed = {row.rsplit(",", 2)[0] for row in rows}
    assert listed == set(names)
    assert top == ["sayso"]


def test_the_metadata_says_what_it_is(wheel: Path) -> None:
    with ZipFile(wheel) as held:
        text = held.read(f"{_metadata(set(held.namelist()))}/METADATA").decode()
    for field in ("Author", "Keywords", "License-Expression", "Requires-Python", "Summary"):
        assert f"\n{field}: " in text
    assert "\nClassifier: Programming Language :: Python :: 3.13\n" in text
    assert "\nDescription-Content-Type: text/markdown\n" in text


def test_doctor_finds_the_packages_of_the_wheel(installed: Path, away: Path) -> None:
    answer = _run(installed, away, "doctor")
    assert re.search(r"ok +Python packages: all \d+", answer.stdout), answer
    assert answer.returncode in (0, 1)  # what the system lacks is for another test


def test_beside_another_agent_ours_is_run_and_theirs_is_whole(installed: Path, away: Path) -> None:
    assert _run(installed, away, "run", "--list").returncode == 0
    assert "wording" in _run(installed, away, "lab", "list", "examples").stdout
    assert "find-file" in _run(installed, away, "lab", "list", "tasks").stdout
    python = str(installed / "python")
    theirs = _said(python, "-I", "-c", "import agent; print(agent.hello())", cwd=away)
    assert theirs == "not Sayso"
    ours = _said(python, "-I", "-c", "import sayso, agent; print(agent.Session.__name__)", cwd=away)
    assert ours == "Session"


def test_where_another_agent_is_in_use_already_it_is_said_so(installed: Path, away: Path) -> None:
    asked = subprocess.run(
        [str(installed / "python"), "-I", "-c", "import agent, sayso"],
        check=False,
        capture_output=True,
        text=True,
        cwd=away,
    )
    assert asked.returncode == 1
    assert "Another package called “agent” is in use here" in asked.stderr


def test_the_page_and_its_scripts_come_from_the_wheel(installed: Path, away: Path) -> None:
    words = (str(installed / "sayso"), "serve", "--port", "0")
    with started(words, ADDRESS, cwd=away, env=_environment(away)) as served:
        asked = {"headers": served.visitor(), "trust_env": False, "timeout": 60}
        page = httpx.get(f"{served.url}?view=sessions", **asked)
        assert page.status_code == 200
        assert "Sayso" in page.text
        bundles = set(re.findall(r"/[^\"' ]+\.bundle\.js[^\"' ]*", page.text))
        assert bundles
        for bundle in bundles:
            script = httpx.get(f"{served.root}{bundle}", **asked)
            assert (script.status_code, len(script.text) > 1000) == (200, True)


def _run(programs: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(programs / "sayso"), *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=_environment(folder),
        timeout=100,
    )


def _environment(data: Path | None = None) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    return (
        kept
        if data is None
        else {**kept, "SAYSO_DATA_DIR": str(data / "data"), "PYTHONUNBUFFERED": "1"}
    )


def _said(*command: object, cwd: Path | None = None) -> str:
    words = [str(word) for word in command]
    return subprocess.run(
        words, check=True, capture_output=True, text=True, cwd=cwd, timeout=100
    ).stdout.strip()


def _metadata(names: set[str]) -> str:
    return next(name.split("/")[0] for name in names if ".dist-info/" in name)


def _tracked(*folders: str) -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *folders],
        check=True,
        capture_output=True,
        cwd=ROOT,
        text=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]
