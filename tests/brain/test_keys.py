"""Keys that are entered: kept where they belong, and nowhere else."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null

from agent.errors import BadInput, ConfigurationError
from agent.keys import KeyStore, Ring, system_ring
from agent.settings import Settings

KEY = "sk-ant-0123456789-secret"


class MemoryRing:
    """A keyring in memory; `broken` is one that refuses everything."""

    def __init__(self, *, broken: bool = False) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.broken = broken
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self._ask()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._ask()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._ask()
        del self.kept[service, username]

    def _ask(self) -> None:
        self.asked += 1
        if self.broken:
            raise RuntimeError("locked")


Open = Callable[..., KeyStore]


@pytest.fixture
def store(tmp_path: Path) -> Open:
    def store(ring: Ring | None = None, **given: str) -> KeyStore:
        settings = Settings(_env_file=None, data_dir=tmp_path, **given)
        return KeyStore(settings, lambda: ring)

    return store


def plain(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path)


def test_a_keyring_is_used_where_there_is_one(store: Open, tmp_path: Path) -> None:
    """The file then holds a mark and no key; a later start finds the key again."""
    ring = MemoryRing()
    assert store(ring).put("ANTHROPIC_API_KEY", KEY) == "keyring"
    again = store(ring)
    assert KEY not in again.path.read_text()
    key = again.fill(plain(tmp_path)).anthropic_api_key
    assert key is not None
    assert key.get_secret_value() == KEY
    again.remove("ANTHROPIC_API_KEY")
    assert (ring.kept, again.place("ANTHROPIC_API_KEY")) == ({}, "nowhere")


@pytest.mark.parametrize("ring", [None, MemoryRing(broken=True)])
def test_a_file_of_ones_own_is_used_otherwise(
    store: Open, tmp_path: Path, ring: Ring | None
) -> None:
    """Readable by nobody else; a later start finds the key again."""
    first = store(ring)
    assert first.put("HUME_API_KEY", KEY) == "file"
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    again = store(ring)
    key = again.fill(plain(tmp_path)).hume_api_key
    assert key is not None
    assert key.get_secret_value() == KEY
    again.remove("HUME_API_KEY")
    assert KEY not in again.path.read_text()
    assert store(ring).fill(plain(tmp_path)).hume_api_key is None


def test_a_keyring_is_left_alone_until_it_holds_something(store: Open) -> None:
    """It may ask the person to unlock it: not before they chose to use it."""
    ring = MemoryRing()
    store(ring)
    assert ring.asked == 0


def test_the_environment_wins(store: Open) -> None:
    """And is neither changed nor removed from here."""
    given = store(None, anthropic_api_key=KEY)
    assert given.place("ANTHROPIC_API_KEY") != "file"
    with pytest.raises(BadInput, match="environment"):
        given.put("ANTHROPIC_API_KEY", "another-key-entirely")
    with pytest.raises(BadInput, match="environment"):
        given.remove("ANTHROPIC_API_KEY")


def test_a_key_is_in_no_text_and_in_no_environment(store: Open, tmp_path: Path) -> None:
    """A desktop's programs might inherit the one, a log might show the other."""
    kept = store(None)
    kept.put("ANTHROPIC_API_KEY", KEY)
    filled = kept.fill(plain(tmp_path))
    assert KEY not in f"{filled!r} {filled.model_dump_json()} {kept.__dict__['_values']!r}"
    assert KEY not in "".join(os.environ.values())


@pytest.mark.parametrize(
    "wrong", ["", "short", "two words and more", "a\nb" * 9, "x" * 501, "ключключ"]
)
def test_what_is_no_key_is_refused(store: Open, wrong: str) -> None:
    """Without repeating it."""
    kept = store(None)
    with pytest.raises(BadInput) as refusal:
        kept.put("ANTHROPIC_API_KEY", wrong)
    assert not wrong or wrong not in str(refusal.value)
    assert kept.place("ANTHROPIC_API_KEY") == "nowhere"


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    """Nothing is then believed to be kept."""
    (tmp_path / "data").write_text("in the way")
    kept = KeyStore(Settings(_env_file=None, data_dir=tmp_path / "data"), lambda: None)
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        kept.put("ANTHROPIC_API_KEY", KEY)
    assert kept.place("ANTHROPIC_API_KEY") == "nowhere"


class Keeps(KeyringBackend):
    """A keyring that keeps what it is given."""

    viable = False  # for whoever looks for keyrings by themselves

    def get_password(self, service: str, username: str) -> str | None:
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError


class Chain(chainer.ChainerBackend):
    """Several keyrings; the first that keeps counts."""

    viable = False
    backends: ClassVar[list[KeyringBackend]] = []


class Breaks(list[KeyringBackend]):
    """What a keyring's service may do at any time."""

    def __iter__(self) -> Iterator[KeyringBackend]:
        raise RuntimeError("The service is not there.")


@pytest.mark.parametrize(
    ("backend", "chained", "found"),
    [
        (Keeps(), [], Keeps),
        (fail.Keyring(), [], None),
        (null.Keyring(), [], None),
        (Chain(), [], None),
        (Chain(), [Keeps(), null.Keyring()], Keeps),
        (Chain(), [null.Keyring()], None),
        (Chain(), Breaks(), None),
    ],
)
def test_the_systems_keyring_is_one_that_keeps(
    backend: KeyringBackend, chained: list[KeyringBackend], found: type[KeyringBackend] | None
) -> None:
    """Or there is none: a machine without a desktop session has no such service."""
    before = keyring.get_keyring()
    Chain.backends = chained
    try:
        keyring.set_keyring(backend)
        ring = system_ring()
    finally:
        keyring.set_keyring(before)
    assert (None if ring is None else type(ring)) is found
