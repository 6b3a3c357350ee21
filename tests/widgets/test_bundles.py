"""The committed bundles are what the sources make, and carry what their licences ask."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOVNC = "dashboard/desktop/view.bundle.js"


def bundles(root: Path) -> list[str]:
    """All bundles below a folder, by their paths in it."""
    return sorted(str(path.relative_to(root)) for path in root.glob("dashboard/**/*.bundle.js"))


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js")


@needs_node
@pytest.mark.skipif(not (ROOT / "node_modules/esbuild").exists(), reason="npm ci was not run")
def test_the_bundles_are_up_to_date(tmp_path: Path) -> None:
    """A rebuild gives the very bytes that are committed (else: `npm run build`)."""
    subprocess.run(["node", str(ROOT / "dashboard/js/build.mjs"), str(tmp_path)], check=True)
    assert NOVNC in bundles(ROOT)
    assert bundles(tmp_path) == bundles(ROOT)
    for bundle in bundles(ROOT):
        assert (tmp_path / bundle).read_bytes() == (ROOT / bundle).read_bytes(), bundle


@needs_node
@pytest.mark.skipif(not (ROOT / "node_modules/preact").exists(), reason="npm ci was not run")
def test_the_javascript_parts_work_alone() -> None:
    """Resampling, WAV reading, ordering, speech detection and the conversation, under Node."""
    tests = sorted((ROOT / "tests/widgets/js").glob("*.test.js"))
    command = ["node", "--test", *map(str, tests)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    failed = re.findall(r"^not ok .*(?:\n(?: .*)?)*", done.stdout, re.MULTILINE)
    assert done.returncode == 0, "".join(failed) or done.stdout[-4000:]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_a_diff_and_a_search_pass_over_the_bundles() -> None:
    """One line of minified code hides whatever else a diff or a search has found."""
    command = ["git", "check-attr", "diff", "linguist-generated", "--", *bundles(ROOT)]
    asked = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert {line.partition(": ")[2] for line in asked.splitlines()} == {
        "diff: unset",
        "linguist-generated: set",
    }
    assert "*.bundle.js" in (ROOT / ".ignore").read_text().split()


def test_the_lock_file_names_no_host() -> None:
    """Packages are found by name and hash, wherever the machine gets them."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
    assert all("integrity" in p for name, p in lock["packages"].items() if name)


def test_the_bundles_ask_nobody_else() -> None:
    """No script, font or worklet is loaded from another host."""
    for bundle in bundles(ROOT):
        text = (ROOT / bundle).read_text()
        assert "import(" not in text
        assert "https://" not in text


def test_the_licence_of_novnc_is_shipped() -> None:
    """MPL-2.0 asks that its text and the way to the source go with the bundle."""
    text = (ROOT / "dashboard/desktop/view.bundle.LICENSE.txt").read_text()
    assert "Mozilla Public License Version 2.0" in text
    assert "github.com/novnc/noVNC" in text
    assert "view.bundle.LICENSE.txt" in (ROOT / NOVNC).read_text()[:200]


def test_a_bundle_with_preact_inside_says_where_its_licence_is() -> None:
    """MIT and Apache-2.0 ask that their texts go with what contains the libraries."""
    text = (ROOT / "dashboard/js/preact.LICENSE.txt").read_text()
    versions = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for library in ("preact", "@preact/signals", "htm"):
        assert f"{library} {versions[library]}" in text
    assert "MIT License" in text
    assert "Apache License" in text
    for bundle in bundles(ROOT):
        content = (ROOT / bundle).read_text()
        if "debounceRendering" in content:
            assert "dashboard/js/preact.LICENSE.txt" in content[:200], bundle


def test_only_the_prompt_editors_bundle_has_codemirror_and_says_where_its_licence_is() -> None:
    text = (ROOT / "dashboard/views/prompts/codemirror.LICENSE.txt").read_text()
    versions = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for library in ("commands", "state", "view"):
        assert f"@codemirror/{library} {versions[f'@codemirror/{library}']}" in text
    assert "Permission is hereby granted" in text
    editor = "dashboard/views/prompts/editor.bundle.js"
    assert [n for n in bundles(ROOT) if "cm-lineNumbers" in (ROOT / n).read_text()] == [editor]
    assert "dashboard/views/prompts/codemirror.LICENSE.txt" in (ROOT / editor).read_text()[:300]


@needs_node
@pytest.mark.skipif(not (ROOT / "node_modules/typescript").exists(), reason="npm ci was not run")
def test_files_excepted_from_the_checks_are_the_same_for_both_and_exist() -> None:
    """A new file is checked; one that is gone or brought over leaves both lists."""
    typed = json.loads((ROOT / "tsconfig.json").read_text())["exclude"]
    linted = json.loads((ROOT / "biome.json").read_text())["files"]["includes"]
    excepted = [path for path in typed if "*" not in path]
    assert excepted == [path[1:] for path in linted if path.startswith("!") and "*" not in path]
    assert [path for path in excepted if not (ROOT / path).is_file()] == []


def test_components_send_by_the_one_way_that_knows_the_link() -> None:
    """What is pressed in a gap is refused aloud there; nothing else may send to Python."""
    ways = {"dashboard/js/adapter.js", "dashboard/js/sender.js"}
    found = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "dashboard").rglob("*.js")
        if not file.name.endswith(".bundle.js") and "send_msg(" in file.read_text()
    }
    assert found == ways
