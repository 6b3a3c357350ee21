"""What stands in the way of a release is said; commit messages and hooks are what they claim."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHANGED = "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-30\n\n- Something.\n"


@pytest.fixture(scope="module")
def release() -> ModuleType:
    """`script/release` as a module."""
    loader = importlib.machinery.SourceFileLoader("script_release", str(ROOT / "script/release"))
    spec = importlib.util.spec_from_loader("script_release", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def git(folder: Path, *words: str) -> None:
    named = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project of which version 1.2.3 can be released."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nversion = "1.2.3"\n')
    (tmp_path / "package.json").write_text('{"version": "1.2.3"}\n')
    (tmp_path / "CHANGELOG.md").write_text(CHANGED)
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "Change")


def test_where_nothing_stands_in_the_way_nothing_is_said(
    release: ModuleType, checkout: Path
) -> None:
    assert list(release.obstacles(checkout)) == []


CASES: list[tuple[dict[str, str], str]] = [
    ({"CHANGELOG.md": CHANGED.replace("2026-11-30", "soon")}, "has no date"),
    ({"CHANGELOG.md": CHANGED.replace("1.2.3", "1.2.2")}, "has no section “## [1.2.3] - DATE”"),
    ({"CHANGELOG.md": CHANGED.replace("ed]\n", "ed]\n\n- New.\n", 1)}, "unreleased changes"),
    ({"package.json": '{"version": "1.2.2"}'}, "package.json has version 1.2.2"),
]


@pytest.mark.parametrize(("files", "said"), CASES, ids=[case[1] for case in CASES])
def test_each_obstacle_is_named(
    release: ModuleType, checkout: Path, files: dict[str, str], said: str
) -> None:
    for name, text in files.items():
        (checkout / name).write_text(text)
    commit(checkout)
    [found] = release.obstacles(checkout)
    assert said in found


def test_a_tag_a_branch_and_open_changes_are_obstacles(release: ModuleType, checkout: Path) -> None:
    git(checkout, "tag", "v1.2.3")
    git(checkout, "switch", "-q", "-c", "other")
    (checkout / "new").touch()
    found = list(release.obstacles(checkout))
    assert [text.split(";")[0].split(".")[0] for text in found] == [
        "There are changes that are not committed",
        "Releases are made on main",
        "There is a tag v1",
    ]


def test_checksums_are_those_that_sha256sum_checks(release: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "a.whl"
    file.write_bytes(b"wheel")
    (tmp_path / "SHA256SUMS").write_text(release.sums([file]))
    check = ["sha256sum", "--check", "--status", "SHA256SUMS"]
    assert subprocess.run(check, cwd=tmp_path, check=False).returncode == 0
    file.write_bytes(b"other")
    assert subprocess.run(check, cwd=tmp_path, check=False).returncode == 1


def test_the_changelog_is_read_by_its_headings(release: ModuleType) -> None:
    noted = release.sections((ROOT / "CHANGELOG.md").read_text("utf-8"))
    assert next(iter(noted)) == "Unreleased"
    assert all(text for _, text in list(noted.values())[1:])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Keep typed words when the page reloads\n\nThey were lost.\n", ""),
        ("Embed a session in a Panel app\n", ""),
        ("fixup! Keep typed words.\n", ""),
        ("", "is empty"),
        (f"Keep {'words ' * 12}\n", "72 are the most"),
        ("Keep typed words.\n", "full stop"),
        ("keep typed words\n", "small letter"),
        ("Fixed the words\n", "not imperative"),
        ("Fixing the words\n", "not imperative"),
        ("Keep typed words\nwhen the page reloads\n", "second line is not empty"),
    ],
)
def test_the_form_of_a_commit_message_is_checked(tmp_path: Path, text: str, said: str) -> None:
    message = tmp_path / "message"
    message.write_text(text + "# a comment of git's\n")
    answer = subprocess.run(
        [str(ROOT / "script/commit-message"), str(message)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (answer.returncode == 0) is not bool(said)
    assert said in answer.stderr


def hooks() -> Iterator[dict[str, object]]:
    listed = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    for repo in listed["repos"]:
        assert repo["repo"] == "local"
        yield from repo["hooks"]


def test_every_hook_runs_a_program_that_is_there_and_fetches_nothing() -> None:
    tests = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]["test"]
    programs = {"lint-imports": "import-linter"}
    found = list(hooks())
    assert len(found) >= 6
    for hook in found:
        assert hook["language"] == "system"
        program = str(hook["entry"]).split()[0]
        if program.startswith(".venv/bin/"):
            name = Path(program).name
            assert any(each.startswith(programs.get(name, name)) for each in tests)
        else:
            assert program == "npm" or (ROOT / program).stat().st_mode & 0o111


def test_the_hooks_are_the_checks_of_the_one_command() -> None:
    script = (ROOT / "script/test").read_text("utf-8")
    for hook in hooks():
        words = [w for w in str(hook["entry"]).split() if w != "--force-exclude"]
        if words[0] != "script/commit-message":
            assert " ".join(words).removeprefix(".venv/bin/") in script
