"""The panel of who may silence a voice: what is counted, and a chat with a foreign endpoint."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hearing import ScriptedSpeech

from benchmarks import floor_files
from benchmarks.floor import (
    Endpoint,
    Event,
    Kind,
    Outcome,
    beside,
    export,
    in_silence,
    interaction_metrics,
    over_a_result,
    panel,
)
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.speech.audio import OUT_RATE, RATE, pcm16, read_wav, wav


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
    assert over.track is not None
    heard, played = over.track.sounds()
    assert len(heard) == len(played) > 0
    assert not heard[: round((over.track.first - 0.1) * RATE)].any()
    cut = round((over.track.first + over.cut + 0.3) * RATE)
    assert played[:cut].any()
    assert not played[cut:].any()
    speech.finished.clear()
    silent = await in_silence(endpoint, REAL, patience=60)
    assert silent.answered
    assert silent.responded is not None


def _track() -> floor_files.Track:
    """Two pieces of half a second, one behind the other; 0.2 s of silence before, cut at 0.9 s."""
    piece = wav(pcm16(np.full(OUT_RATE // 2, 0.5, np.float32)))
    track = floor_files.Track(mic=[bytes(2 * RATE)], first=0.6)
    track.play(0.2, piece)
    track.play(0.3, piece)
    track.cut(0.9)
    return track


def test_what_is_played_stands_where_it_is_heard_and_ends_where_it_is_cut() -> None:
    heard, played = _track().sounds()
    assert len(heard) == len(played) == RATE
    sounding = np.flatnonzero(np.abs(played) > 0.25) / RATE
    assert sounding[0] == pytest.approx(0.2, abs=0.01)
    assert sounding[-1] == pytest.approx(0.9, abs=0.01)
    assert np.abs(played[round(0.22 * RATE) : round(0.88 * RATE)]).min() > 0.25


@pytest.mark.parametrize(
    ("user", "model", "stop", "resp"),
    [
        ([(1.0, 2.0)], [(0.0, 1.4)], [(1.0, 1.4)], []),  # it falls silent after 0.4 s
        ([(1.0, 2.0)], [(0.0, 3.0)], [(1.0, 2.0)], []),  # it does not
        ([(1.0, 2.0)], [(0.0, 1.4), (2.5, 3.0)], [(1.0, 1.4)], [(2.0, 2.5)]),
        ([(0.0, 1.0), (2.0, 3.0)], [(3.4, 4.0)], [], [(3.0, 3.4)]),  # from the last end
        ([(1.0, 2.0)], [], [], []),
        ([], [(1.0, 2.0)], [], []),
    ],
)
def test_stops_and_responses_are_those_of_full_duplex_bench(
    user: list[floor_files.Interval],
    model: list[floor_files.Interval],
    stop: list[floor_files.Interval],
    resp: list[floor_files.Interval],
) -> None:
    assert floor_files.overlaps(user, model) == stop
    assert floor_files.gaps(user, model) == resp


def test_pauses_are_bridged() -> None:
    assert floor_files.merged([(1.0, 1.5), (0.0, 0.5)], 0.5) == [(0.0, 1.5)]
    assert floor_files.merged([(0.0, 0.5), (1.2, 1.5)], 0.6) == [(0.0, 0.5), (1.2, 1.5)]


def test_events_are_written_as_full_duplex_bench_lays_them_out(tmp_path: Path) -> None:
    sound = export([Outcome(REAL, 0.3, track=_track()), Outcome(NOD, None)], tmp_path)
    [made] = map(Path, sound)
    assert made == tmp_path / "user_interruption" / "001"
    assert list(floor_files.written(tmp_path)) == [made]
    for name in ("input", "output"):
        samples, rate = read_wav(made / f"{name}.wav")
        assert (len(samples), rate) == (RATE, RATE)
    told = json.loads((made / "metadata.json").read_text("utf-8"))
    assert (told["text"], told["first_voiced"], told["cut_after"]) == ("Stop.", 0.6, 0.3)
    timing = json.loads((made / "latency_intervals.json").read_text("utf-8"))
    assert set(timing) == {"latency_stop_list", "latency_resp_list"}


def test_other_detectors_are_asked_in_a_python_of_their_own(tmp_path: Path) -> None:
    sound = export([Outcome(REAL, 0.3, track=_track())], tmp_path)
    python = tmp_path / "python"
    answer = json.dumps({"pipecat": dict.fromkeys(sound, 0.8), "LiveKit": dict.fromkeys(sound)})
    python.write_text(f"#!{sys.executable}\nprint({answer!r})\n")
    python.chmod(0o755)
    rows = beside(str(python), sound, tmp_path)
    assert [o.cut for o in rows["pipecat, detector alone"]] == [pytest.approx(0.2)]
    assert [o.cut for o in rows["LiveKit, detector alone"]] == [None]
