"""Flite leaves nothing behind, whenever its process is ended."""

from __future__ import annotations

import shutil
import tempfile

import pytest

from dashboard.voice.speech.flite import FliteSynthesizer


@pytest.mark.skipif(not shutil.which("flite"), reason="flite is not installed")
def test_a_sentence_is_written_to_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    assert sum(map(len, FliteSynthesizer().speak("Hello."))) > 0
