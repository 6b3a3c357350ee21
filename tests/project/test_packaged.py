"""What is installed holds every file that the code reads."""

from __future__ import annotations

import subprocess
import warnings
from pathlib import Path

import pytest
from setuptools import Distribution
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parents[2]
_FOR_BUILDING = (".d.ts", ".mjs")
"""What only the building and checking of bundles reads."""


def _packaged(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.chdir(ROOT)
    distribution = Distribution({"script_name": "setup.py"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # setuptools calls this table experimental
        distribution.parse_config_files()
    distribution.include_package_data = False  # an earlier build's list of files says nothing
    command = build_py(distribution)
    command.ensure_finalized()
    modules = {str(Path(file)) for file in command.get_source_files()}
    data = command.data_files
    return modules | {str(Path(folder, name)) for _, folder, _, names in data for name in names}


def test_every_file_of_the_packages_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates, styles, scripts, settings and tasks go along."""
    listed = subprocess.run(
        ["git", "ls-files", "--", "agent", "dashboard"],
        check=True, capture_output=True, cwd=ROOT, text=True,
    )  # fmt: skip
    files = [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]
    tracked = {name for name in files if not name.endswith(_FOR_BUILDING)}
    assert len(tracked) > 500
    assert tracked - _packaged(monkeypatch) == set()
