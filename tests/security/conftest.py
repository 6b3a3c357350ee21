"""The real app, served as people serve it, with keys in its environment that must not leak."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from served import ROOT, Served, serve

KEYS = {
    "ANTHROPIC_API_KEY": "sk-ant-canary-7f3a91",
    "HUME_API_KEY": "hume-canary-key-52be",
    "HUME_SECRET_KEY": "hume-canary-secret-9c04",
    "SAYSO_MODEL": "offline",
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def app(data: Path) -> Iterator[Served]:
    with serve(ROOT / "dashboard", data, env=KEYS) as served:
        yield served
