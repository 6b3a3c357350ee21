"""Scripts and styles come compressed and whole; kept copies are of exactly the file served."""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import brotli
import httpx
import pytest
from served import ROOT, serve

from dashboard.web.assets import Assets, encoding_for, page_files

SCRIPT = "static/js/bokeh.min.js"
DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server as people start it."""
    with serve(ROOT / "dashboard", tmp_path_factory.mktemp("assets") / "data") as served:
        yield served.url.rsplit("/", 1)[0]


def fetch(url: str, accepted: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """An answer, and its body as it came over the wire."""
    with httpx.stream(
        "GET", url, headers={"Accept-Encoding": accepted, **headers}, trust_env=False
    ) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.2, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("BR", "br"),
        ("*", "br"),
        ("*;q=0", None),
        ("gzip;q=0", None),
        ("br;q=nonsense", None),
        ("identity", None),
        ("", None),
    ],
)
def test_the_browser_says_which_encoding_it_takes(accepted: str, chosen: str | None):
    """Weights count, a weight of nought forbids, and nothing is guessed."""
    assert encoding_for(accepted) == chosen


@pytest.mark.parametrize("accepted", ["br", "gzip"])
@pytest.mark.parametrize(
    "path",
    [
        SCRIPT,
        "static/extensions/panel/panel.min.js",
        "components/dashboard.views.talk/TalkView/_stylesheets/talk.css",
    ],
)
def test_a_compressed_script_decodes_to_the_file(base: str, path: str, accepted: str):
    """Bokeh's, Panel's and our own: smaller, equal after decoding, told apart by caches."""
    plain, whole = fetch(f"{base}/{path}", "identity")
    answer, packed = fetch(f"{base}/{path}", accepted)
    assert answer.headers["Content-Encoding"] == accepted
    assert answer.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Etag"] != plain.headers["Etag"]
    assert int(answer.headers["Content-Length"]) == len(packed) < 0.6 * len(whole)
    assert DECODERS[accepted](packed) == whole
    assert "Content-Security-Policy" in answer.headers


def test_an_unchanged_script_is_not_sent_again(base: str):
    """A cache's question is answered without the file; another encoding's mark is no match."""
    etag = fetch(f"{base}/{SCRIPT}", "br")[0].headers["Etag"]
    again, body = fetch(f"{base}/{SCRIPT}", "br", **{"If-None-Match": etag})
    assert (again.status_code, body) == (304, b"")
    other, _ = fetch(f"{base}/{SCRIPT}", "gzip", **{"If-None-Match": etag})
    assert other.status_code == 200


def test_only_an_address_that_names_its_version_is_kept_for_good(base: str):
    """What may change under its address is asked for again."""
    versioned, _ = fetch(f"{base}/{SCRIPT}?v=0123456789abcdef", "br")
    plain, _ = fetch(f"{base}/{SCRIPT}", "br")
    assert "immutable" in versioned.headers["Cache-Control"]
    assert plain.headers["Cache-Control"] == "no-cache"


def test_parts_and_pictures_come_as_they_are(base: str):
    """A range is one of the file's own bytes; what is compressed already is left alone."""
    part, body = fetch(f"{base}/{SCRIPT}", "br", Range="bytes=0-9")
    assert (part.status_code, len(body)) == (206, 10)
    assert "Content-Encoding" not in part.headers
    icon, _ = fetch(f"{base}/static/extensions/panel/images/favicon.ico", "br")
    assert "Content-Encoding" not in icon.headers


def test_what_holds_a_persons_words_is_not_compressed(base: str):
    """Sizes of compressed answers would tell what stands beside a secret."""
    answer, _ = fetch(f"{base}/health", "br")
    assert "Content-Encoding" not in answer.headers


def test_files_outside_are_as_closed_as_before(base: str):
    """Compression goes through the same checks of the path."""
    for path in ("static/js/%2e%2e/%2e%2e/core.py", "components/os/path/_esm/x.js"):
        answer, _ = fetch(f"{base}/{path}", "br")
        assert answer.status_code in (400, 403, 404), path


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path: Path):
    """A read-only or full disk: the page still comes compressed."""
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    store = Assets(blocked / "assets")
    body = b"let a = 1\n" * 500
    store.prepare(body)
    assert brotli.decompress(store.get(body, "br")) == body


def test_what_was_compressed_quickly_is_compressed_well_next(tmp_path: Path):
    """Nobody waits for the best compression, and everybody has it soon."""
    body = (ROOT / "dashboard/views/lab/lab.bundle.js").read_bytes()
    store = Assets(tmp_path)
    quick = store.get(body, "br")
    until = time.monotonic() + 60
    while len(store.get(body, "br")) >= len(quick) and time.monotonic() < until:
        time.sleep(0.05)
    assert len(store.get(body, "br")) < len(quick)
    assert brotli.decompress(store.get(body, "br")) == body


def test_a_broken_copy_is_made_again(tmp_path: Path):
    """A copy that was cut short, or changed by somebody, is never sent."""
    body = b"let a = 1\n" * 500
    Assets(tmp_path).prepare(body)
    for copy in tmp_path.iterdir():
        copy.write_bytes(copy.read_bytes()[:-4])
    store = Assets(tmp_path)
    assert brotli.decompress(store.get(body, "br")) == body
    assert gzip.decompress(store.get(body, "gzip")) == body


def test_what_the_page_loads_is_prepared(tmp_path: Path):
    """Bokeh, Panel, the design system and our bundles are among what is compressed ahead."""
    names = {file.name for file in page_files()}
    wanted = {"bokeh.min.js", "panel.min.js", "panel-material-ui.bundle.js", "talk.bundle.js"}
    assert wanted <= names
    store = Assets(tmp_path)
    store.prepare(b"x" * 1000)
    assert {path.suffix for path in tmp_path.iterdir()} == {".br", ".gzip"}
