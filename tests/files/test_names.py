"""Names from outside are made safe; names on the disk are shown as they are and kept apart."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.files import from_key, is_state, safe_name, shown, to_key
from agent.files.names import free_name, to_bytes, to_text


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("report.txt", "report.txt"),
        ("Grüße an alle.pdf", "Grüße an alle.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\photo.png", "photo.png"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        ("   ", "file"),
        ("...", "file"),
        ("/", "file"),
        (".bashrc", "bashrc"),
        ("-rf", "_-rf"),
        ("~", "_~"),
        ("a\nb\r\n.txt", "a b .txt"),
        ("a\0b\x1b[2Jc", "ab[2Jc"),
        ("gpj.\u202eexe", "gpj.exe"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.tar.gz", "_com1.tar.gz"),
        ("console.txt", "console.txt"),
        ("name. . ", "name"),
        (b"caf\xe9.txt", "café.txt"),
        ("caf\udce9.txt", "café.txt"),
        ("half \ud83d sign", "half ? sign"),
        ("e\u0301.txt", "\u00e9.txt"),
    ],
)
def test_a_name_from_outside_is_made_safe(given_name: str | bytes, safe: str) -> None:
    assert safe_name(given_name) == safe


@given(st.one_of(st.text(max_size=600), st.binary(max_size=600)))
def test_whatever_comes_in_is_a_plain_visible_name_that_a_disk_can_hold(name: str | bytes) -> None:
    safe = safe_name(name)
    assert safe
    assert 0 < len(safe.encode()) <= 243
    assert not set(safe) & set("/\\\0\n\r")
    assert safe not in (".", "..")
    assert not safe.startswith(("-", ".", "~", " "))
    assert safe.isprintable()
    assert safe_name(safe) == safe
    assert not is_state(safe.encode()) or safe in ("__pycache__", "lost+found", "snap")


@pytest.mark.parametrize("name", ["x" * 300 + ".txt", "ü" * 300 + ".tar.gz", "." + "y" * 300])
def test_a_long_name_keeps_its_ending_and_room_for_a_number(name: str) -> None:
    safe = safe_name(name)
    assert safe.endswith(name[name.find(".") :][:9]) or name.startswith(".")
    tenth = free_name(safe, lambda tried: "(99)" not in tried)
    assert len(tenth.encode()) <= 255
    assert "(99)" in tenth


def test_a_taken_name_gets_the_first_free_number_before_its_ending() -> None:
    taken = {"a.txt", "a (2).txt", "b.tar.gz", "c"}
    assert free_name("a.txt", taken.__contains__) == "a (3).txt"
    assert free_name("b.tar.gz", taken.__contains__) == "b (2).tar.gz"
    assert free_name("c", taken.__contains__) == "c (2)"
    assert free_name("d", taken.__contains__) == "d"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        (b"plain \xc3\xbc.txt", "plain ü.txt"),
        (b"caf\xe9.txt", "caf\\xe9.txt"),
        (b"two\nlines", "two\\nlines"),
        (b"\x1b[31mred", "\\x1b[31mred"),
        ("gpj.\u202eexe".encode(), "gpj.\\u202eexe"),
        ("thin\u202fspace".encode(), "thin\u202fspace"),
    ],
)
def test_what_cannot_be_seen_in_a_name_is_written_out(name: bytes, seen: str) -> None:
    assert shown(name) == seen


@given(st.binary(min_size=1, max_size=60))
def test_any_name_travels_as_a_key_and_as_text_and_comes_back(name: bytes) -> None:
    key = to_key(name)
    assert key.isascii()
    assert json.loads(json.dumps(key)) == key
    assert to_bytes(from_key(key)) == name
    assert to_bytes(to_text(name)) == name


@pytest.mark.parametrize(
    ("path", "program"),
    [
        (b"Desktop/a.txt", False),
        (b"Documents", False),
        (b"Downloads/x/y", False),
        (b"a.b", False),
        (b"notes~", False),
        (b"Documents/snap/x", False),
        (b".bashrc", True),
        (b".config/chromium/Default/History", True),
        (b".cache", True),
        (b"Documents/.~lock.report.odt#", True),
        (b"project/__pycache__/m.pyc", True),
        (b"snap/firefox/x", True),
        (b"caf\xe9", False),
    ],
)
def test_dot_files_caches_and_profiles_are_a_programs_own(path: bytes, program: bool) -> None:
    assert is_state(path) is program
