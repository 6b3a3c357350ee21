"""The documentation's site is built offline, lists every page, and asks no other host."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from agent.experiments.plan.spec import load_experiment

ROOT = Path(__file__).parents[2]


def _pages(part: object) -> list[str]:
    match part:
        case str():
            return [part]
        case list():
            return [page for each in part for page in _pages(each)]
        case dict():
            return [page for each in part.values() for page in _pages(each)]
    raise AssertionError(part)


def test_every_page_is_in_the_sites_contents_once() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    there = (ROOT / "docs").glob("**/*.md")
    assert sorted(_pages(nav)) == sorted(str(p.relative_to(ROOT / "docs")) for p in there)


def test_the_site_is_built_and_asks_no_other_host(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="script/bootstrap --test installs it")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    assert (tmp_path / "tutorial" / "first-task.html").exists()
    _holds_the_reference(tmp_path)
    for page in tmp_path.glob("**/*.html"):
        text = page.read_text("utf-8")
        assert re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=.?https?:", text) == []


def _holds_the_reference(site: Path) -> None:
    """Each public name has its place, with the beginning of its docstring."""
    for page in (ROOT / "docs" / "reference").glob("*.md"):
        html = (site / "reference" / f"{page.stem}.html").read_text("utf-8")
        assert ":::" not in html
        marks = re.findall(r"^::: (\S+)(.*)$", page.read_text("utf-8"), re.MULTILINE)
        assert marks, page
        for module, names in marks:
            for name in names.split() or import_module(module).__all__:
                assert f'id="{name.lower()}"' in html, f"{module}.{name}"
    html = (site / "reference" / "agent.html").read_text("utf-8")
    assert "Give the agent words; returns the task's id" in html  # Session.say
    assert "<strong>Raises</strong>" in html


def test_the_tutorials_experiment_can_be_run(tmp_path: Path) -> None:
    text = (ROOT / "docs/tutorial/first-experiment.md").read_text("utf-8")
    [block] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    file = tmp_path / "mine.yaml"
    file.write_text(block)
    assert list(load_experiment(file).arms) == ["goal", "steps"]
