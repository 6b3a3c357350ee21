"""Settings in the page: explained, checked, kept per person, applied as they say; keys one way."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from hanging import hanging
from pilot_page import PILOT, arrive, say
from playwright.async_api import BrowserContext, Locator, Page, WebSocket, expect
from pydantic import SecretStr
from served import Served, serve

from agent.errors import BadInput, ConfigurationError
from agent.keys import KeyStore
from agent.record.events import SessionOpened, SettingChanged
from agent.record.journal import SqliteJournal
from agent.record.log import EventLog
from agent.record.measure import CARD
from agent.replay.bundle import export_recording
from agent.session.status import Status
from agent.settings import Settings
from agent.testing.messages_server import MessagesServer
from dashboard.views.settings.catalogue import FIELDS, joined, parted
from dashboard.views.settings.trial import try_key
from dashboard.views.settings.view import confinement
from dashboard.web.identity import LOCAL
from dashboard.web.preferences import DECLARED, People, Preferences

KEY = "sk-ant-not-a-real-key-7261"
OWNER = "a1" * 32


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def pilot(data: Path) -> Iterator[Served]:
    """A server with one setting from its environment, and a model's service that is not there."""
    env = {"SAYSO_MAX_TURNS": "50", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    with serve(PILOT, data, env=env, people=True) as served:
        yield served


# Plain data ------------------------------------------------------------------------------


def base(tmp_path: Path, **given: object) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, **given)


def test_every_setting_has_its_line() -> None:
    """Whatever a person can set stands in the form, with a sentence, and nothing else does."""
    form = {name for name in FIELDS if name not in ("provider", "sandbox")}
    personal = {setting.name for setting in DECLARED.values() if setting.kind.personal}
    elsewhere = {"prompt", "tools"}  # in the prompt editor
    assert form == personal - elsewhere
    assert all(field.form_says.endswith(".") for field in FIELDS.values())


def test_each_person_has_their_own(tmp_path: Path) -> None:
    """Kept in a file that nobody else reads; another person sees nothing of it."""
    people = People(base(tmp_path))
    people.of(OWNER).put("max_dollars", "0.5")
    people.of(OWNER).put("voice.narration", "report-after")
    path = people.folder(OWNER) / "settings.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = People(base(tmp_path))
    assert again.of(OWNER).settings.max_dollars == 0.5
    assert again.of(OWNER).voice_settings.narration == "report-after"
    assert again.of("b2" * 32).settings.max_dollars == 5.0
    again.of(OWNER).reset("max_dollars")
    assert People(base(tmp_path)).of(OWNER).settings.max_dollars == 5.0


def test_the_environment_wins(tmp_path: Path) -> None:
    """Over what was kept before, too; it says which variable."""
    path = tmp_path / "settings.json"
    Preferences(path, base(tmp_path)).put("max_turns", 3)
    mine = Preferences(path, base(tmp_path, max_turns=50))
    assert mine.settings.max_turns == 50
    assert "SAYSO_MAX_TURNS" in mine.lock("max_turns")
    with pytest.raises(BadInput, match="SAYSO_MAX_TURNS"):
        mine.put("max_turns", 4)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("width", 10),
        ("max_turns", "many"),
        ("effort", "huge"),
        ("allow", ["everything"]),
        ("voice.narration", "sing"),
        ("voice.volume", 11),
        ("sandbox", "off"),
        ("anthropic_base_url", "http://elsewhere"),
        ("hume_base_url", "http://elsewhere"),
        ("display", ":0"),
        ("data_dir", "/"),
    ],
)
def test_what_cannot_be_is_not_kept(tmp_path: Path, name: str, value: object) -> None:
    """Nor what a page must not decide: where keys are sent, and what confines programs."""
    mine = Preferences(tmp_path / "settings.json", base(tmp_path))
    with pytest.raises(BadInput):
        mine.put(name, value)
    assert not mine.path.exists()


@pytest.mark.parametrize("kind", ["record", " cassette", "cassette-strict"])
def test_only_who_runs_the_server_names_a_file_of_it(tmp_path: Path, kind: str) -> None:
    """Of several people each could write one anywhere, or read one that never ends."""
    people, model = People(base(tmp_path)), f"{kind}:{tmp_path / 'run.jsonl'}"
    assert people.of(LOCAL).put("model", model) == model
    with pytest.raises(BadInput, match="runs the server"):
        people.of(OWNER).put("model", model)
    kept = people.folder(OWNER) / "settings.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"model": model, "max_turns": 3}))
    again = People(base(tmp_path)).of(OWNER)
    assert (again.settings.model, again.settings.max_turns) == ("auto", 3)


def test_only_who_runs_the_server_gives_more_of_its_disk(tmp_path: Path) -> None:
    people = People(base(tmp_path))
    assert people.of(OWNER).put("home_bytes", 2 * 10**9) == 2 * 10**9
    for more in (0, 2 * 10**9 + 1):
        with pytest.raises(BadInput, match=r"allow more than 2 GB"):
            people.of(OWNER).put("home_bytes", more)
    assert people.of(OWNER).put("record_bytes", 0) == 0
    with pytest.raises(BadInput):
        people.of(OWNER).put("record_bytes", 3 * 10**9)
    assert people.of(LOCAL).put("home_bytes", 0) == 0


@pytest.mark.parametrize(
    ("entered", "bytes_"),
    [
        ("3.5", 3_500_000_000),
        (" 0,1 ", 100_000_000),
        ("0", 0),
        ("0.25", 250_000_000),
        (2, 2 * 10**9),
    ],
)
def test_the_homes_limit_is_entered_in_gigabytes(entered: object, bytes_: int) -> None:
    limit = FIELDS["home_bytes"]
    assert limit.from_form(entered) == bytes_
    assert limit.when == "now"
    assert limit.from_form(limit.in_form(bytes_)) == bytes_


@pytest.mark.parametrize(
    "entered", ["", "much", "-1", "0.09", "nan", "inf", "1e400", "100001", None, True, [1]]
)
def test_a_limit_that_no_desktop_could_start_with_is_refused(entered: object) -> None:
    with pytest.raises(BadInput, match=r"from 0\.1 to 100000, or 0 for no limit"):
        FIELDS["home_bytes"].from_form(entered)


def test_how_much_is_recorded_of_the_files_is_kept_for_the_next_session(tmp_path: Path) -> None:
    """As of 0.1 GB; nothing at all is a choice, too."""
    size, mine = FIELDS["record_bytes"], Preferences(tmp_path / "settings.json", base(tmp_path))
    assert size.when == "next session"
    for entered, bytes_ in (("0.1", 10**8), ("0", 0)):
        mine.put("record_bytes", size.from_form(entered))
        again = Preferences(mine.path, base(tmp_path))
        assert again.settings.record_bytes == bytes_
    with pytest.raises(BadInput, match=r"from 0\.1 to 100000, or 0 to record nothing"):
        size.from_form("0.09")


@pytest.mark.parametrize("content", ["{", "[]", '{"width": 10, "max_turns": 7, "display": ":0"}'])
def test_a_damaged_file_costs_what_is_damaged(tmp_path: Path, content: str) -> None:
    """What is good still counts; the rest is told."""
    path = tmp_path / "settings.json"
    path.write_text(content)
    mine = Preferences(path, base(tmp_path))
    assert mine.trouble
    assert (mine.settings.width, mine.settings.display) == (1280, None)
    assert mine.settings.max_turns == (7 if "max_turns" in content else 100)


def test_a_disk_that_refuses_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "people").write_text("in the way")
    mine = People(base(tmp_path)).of(OWNER)
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        mine.put("max_turns", 3)
    assert mine.settings.max_turns == 100


@pytest.mark.parametrize(
    "model", ["auto", "offline", "claude-opus-5-5", "bedrock:x.y", "vertex:z@1", "cassette:a:b"]
)
def test_provider_and_model_are_one_setting(model: str) -> None:
    assert joined(*parted(model)) == model


@pytest.mark.parametrize(("key", "good"), [("right-key-0123", True), ("wrong-key-0123", False)])
async def test_a_key_is_tested_without_being_told(tmp_path: Path, key: str, good: bool) -> None:
    """The verdict is the service's, in a sentence that does not hold the key."""
    async with MessagesServer([], key="right-key-0123") as server:
        settings = base(tmp_path, anthropic_base_url=server.base_url)
        keys = KeyStore(settings, lambda: None)
        keys.put("ANTHROPIC_API_KEY", key)
        verdict, says = await try_key("ANTHROPIC_API_KEY", keys, settings)
    assert verdict is good
    assert key not in says


async def test_one_of_humes_keys_is_not_enough(tmp_path: Path) -> None:
    settings = base(tmp_path, hume_api_key=SecretStr("only-one-of-them"))
    verdict, says = await try_key("HUME_API_KEY", KeyStore(settings, lambda: None), settings)
    assert (verdict, says) == (False, "Hume needs both keys, from the same project.")


# In the page -------------------------------------------------------------------------------


def row(page: Page, name: str) -> Locator:
    return page.locator(f'.row[data-name="{name}"]')


def field(page: Page, name: str) -> Locator:
    """Found by the label that a person reads."""
    label = FIELDS[name].kind.label
    return row(page, name).get_by_label(label, exact=True)


async def open_settings(page: Page) -> None:
    await page.get_by_role("button", name="Settings", exact=True).click()
    await expect(page.locator(".settings .card").first).to_be_visible()


@pytest.mark.browser
async def test_a_change_is_checked_kept_and_felt(page: Page) -> None:
    """The error stands by its field; what is good is in the header's meter and after a reload."""
    await open_settings(page)
    money = field(page, "max_dollars")
    await money.fill("-3")
    await money.press("Enter")
    await expect(row(page, "max_dollars").locator(".fault")).to_contain_text("greater than 0")
    await expect(money).to_have_value("-3")
    await money.fill("0.75")
    await money.press("Enter")
    await expect(row(page, "max_dollars").locator(".fault")).to_be_hidden()
    meter = page.locator(".meters span").first
    await expect(meter).to_have_attribute("title", re.compile(r"\$0\.75"))
    await page.reload()
    await expect(field(page, "max_dollars")).to_have_value("0.75")
    await row(page, "max_dollars").get_by_role("button", name="Default").click()
    await expect(field(page, "max_dollars")).to_have_value("5")
    home = field(page, "home_bytes")
    await expect(home).to_have_value("2")
    await home.fill("0.01")
    await home.press("Enter")
    await expect(row(page, "home_bytes").locator(".fault")).to_contain_text("from 0.1")
    await home.fill("0.75")
    await home.press("Enter")
    await expect(row(page, "home_bytes").locator(".fault")).to_be_hidden()
    await expect(row(page, "home_bytes").locator(".when")).to_have_text("at once")
    await page.reload()
    await expect(field(page, "home_bytes")).to_have_value("0.75")


@pytest.mark.browser
async def test_it_is_said_what_the_environment_decides_and_when_a_change_counts(
    page: Page,
) -> None:
    """A locked field cannot be changed; one for the next session offers to begin one."""
    await open_settings(page)
    await expect(field(page, "max_turns")).to_be_disabled()
    await expect(row(page, "max_turns").locator(".lock")).to_have_text(
        "Decided by SAYSO_MAX_TURNS in the environment"
    )
    await expect(row(page, "max_dollars").locator(".when")).to_have_text("at once")
    await expect(row(page, "width").locator(".when")).to_have_text("next session")
    await expect(page.locator(".later")).to_be_hidden()
    await field(page, "width").fill("1024")
    await field(page, "width").press("Enter")
    await field(page, "provider").select_option("anthropic")
    await expect(field(page, "model")).to_have_value("claude-sonnet-5-5")
    await expect(page.locator(".later")).to_be_visible()
    await expect(page.get_by_role("link", name="Start a new session")).to_be_visible()


@pytest.mark.browser
async def test_what_came_with_an_import_holds_only_once_it_is_taken_over(
    page: Page, pilot: Served, tmp_path: Path
) -> None:
    journal = SqliteJournal(tmp_path / "theirs")
    log = EventLog(journal)
    log.append(SessionOpened(session_id="theirs", model="offline", prompt_hash="h"))
    log.append(SettingChanged(name="max_turns", value=77))
    log.append(SettingChanged(name="max_tokens", value=777_000))
    log.append(SettingChanged(name="allow", value=["shell"]))
    journal.close()
    packed = export_recording(tmp_path / "theirs", tmp_path / "a.zip", "folder")
    await page.get_by_role("button", name="Replay", exact=True).click()
    await page.locator(".replay .tools input[type=file]").set_input_files(packed)
    await expect(page.locator(".replay h1")).to_have_text("Imported session")
    session = parse_qs(urlsplit(page.url).query)["replay"][0].removeprefix("session/")
    await page.goto(f"{pilot.url}?session={session}")
    await page.get_by_role("button", name="Resume", exact=True).click()
    await open_settings(page)
    came = page.locator(".settings .card[data-key=brought]")
    await expect(came.locator("li")).to_have_count(2)  # the environment decides the turns
    await expect(came).to_contain_text("Run shell commands")
    await expect(page.get_by_role("checkbox", name="Run shell commands")).not_to_be_checked()
    await came.locator("li", has_text="777").get_by_role("button", name="Use here").click()
    await expect(came.locator("li")).to_have_count(1)
    await expect(field(page, "max_tokens")).to_have_value("777000")
    await expect(page.get_by_role("checkbox", name="Run shell commands")).not_to_be_checked()


@pytest.mark.browser
async def test_a_key_that_a_hanging_disk_does_not_take_stays_in_its_box(
    page: Page, context: BrowserContext, pilot: Served, data: Path
) -> None:
    """It is said what to do; another page of the server works on; then the same key is kept."""
    other = await arrive(await context.new_page(), f"{pilot.url}?session=new")
    await open_settings(page)
    key = page.locator('.key[data-name="HUME_API_KEY"]')
    box, save = key.get_by_role("textbox"), key.get_by_role("button", name="Save")
    with hanging(data / "sessions" / "one" / CARD, "{}") as for_ever:
        await context.request.get(f"{pilot.url}?session=one")  # who reads its card waits
        for _ in range(2):  # the same answer twice is told twice
            await box.fill(KEY)
            await save.click()
            await expect(key.locator(".result")).to_contain_text("does not answer")
            await expect(key.locator(".result")).to_contain_text("Try again")
            await expect(box).to_have_value(KEY)
        await say(other, "repeat after me")
        await expect(other.locator(".outcome")).to_be_visible()
        assert not for_ever.is_set()
    await save.click()
    await expect(key.locator(".result")).to_contain_text("Saved")
    await expect(box).to_have_value("")
    await key.get_by_role("button", name="Remove").click()
    await expect(key.locator(".where")).to_have_text("None")


@pytest.mark.browser
async def test_a_key_never_comes_back(page: Page, pilot: Served, data: Path) -> None:
    """Not in what the server sends, not in its log, not in a journal; it can be removed."""
    received: list[str] = []

    def follow(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: received.append(str(frame)))

    page.on("websocket", follow)
    await page.reload()
    await open_settings(page)
    key = page.locator('.key[data-name="ANTHROPIC_API_KEY"]')
    await expect(key.locator(".where")).to_have_text("None")
    await key.get_by_label("Anthropic key").fill(KEY)
    await key.get_by_role("button", name="Save").click()
    await expect(key.locator(".result")).to_contain_text("Saved")
    await expect(key.get_by_label("Anthropic key")).to_have_value("")
    await key.get_by_role("button", name="Test").click()
    await expect(key.locator(".result")).to_contain_text("cannot be reached")
    await say_in_talk(page)
    await page.reload()
    stores = [path for path in (data / "people").glob("*/.env") if path.read_text()]
    (store,) = stores  # a person's own: nobody else's sessions use it
    await expect(key.locator(".where")).to_contain_text(str(store))
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert KEY in store.read_text()
    assert not (data / ".env").exists()
    assert received
    assert not any(KEY in frame for frame in received)
    assert KEY not in await page.content()
    assert KEY not in pilot.log
    kept = [path for path in data.rglob("*") if path.is_file() and path != store]
    assert not [path for path in kept if KEY.encode() in path.read_bytes()]
    await key.get_by_role("button", name="Remove").click()
    await expect(key.locator(".where")).to_have_text("None")
    assert KEY not in store.read_text()


async def say_in_talk(page: Page) -> None:
    """Something happens in the session after the key was entered, and back."""
    await page.get_by_role("button", name="Talk", exact=True).click()
    await say(page, "repeat after me")
    await expect(page.locator(".outcome")).to_be_visible()
    await open_settings(page)


@pytest.mark.browser
async def test_a_notice_leads_to_what_changes_it(page: Page) -> None:
    """One click from "offline voice" to the keys."""
    await page.get_by_text("offline voice").click()
    await page.get_by_role("button", name="Change in Settings").click()
    await expect(page.locator('.card[data-key="keys"]')).to_be_in_viewport()


@pytest.mark.browser
async def test_at_a_phones_width_nothing_is_cut_off(page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await open_settings(page)
    wide = await page.locator(".settings").evaluate("node => node.scrollWidth - node.clientWidth")
    assert wide <= 0


Talking = tuple[Page, WebSocket]


@pytest_asyncio.fixture(loop_scope="module")
async def talking(page: Page) -> Talking:
    """A page and its open voice line."""
    async with page.expect_websocket(lambda socket: "/evi/chat" in socket.url) as opened:
        await page.get_by_role("button", name="Start").click()
    await expect(page.get_by_role("button", name="Mute")).to_be_visible(timeout=60_000)
    return page, await opened.value


@pytest.mark.browser
@pytest.mark.speech
async def test_modes_are_switched_while_a_voice_line_is_open(talking: Talking, data: Path) -> None:
    """EVI is paused in relay mode and taken up again; what is chosen is kept."""
    page, line = talking
    await page.get_by_role("button", name="How the agent speaks").click()
    for label, kind in (("Relay", "pause_assistant"), ("Conversation", "resume_assistant")):
        sent = f'"{kind}_message"'
        async with line.expect_event("framesent", lambda frame, sent=sent: sent in str(frame)):
            await page.get_by_role("radio", name=label).check()
    await page.get_by_role("radio", name="Announce, then act").check()
    await page.get_by_role("button", name="All settings").click()
    await expect(field(page, "voice.narration")).to_have_value("announce-then-act")
    kept = [json.loads(path.read_text()) for path in data.glob("people/*/settings.json")]
    assert any(each.get("voice.narration") == "announce-then-act" for each in kept)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (Status(), "The desktop is not running."),
        (Status(desktop="died", confined=True), "The desktop is not running."),
        (Status(desktop="ready", confined=True), "Programs that start are watched."),
        (
            Status(desktop="ready", confined=True, unwatched="Device or resource busy"),
            "of their own, and no network. Programs are not watched: Device or resource busy.",
        ),
        (
            Status(desktop="ready", unwatched="the desktop is not confined"),
            "rights, and on your network. Programs are not watched: the desktop is not confined.",
        ),
        (
            Status(desktop="ready", confined=True, unbounded="there are no groups"),
            "What they take of the machine together is not bounded: there are no groups.",
        ),
    ],
)
def test_it_says_what_confines_and_watches_the_sessions_programs(
    status: Status, words: str
) -> None:
    assert confinement(status).endswith(words)


SECRET = "a-passphrase-of-the-tests"


@pytest.mark.browser
async def test_a_secret_never_comes_back(page: Page, pilot: Served, data: Path) -> None:
    """Named, kept for the session, refused with a sentence, removed; its text goes one way."""
    received: list[str] = []

    def follow(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: received.append(str(frame)))

    page.on("websocket", follow)
    await page.reload()
    await open_settings(page)
    form = page.get_by_role("region", name="Secrets it may type")
    await form.get_by_label("Name").fill("mail password")
    await form.get_by_label("Secret", exact=True).fill("short")
    await form.get_by_label("Program").fill("thunar")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_contain_text("6 to 500 characters")
    await expect(form.get_by_label("Program")).to_have_value("thunar")
    await form.get_by_label("Secret", exact=True).fill(SECRET)
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("status")).to_contain_text("type the secret mail password")
    await expect(form.get_by_role("alert")).to_be_hidden()
    await expect(form.get_by_role("listitem")).to_contain_text("mail password for thunar")
    for label in ("Name", "Secret", "Program"):
        await expect(form.get_by_label(label, exact=True)).to_have_value("")
    above, own = await page.locator(".settings").bounding_box(), await form.bounding_box()
    assert above is not None
    assert own is not None
    assert own["y"] >= above["y"] + above["height"]
    await page.reload()
    await expect(form.get_by_role("listitem")).to_contain_text("mail password for thunar")
    assert received
    assert not any(SECRET in frame for frame in received)
    assert SECRET not in await page.content()
    assert SECRET not in pilot.log
    kept = [path for path in data.rglob("*") if path.is_file()]
    assert not [path for path in kept if SECRET.encode() in path.read_bytes()]
    await form.get_by_role("button", name="Remove mail password").click()
    await expect(form.get_by_role("listitem")).to_have_text("None yet.")


@pytest.mark.browser
async def test_the_person_reads_changes_and_removes_what_is_remembered(
    page: Page, data: Path
) -> None:
    """What stands in the files, in the order of their names; a wrong name is told by the form."""

    def kept() -> dict[str, str]:
        found = data.glob("people/*/memory/memories/*.md")
        return {path.name: path.read_text() for path in found}

    async def remember(name: str, text: str) -> None:
        await card.get_by_label("Name of a new note").fill(name)
        await card.get_by_label("Text", exact=True).fill(text)
        await card.get_by_role("button", name="Remember", exact=True).click()

    await open_settings(page)
    card = page.locator('section[aria-labelledby="group-memory"]')
    await expect(card.get_by_text("Memory is off", exact=False)).to_be_visible()
    await remember("../x", "Tea.")
    await expect(card.get_by_role("alert")).to_contain_text("A path of the memory is")
    assert kept() == {}
    await remember("mail.md", "Uses Thunderbird.")
    await remember("tea.md", "Likes tea.")
    await expect(card.locator("summary")).to_have_text(["mail.md", "tea.md"])
    await card.get_by_text("mail.md", exact=True).click()
    text = card.get_by_label("Text of mail.md")
    await expect(text).to_have_value("Uses Thunderbird.")
    await text.fill("Uses Mutt.")
    await card.get_by_role("button", name="Save the change to mail.md").click()
    await expect(card.get_by_role("status")).to_have_text("Saved “mail.md”.")
    await expect(card.get_by_role("button", name="Save the change to mail.md")).to_be_disabled()
    assert kept() == {"mail.md": "Uses Mutt.", "tea.md": "Likes tea."}
    await card.get_by_role("button", name="Forget mail.md").click()
    await expect(card.locator("summary")).to_have_text(["tea.md"])
    assert kept() == {"tea.md": "Likes tea."}
