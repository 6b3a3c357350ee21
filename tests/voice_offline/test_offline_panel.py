"""The panel of who may silence a voice: what is counted, and a chat with a foreign endpoint."""

from __future__ import annotations

import numpy as np
import pytest
from hearing import ScriptedSpeech

from benchmarks.floor import (
    Endpoint,
    Event,
    Kind,
    Outcome,
    in_silence,
    interaction_metrics,
    over_a_result,
    panel,
)
from dashboard.voice.server.service import OfflineEvi


def event(kind: Kind) -> Event:
    return Event(kind, "Stop.", "heart", None, held_out=False)


REAL, NOD, TIC, OTHERS = (event(kind) for kind in ("real", "backchannel", "tic", "elsewhere"))
OVER = [
    Outcome(REAL, 0.5),
    Outcome(REAL, 1.5),
    Outcome(REAL, 2.5),
    Outcome(REAL, None),
    Outcome(NOD, None),
    Outcome(NOD, 0.9),
    Outcome(TIC, 1.1),
    Outcome(OTHERS, 0.2),
]
SILENT = [
    Outcome(REAL, None, answered=True, responded=0.75),
    Outcome(REAL, None, answered=True, responded=-0.25),
    Outcome(REAL, None),
    Outcome(TIC, None, answered=True),
    Outcome(OTHERS, None),
]


def test_interaction_metrics_have_the_fields_and_counts_of_tau2_bench() -> None:
    written = interaction_metrics(OVER, SILENT)
    assert written["version"] == "1.0"
    assert written["overall"] == written["domains"]["desktop"]
    assert written["config"]["no_yield_window_sec"] == 2.0
    domain = written["overall"]
    assert domain.pop("counts") == {
        "n_simulations": 13,
        "response_total": 3,
        "yield_total": 4,
        "backchannel_total": 2,
        "vocal_tic_total": 2,
        "non_directed_total": 2,
        "agent_interrupts_count": 1,
    }
    assert domain == {
        "response_latency_mean": pytest.approx(0.25),
        "yield_latency_mean": pytest.approx(1.0),
        "response_rate": pytest.approx(2 / 3),
        "yield_rate": pytest.approx(0.5),
        "agent_interruption_rate": pytest.approx(1 / 3),
        "selectivity_backchannel": pytest.approx(0.5),
        "selectivity_vocal_tic": pytest.approx(0.5),
        "selectivity_non_directed": pytest.approx(0.5),
    }


def test_what_was_not_measured_is_null() -> None:
    domain = interaction_metrics([], [])["overall"]
    assert {value for name, value in domain.items() if name != "counts"} == {None}


def test_the_table_has_the_same_shares() -> None:
    row = panel(OVER, SILENT)
    assert row["R_Y"].startswith("0.50 ")
    assert row["S_BC"].startswith("0.50 ")
    assert row["S_VT"].startswith("1.00 ")
    assert row["S_VT silent"].startswith("0.00 ")
    assert row["R_R"].startswith("0.67 ")
    assert row["I_A"].startswith("0.33 ")


class Attentive(ScriptedSpeech):
    """Hears one interruption as soon as something is said."""

    def hear(self, chat: str, pcm: bytes) -> None:
        super().hear(chat, pcm)
        if np.frombuffer(pcm, "<i2").any() and len(self.finished) == 0:
            self.finished.append(chat)
            self.utter(chat, "No, open the terminal.")


@pytest.mark.speech
async def test_any_endpoint_of_the_protocol_is_measured(start) -> None:
    speech = Attentive(chunks=12)
    server = await start(OfflineEvi(speech=speech))
    endpoint = Endpoint(f"ws://127.0.0.1:{server.port}", "offline-key")
    over = await over_a_result(endpoint, REAL, patience=60)
    assert over.cut is not None
    assert over.heard == "No, open the terminal."
    speech.finished.clear()
    silent = await in_silence(endpoint, REAL, patience=60)
    assert silent.answered
    assert silent.responded is not None
