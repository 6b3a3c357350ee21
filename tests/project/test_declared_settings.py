"""A setting is declared in one place, and found wherever settings are."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

from agent.providers import key_kinds
from agent.settings import SETTINGS, Settings
from dashboard.views.settings.catalogue import GROUPS
from dashboard.views.settings.table import DOCUMENT, document
from dashboard.voice.client.voice_settings import SWITCHES, VOICE, VoiceSettings
from dashboard.web.preferences import DECLARED


def test_every_setting_is_declared_whole() -> None:
    """With a sentence, and what the form needs; only brought keys have no line of their own."""
    bare = Settings.model_fields.keys() - set(SETTINGS)
    assert bare == {"keys"}
    assert SWITCHES.keys() == {VOICE + name for name in VoiceSettings.model_fields}
    known = {group.key for group in GROUPS}
    for setting in DECLARED.values():
        assert setting.secret or setting.says.endswith("."), setting.name
        assert setting.kind.group in known | {""}, setting.name
        assert bool(setting.kind.label) == bool(setting.kind.group), setting.name
        if setting.control == "choice" and setting.choices:
            empty = {""} if setting.optional else set()
            assert {choice.value for choice in setting.choices} == {*setting.values} | empty


def test_every_key_of_ours_has_its_form() -> None:
    secret = {setting.variable for setting in DECLARED.values() if setting.secret}
    assert secret <= key_kinds().keys()


def test_the_document_lists_them_as_they_are_declared() -> None:
    """Written by ``python -m dashboard.views.settings.table``."""
    assert DOCUMENT.read_text("utf-8") == document(DECLARED.values())


def test_every_variable_that_is_named_anywhere_is_declared() -> None:
    """In sentences, scripts and documents; the rest are of scripts, benches and the shell."""
    root = DOCUMENT.parents[1]
    others = {"SHELL", "CLIPBOARD", "CASES", "BENCH_WATCH", "PYTHON", "THOROUGH"}
    known = {each.variable for each in DECLARED.values()} | {f"SAYSO_{name}" for name in others}
    places = ("agent/**/*.py", "dashboard/**/*.py", "docs/**/*.md", "README.md", "script/*")
    files = [path for place in places for path in root.glob(place) if path.is_file()]
    named = {
        name: path.name
        for path in files
        for name in re.findall(r"\bSAYSO_[A-Z_]*[A-Z]\b", path.read_text("utf-8"))
    }
    assert {name: place for name, place in named.items() if name not in known} == {}


MORE = '''
    cheer: Annotated[
        Literal["none", "loud"],
        SettingKind(
            "Cheer",
            "desktop",
            choices=(Choice("none", "None"), Choice("loud", "Loud")),
            personal=True,
            live=True,
            flag=Flag("--cheer", "how much it cheers"),
        ),
    ] = "none"
    """How much it cheers."""
'''
FOUND = """
import importlib.util, sys
from pathlib import Path

class Changed:
    # finds the changed file in place of ours

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "agent.settings":
            return importlib.util.spec_from_file_location(name, sys.argv[1])

sys.meta_path.insert(0, Changed)

from agent.__main__ import _parser
from agent.cli.beginning import settings_from
from agent.session.changes import AT_ONCE
from agent.settings import Settings
from dashboard.views.settings.catalogue import FIELDS, GROUPS
from dashboard.views.settings.table import DOCUMENT, document
from dashboard.web.preferences import DECLARED, Preferences

given = settings_from(_parser().parse_args(["Go", "--cheer", "loud"]))
assert given.cheer == "loud" and "--cheer" in _parser().format_help()
(group,) = (group for group in GROUPS if group.key == "desktop")
(line,) = (line for line in group.shown()["fields"] if line["name"] == "cheer")
assert (line["label"], line["kind"], line["when"]) == ("Cheer", "choice", "now")
assert line["says"] == "How much it cheers." and len(line["choices"]) == 2
assert "cheer" in AT_ONCE and FIELDS["cheer"].importable
mine = Preferences(Path(sys.argv[2]), Settings(_env_file=None))
assert mine.put("cheer", "loud") == "loud" and mine.settings.cheer == "loud"
assert "SAYSO_CHEER" in Preferences(Path(sys.argv[2]), given).lock("cheer")
assert "| `SAYSO_CHEER` | **Cheer.** How much it cheers. |" in document(DECLARED.values())
assert DOCUMENT.read_text("utf-8") != document(DECLARED.values())
"""


def test_a_setting_that_is_declared_is_everywhere(tmp_path: Path) -> None:
    """In form, command line, kept settings, running session; its document has to be written."""
    ours = Path(inspect.getfile(Settings)).read_text("utf-8")
    before, after = ours.split("    width: Annotated[", 1)
    changed = tmp_path / "settings.py"
    changed.write_text(f"{before}{MORE}\n    width: Annotated[{after}", "utf-8")
    command = [sys.executable, "-c", FOUND, str(changed), str(tmp_path / "kept.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
