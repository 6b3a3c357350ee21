"""Files that come with words: what of them the model reads, and what it is told instead."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conversations import build_messages
from pdfs import pdf
from PIL import Image as Pillow

from agent.content.attachments import MOST_CONTENT, MOST_LETTERS, attach, room_in
from agent.content.pdf import pdf_facts
from agent.models.base import ModelRequest
from agent.models.claude.dialects import ToolsetDialect
from agent.models.claude.model import AnthropicModel, new_client
from agent.models.claude.portable import PortableDialect
from agent.models.offline import OfflineModel
from agent.models.offline.progress import read
from agent.record import events as ev
from agent.record.export import export_session, import_session
from agent.record.journal import SqliteJournal, session_folder
from agent.session.arrivals import ARRIVED, ATTACHED, Arrived, attach_to_words, bring_in, in_words
from agent.session.compaction import recap
from agent.session.history import History
from agent.testing.memory import MemorySessionJournal
from agent.testing.rules import violations
from agent.testing.scripted import FakeDesktop, FakeTool, call, done, says
from agent.tools.base import ToolResult


def claude(portable: bool = False) -> AnthropicModel:
    dialect = PortableDialect() if portable else ToolsetDialect()
    return AnthropicModel("claude-sonnet-5-5", dialect, new_client("key", None))


def picture(width: int, height: int, kind: str = "PNG", mode: str = "RGB", **how: Any) -> bytes:
    written = io.BytesIO()
    colour: Any = (200, 30, 30, 0) if mode == "RGBA" else "red"
    Pillow.new(mode, (width, height), colour).save(written, kind, **how)
    return written.getvalue()


class Prepared:
    """Attachments made with one journal."""

    def __init__(self, model: Any = None) -> None:
        self.journal = MemorySessionJournal()
        self.model = model or claude()

    def __call__(self, data: bytes, name: str = "a.bin", room: int = MOST_CONTENT) -> ev.Attachment:
        came = Arrived(name, f"/home/user/{name}", len(data))
        return attach(self.journal, io.BytesIO(data), came, self.model, room)

    def content(self, attached: ev.Attachment) -> bytes:
        return base64.b64decode(self.journal.image_base64(attached.sha256) or "")

    def shown(self, attached: ev.Attachment) -> Pillow.Image:
        return Pillow.open(io.BytesIO(self.content(attached)))

    def blocks(self, *attached: ev.Attachment) -> list[dict[str, Any]]:
        """What the model is sent of them."""
        said = [ev.UserMessage(text="", attachments=attached, origin="session")]
        messages = build_messages([*said, ev.UserMessage(text="Look.")], self.journal.image_base64)
        assert violations(messages) == []
        return list(messages[0]["content"])


@pytest.fixture
def prepared() -> Prepared:
    return Prepared()


# Pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_reaches_the_model_as_one_whatever_it_is_called(prepared, kind):
    attached = prepared(picture(300, 200, kind), "notes.txt")
    assert (attached.kind, attached.width, attached.height, attached.note) == (
        "picture",
        300,
        200,
        "",
    )
    told, block, said = prepared.blocks(attached)
    assert told["text"].startswith(ATTACHED)
    assert "/home/user/notes.txt" in told["text"]
    assert block["type"] == "image"
    assert said["text"] == "Look."


@pytest.mark.parametrize("size", [(6000, 4000), (90, 12000), (2001, 10), (2000, 2000)])
def test_a_large_picture_is_made_as_large_as_the_model_sees_and_that_is_told(prepared, size):
    attached = prepared(picture(*size, "JPEG"))
    assert max(attached.width, attached.height) <= 2000
    assert f"from {size[0]}x{size[1]} to {attached.width}x{attached.height}" in attached.note
    assert attached.note in prepared.blocks(attached)[0]["text"]


def test_the_largest_picture_that_is_seen_whole_is_left_as_it_is(prepared):
    assert prepared(picture(2000, 1200)).note == ""


def test_a_camera_held_upright_gives_an_upright_picture(prepared):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    turned = Pillow.new("RGB", (400, 100), "blue")
    turned.paste("red", (0, 0, 100, 100))  # the left edge becomes the upper one
    written = io.BytesIO()
    turned.save(written, "JPEG", exif=exif)
    attached = prepared(written.getvalue())
    assert (attached.width, attached.height) == (100, 400)
    red, _, blue = prepared.shown(attached).convert("RGB").getpixel((50, 20))
    assert red > 200
    assert blue < 50


def test_what_is_transparent_is_white_and_where_it_was_taken_is_not_passed_on(prepared):
    exif = Pillow.Exif()
    exif[0x010E] = "at home, 12 High Street"
    attached = prepared(picture(50, 50, "PNG", "RGBA", exif=exif))
    assert prepared.shown(attached).convert("RGB").getpixel((25, 25)) == (255, 255, 255)
    assert b"High Street" not in prepared.content(attached)


def test_of_a_moving_picture_the_first_frame_is_shown_and_that_is_told(prepared):
    frames = [Pillow.new("RGB", (20, 20), colour) for colour in ("red", "blue", "green")]
    written = io.BytesIO()
    frames[0].save(written, "GIF", save_all=True, append_images=frames[1:])
    attached = prepared(written.getvalue())
    assert "first frame" in attached.note


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:200], lambda data: data[:640] + b"\xff\xc4" * 50],
    ids=["cut short", "damaged"],
)
def test_a_damaged_picture_is_named_and_nothing_of_it_is_sent(prepared, damage):
    attached = prepared(damage(picture(500, 500, "JPEG", quality=95)))
    assert attached.kind == "file"
    assert "damaged" in attached.note
    assert [block["type"] for block in prepared.blocks(attached)] == ["text", "text"]


@pytest.mark.parametrize("size", [(9_000, 8_000), (14_000, 14_000)])
def test_a_small_file_that_unpacks_to_a_huge_picture_is_not_unpacked(prepared, size):
    attached = prepared(picture(*size, mode="1"))
    assert attached.kind == "file"
    assert "pixels" in attached.note


# PDFs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("pages", [1, 100])
def test_a_pdf_reaches_the_model_as_a_document(prepared, packed, pages):
    data = pdf(pages, packed=packed)
    attached = prepared(data, "report.pdf")
    assert (attached.kind, attached.note) == ("pdf", "")
    _, block, _ = prepared.blocks(attached)
    assert block["type"] == "document"
    assert block["title"] == "report.pdf"
    assert base64.b64decode(block["source"]["data"]) == data


@pytest.mark.parametrize("packed", [False, True])
def test_a_pdf_of_101_pages_is_told_of_and_not_sent(prepared, packed):
    attached = prepared(pdf(101, packed=packed), "book.pdf")
    assert attached.kind == "file"
    assert "101 pages; 100 are the most" in attached.note
    assert [block["type"] for block in prepared.blocks(attached)] == ["text", "text"]


def test_a_locked_pdf_is_told_of_and_not_sent(prepared):
    assert "locked" in prepared(pdf(encrypted=True)).note


def test_pdfs_of_a_conversation_have_a_bound_together(prepared):
    """At the edge: what fits exactly is carried; one byte more is not."""
    data = pdf(filler=1000)
    assert prepared(data, room=len(data)).kind == "pdf"
    over = prepared(data, room=len(data) - 1)
    assert over.kind == "file"
    assert in_words(MOST_CONTENT) in over.note


def test_the_room_for_pdfs_is_what_the_conversation_has_left(prepared):
    attached = prepared(pdf())
    said = ev.UserMessage(text="", attachments=(attached,), origin="session")
    assert room_in([said, said]) == MOST_CONTENT - 2 * attached.size
    assert room_in([said, ev.Compacted(reason="", text="Anew."), said]) == (
        MOST_CONTENT - attached.size
    )


def test_a_pdf_that_lies_about_itself_costs_no_time():
    """Thousands of object streams without end, each claiming the rest of the file."""
    hostile = b"%PDF-1.7\n" + b"/ObjStm >> stream\nx\x9c" * 400_000
    assert pdf_facts(hostile).pages == 0


# Text ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "note"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("cp1252", "Windows-1252"),
        ("utf-16", "UTF-16"),
        ("utf-32", "UTF-32"),
    ],
)
def test_a_text_is_read_in_its_own_encoding_and_an_unusual_one_is_told(prepared, encoding, note):
    attached = prepared("Grüße, für 5 Mark\r\n".encode(encoding), "brief.txt")
    _, block, _ = prepared.blocks(attached)
    assert block["source"] == {
        "type": "text",
        "media_type": "text/plain",
        "data": "Grüße, für 5 Mark\r\n",
    }
    assert note in attached.note
    assert bool(note) == bool(attached.note)


def test_a_short_text_that_ends_in_an_old_letter_is_read_as_it_was_written(prepared):
    """Its last byte could begin a letter of UTF-8, but nothing follows."""
    attached = prepared("ein Café".encode("cp1252"), "brief.txt")
    _, block, _ = prepared.blocks(attached)
    assert block["source"]["data"] == "ein Café"
    assert "Windows-1252" in attached.note


def test_a_letter_cut_in_two_by_the_first_look_does_not_change_the_encoding(prepared):
    text = "a" * ((64 << 10) - 1) + "ü" + "b" * 10
    assert prepared(text.encode()).note == ""


@pytest.mark.parametrize("more", [0, 1])
def test_a_long_text_is_cut_at_its_bound_and_that_is_told(prepared, more):
    attached = prepared(("ü" * (MOST_LETTERS + more)).encode())
    given = prepared.content(attached).decode()
    assert given == "ü" * MOST_LETTERS
    assert ("Only its first 100,000 characters" in attached.note) == bool(more)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (b" \n\t", "white space"),
        (b"\x7fELF\x02\x01\0\0\0", "neither a picture nor a PDF nor text"),
        (b"PK\x03\x04\x14\0", "neither"),
        (pdf(0), "no pages"),
        (b"%PDF-1.7\nnothing that follows", "no pages"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(prepared, data, why):
    attached = prepared(data, "x.dat")
    assert attached.kind == "file"
    told, _ = prepared.blocks(attached)
    assert why in told["text"]
    assert "/home/user/x.dat" in told["text"]


# Who reads it --------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [pdf(), b"Some text.", picture(10, 10)])
def test_the_offline_planner_is_given_nothing_and_the_person_is_told(data):
    prepared = Prepared(OfflineModel(FakeDesktop()))
    attached = prepared(data)
    assert attached.kind == "file"
    assert "offline planner" in attached.note
    assert prepared.journal.image_base64(attached.sha256) is None


def test_the_offline_planner_takes_what_it_is_told_of_files_for_no_instruction():
    attached = Prepared(OfflineModel(FakeDesktop()))(b"open the terminal", "open the terminal")
    log: list[Any] = []
    bring_in(log.append, [Arrived("a", "/home/user/a", 1)])
    attach_to_words(log.append, [attached])
    log.append(ev.UserMessage(text="list the files"))
    progress = read(build_messages(log, lambda _: None))
    assert progress.instructions == ("list the files",)


def test_a_service_without_documents_is_given_text_as_words_and_of_pdfs_the_person_is_told():
    prepared = Prepared(claude(portable=True))
    text, document = prepared(b"Some words."), prepared(pdf(), "r.pdf")
    assert text.kind == "text"
    assert document.kind == "file"
    assert "does not read PDFs" in document.note
    body = PortableDialect().body(request(prepared, text, document), "local")
    kinds = [block["type"] for block in body["messages"][0]["content"]]
    assert set(kinds) == {"text"}
    assert "Some words." in str(body)


def test_a_pdf_given_to_another_model_before_is_a_sentence_to_one_that_takes_none():
    prepared = Prepared()
    body = PortableDialect().body(request(prepared, prepared(pdf(), "r.pdf")), "local")
    assert "document" not in [block["type"] for block in body["messages"][0]["content"]]
    assert "The content of r.pdf cannot be shown here" in str(body)


def request(prepared: Prepared, *attached: ev.Attachment) -> ModelRequest:
    said = ev.UserMessage(text="", attachments=attached, origin="session")
    messages = build_messages([said, ev.UserMessage(text="Look.")], prepared.journal.image_base64)
    return ModelRequest("", messages, (), (640, 480))


# In a session --------------------------------------------------------------------------------


async def test_files_that_come_in_during_a_task_are_told_with_the_next_results(
    make: Callable[..., Any],
):
    arrived: list[None] = []

    async def bring(_: object) -> Any:
        bring_in(session.log.append, [Arrived("a.csv", "/home/user/a.csv", 12)], "drop")
        arrived.append(None)
        return ToolResult("Clicked.")

    session = await make(
        [[*call(), *done("tool_use")], [*says("It is done."), *done()]], FakeTool(bring)
    )
    session.say("Wait for my file.")
    await session.wait_idle(10)
    assert arrived
    [event] = session.log.of(ev.FilesArrived)
    assert (event.paths, event.sizes, event.source) == (("/home/user/a.csv",), (12,), "drop")
    last = session.model.requests[-1][-1]["content"]
    assert f"{ARRIVED}/home/user/a.csv (12 bytes)." in [block.get("text") for block in last]


async def test_a_file_that_comes_in_with_the_last_words_does_not_make_another_turn(
    make: Callable[..., Any],
):
    async def bring() -> None:
        bring_in(session.log.append, [Arrived("a.csv", "/home/user/a.csv", 12)])

    session = await make([[bring, *says("It is done."), *done()]])
    session.say("Do it.")
    await session.wait_idle(10)
    [finished] = session.log.of(ev.TaskFinished)
    assert (finished.outcome, finished.summary) == ("done", "It is done.")


async def test_a_conversation_that_begins_anew_still_says_where_the_files_are(prepared):
    log: list[Any] = []
    bring_in(log.append, [Arrived("a.csv", "/home/user/a.csv", 12)])
    attach_to_words(log.append, [prepared(pdf(), "r.pdf")])
    log.append(ev.UserMessage(text="Read it."))
    told = recap(log)
    assert "/home/user/a.csv" in told
    assert "/home/user/r.pdf" in told


def test_what_was_attached_is_in_the_export_and_comes_back_with_it(tmp_path: Path):
    journal = SqliteJournal(session_folder(tmp_path, "s"))
    attached = [
        attach(
            journal,
            io.BytesIO(data),
            Arrived(name, f"/{name}", len(data)),
            claude(),
            1 << 20,
        )
        for name, data in (("r.pdf", pdf(3)), ("t.txt", b"words"), ("p.png", picture(9, 9)))
    ]
    said = ev.UserMessage(text="", attachments=tuple(attached), origin="session")
    journal.write(said.model_copy(update={"seq": 0}))
    before = build_messages(journal.read(), journal.image_base64)
    journal.close()
    folder = export_session(tmp_path, "s", tmp_path / "exported")
    assert {path.suffix for path in (folder / "images").iterdir()} == {".pdf", ".txt", ".webp"}
    other = tmp_path / "other"
    import_session(folder, other)
    copy = SqliteJournal(session_folder(other, "s"))
    assert build_messages(copy.read(), copy.image_base64) == before
    copy.close()


def test_an_attachment_whose_bytes_are_gone_is_said_to_be():
    attached = Prepared()(pdf(), "r.pdf")
    said = ev.UserMessage(text="", attachments=(attached,), origin="session")
    [message] = build_messages([said], lambda _: None)
    assert "no longer available" in message["content"][1]["text"]


def test_a_replay_of_a_request_shows_names_in_place_of_contents():
    prepared = Prepared()
    attached = prepared(b"secret words")
    history = History(lambda sha256: sha256, lambda sha256: f"(text {sha256})")
    history.add(ev.UserMessage(text="", attachments=(attached,), origin="session"))
    assert attached.sha256 in str(history.messages())


def test_a_message_of_an_older_journal_has_no_attachments():
    old = '{"kind":"user_message","seq":1,"at":1.0,"text":"Hello."}'
    loaded = ev.load_event(old)
    assert isinstance(loaded, ev.UserMessage)
    assert loaded.attachments == ()


def test_pdfs_of_words_that_wait_take_their_room_until_they_are_dropped(prepared):
    attached = prepared(pdf(), "r.pdf")
    waits = ev.TaskQueued(task_id="t", text="Read.", utterance_id="u", attachments=(attached,))
    begun = ev.UserMessage(text="", attachments=(attached,), origin="session", utterance_id="u")
    assert room_in([waits]) == MOST_CONTENT - attached.size
    assert room_in([waits, begun]) == MOST_CONTENT - attached.size
    assert room_in([waits, ev.TaskUnqueued(task_id="t", fate="kept")]) < MOST_CONTENT
    assert room_in([waits, ev.TaskUnqueued(task_id="t", fate="cancelled")]) == MOST_CONTENT
