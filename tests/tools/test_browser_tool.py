"""The browser tool on the desktop's own Chromium: what it reads, does, refuses and survives."""

from __future__ import annotations

import asyncio
import re
import stat
from typing import Any

import pytest
from browser_guest import Guest, guest
from desks import shared_desk, signalled, until
from pydantic import SecretStr

from agent.browser import page as pages
from agent.network.proxy import Answer
from agent.permit import act_under
from agent.session.approval import Approvals
from agent.tools.base import ToolResult
from agent.tools.vault import Secret, Vault

__all__ = ["guest", "shared_desk"]

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

SHOP = """<!doctype html><title>Shop</title><h1>Order</h1>
<form onsubmit="document.title='Sent: ' + this.elements.who.value; return false">
<label>Name <input name=who value=Ada></label><button>Send order</button></form>
<button onclick="document.title='Paid'">Pay <b>€20</b></button>
<label><input type=checkbox checked> Gift</label>
<label>Size <select><option>Small<option selected>Large</select></label>
<div onclick="document.title='A div'">Buy now</div>
<input type=date aria-label=Day> <input type=password aria-label=Code>
<input type=file aria-label=Receipt>
<iframe title=Frame height=60 srcdoc="<button
onclick='top.document.title=&quot;Inner&quot;'>Inner</button>"></iframe>
<div id=host></div>
<a download="receipt.txt" href="data:text/plain,paid">Get receipt</a>
<button onclick="document.title = confirm('Really?') ? 'Yes' : 'No'">Ask me</button>
<button disabled>Greyed</button>
<div style="height: 3000px"></div><button onclick="document.title='Gone'">Delete account</button>
<script>document.getElementById("host").attachShadow({mode: "open"}).innerHTML =
"<button>Shadow</button>"</script>"""

KEYS = """<!doctype html><title>idle</title><input autofocus
onkeydown="document.title='down'" onkeyup="document.title='up'">"""

SILENT = """
import socket
listener = socket.create_server(("127.0.0.1", 8801))
held = []
while True:
    held.append(listener.accept())
"""


async def test_a_page_is_read_and_filled_by_reference(guest: Guest) -> None:
    """Fields, boxes, lists, dates; what is in frames and shadow roots, and below the fold."""
    await guest.show(SHOP)
    told = await guest.do("read_page")
    for words in ("heading “Order”", "textbox “Name” = “Ada”", "checkbox “Gift” checked"):
        assert words in told
    assert "combobox “Size” = “Large” collapsed (Small, Large)" in told
    assert "button “Shadow”" in told
    assert "Delete account" not in told
    assert "Delete account" in await guest.do("find", query="the delete button")
    set_ = guest.do
    assert "“Zoë 你好”" in await set_(
        "form_input", target=await guest.at("“Name”"), value="Zoë 你好"
    )
    assert "“Small”" in await set_("form_input", target=await guest.at("“Size”"), value="Small")
    assert "“not checked”" in await set_("form_input", target=await guest.at("“Gift”"), value=False)
    day = await guest.at("date “Day”")
    assert "2026-12-24" in await set_("form_input", target=day, value="2026-12-24")
    assert (await guest.ask("form_input", target=day, value="tomorrow")).is_error
    await guest.click("button “Inner”")
    await guest.title("Inner")
    await guest.click("“Delete account”")
    await guest.title("Gone")
    await guest.click("textbox “Name”")
    await guest.do("key", text="End")
    await guest.do("type", text="!\n")
    await guest.title("Sent: Zoë 你好!")


async def test_pictures_are_of_the_page_and_points_are_theirs(guest: Guest) -> None:
    await guest.show(SHOP)
    shown = (await guest.ask("screenshot")).image
    assert shown is not None
    part = (await guest.ask("zoom", region=[0, 0, 100, 50])).image
    assert part is not None
    outside = {"type": "coordinate", "x": shown.width, "y": 5}
    with pytest.raises(Exception, match="outside the page"):
        await guest.intent("left_click", target=outside)
    assert (await guest.ask("zoom", region=[0, 0, 9000, 50])).is_error


@pytest.mark.parametrize(
    ("words", "asked"),
    [("“Pay €20”", "ask"), ("“Buy now”", "ask"), ("“Delete account”", "ask"), ("“Gift”", "allow")],
)
async def test_weighty_buttons_of_a_page_are_asked_about(
    guest: Guest, words: str, asked: str
) -> None:
    """By reference and by point alike, a div that takes clicks among them."""
    await guest.show(SHOP)
    intent = await guest.intent("left_click", target=await guest.at(words))
    assert Approvals().judge(intent).decision == asked


async def test_enter_in_a_field_is_asked_about_by_the_button_it_presses(guest: Guest) -> None:
    await guest.show(SHOP)
    await guest.click("textbox “Name”")
    for call, given in (("key", {"text": "Return"}), ("type", {"text": "Grace\n"})):
        verdict = Approvals().judge(await guest.intent(call, **given))
        assert verdict.decision == "ask"
        assert "Send order" in verdict.question
    assert Approvals().judge(await guest.intent("type", text="Grace")).decision == "allow"


async def test_what_was_not_asked_about_is_not_pressed(guest: Guest) -> None:
    """The page changes a button after the question: the act is refused."""
    await guest.show(SHOP)
    target = await guest.at("“Pay €20”")
    intent = await guest.intent("left_click", target=target)
    assert intent.target["name"] == "Pay €20"
    tab = await guest.tool.driver.tab(None)
    script = "[...document.querySelectorAll('button')].find(b => b.onclick).innerText = 'Save'"
    await (await guest.tool.driver.browser()).call(tab, "Runtime.evaluate", {"expression": script})
    result = await guest.run("left_click", target=target)
    assert result.is_error
    assert "Something else" in result.text
    assert await guest.title() == "Shop"


async def test_what_is_covered_or_greyed_out_or_gone_says_so(guest: Guest) -> None:
    await guest.show(
        SHOP + "<div id=over style='position:fixed;inset:0;background:white'>Cookies</div>"
    )
    with pytest.raises(Exception, match="lies under"):
        await guest.intent("left_click", target=await guest.at("“Pay €20”"))
    await guest.show(SHOP)
    assert "greyed out" in (await guest.ask("left_click", target=await guest.at("“Greyed”"))).text
    old = await guest.at("“Gift”")
    await guest.show(KEYS, "keys")
    with pytest.raises(Exception, match="not there any more"):
        await guest.intent("left_click", target=old)


async def test_nothing_listens_for_devtools(guest: Guest) -> None:
    """No port inside the sandbox, and the socket of the pipe is its user's alone."""
    await guest.show(SHOP)
    desktop = guest.desk.desktop
    process = await desktop.spawn(["cat", "/proc/net/tcp", "/proc/net/tcp6"])
    said = b"".join([piece async for piece in await process.read()]).decode()
    listening = {int(m[1], 16) for m in re.finditer(r":([0-9A-F]{4}) \S+ 0A ", said)}
    assert listening == {3128}, said
    found = (desktop.env.runtime_dir / "devtools").stat()
    assert stat.S_IMODE(found.st_mode) == 0o600
    assert desktop.browsers is not None
    assert desktop.browsers.connection is not None
    assert desktop.browsers.connection.is_browser


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "file:///home/user/../../etc/passwd", "chrome://settings"),
        *("javascript:alert(1)", "data:text/html,hi", "view-source:http://localhost/"),
        *("http://0x7f.1/", "https://exa_mple/", "http://[::1", "ftp://localhost/"),
    ],
)
async def test_addresses_that_are_none_of_the_webs_are_not_opened(guest: Guest, url: str) -> None:
    result = await guest.ask("navigate", url=url)
    assert result.is_error
    assert "could not be loaded" not in result.text


class Judge:
    """Who answers for hosts."""

    def __init__(self, allow: bool) -> None:
        self.allow = allow
        self.asked: list[tuple[str, int]] = []

    async def judge(self, host: str, port: int) -> Answer:
        self.asked.append((host, port))
        return Answer(self.allow, why="You did not allow it", more="Ask again.")

    def refused(self, host: str, port: int, why: str) -> None: ...

    def changed(self, state: str, detail: str) -> None: ...


async def test_the_gate_judges_where_to_go(guest: Guest) -> None:
    """Refused is told in its words; allowed, it is the network that fails here."""
    gate = guest.desk.desktop.gate
    assert gate is not None
    before, no, yes = gate.guard, Judge(allow=False), Judge(allow=True)
    try:
        gate.guard = no
        refused = await guest.ask("navigate", url="shop.example:8443/cart")
        assert refused.text == "You did not allow it. Ask again."
        assert no.asked == [("shop.example", 8443)]
        gate.guard = yes
        assert (
            "could not be loaded" in (await guest.ask("navigate", url="https://shop.example")).text
        )
        assert yes.asked[0] == ("shop.example", 443)
    finally:
        gate.guard = before


async def test_files_are_given_from_the_home_only_and_asked_about(guest: Guest) -> None:
    await guest.show(SHOP)
    (guest.desk.desktop.home / "bill.txt").write_text("20")
    target = await guest.at("“Receipt”")
    verdict = Approvals().judge(
        await guest.intent("file_upload", target=target, paths=["bill.txt"])
    )
    assert (verdict.decision, verdict.rule) == ("ask", "upload")
    assert "bill.txt" in verdict.question
    assert "1 chosen" in await guest.do("file_upload", target=target, paths=["bill.txt"])
    assert "bill.txt" in await guest.do("read_page", filter="interactive")
    for path in ("/etc/passwd", "../../etc/passwd", "/home/user", "nothing.txt"):
        assert (await guest.ask("file_upload", target=target, paths=[path])).is_error


async def test_a_download_is_told_with_its_place(guest: Guest) -> None:
    await guest.show(SHOP)
    states = [(await guest.ask("left_click", target=await guest.at("“Get receipt”"))).state]

    async def done() -> dict[str, Any] | None:
        states.append((await guest.ask("list_tabs")).state)
        changes = [change for state in states if state for change in state.get("state_changes", ())]
        return next((c for c in changes if c["type"] == "download_completed"), None)

    found = await until(done, "the download", 60)
    assert found["path"].startswith("/home/user/")
    assert (
        guest.desk.desktop.home / found["path"].removeprefix("/home/user/")
    ).read_text() == "paid"


async def test_a_dialog_is_answered_with_no_and_told(guest: Guest) -> None:
    await guest.show(SHOP)
    assert 'confirm dialog "Really?" was dismissed' in await guest.click("“Ask me”")
    await guest.title("No")


async def test_a_secret_goes_into_a_password_field_only(guest: Guest) -> None:
    guest.tool.driver.vault = Vault([Secret("shop", SecretStr("open sesame"), "chromium")])
    await guest.show(SHOP)
    shown = await guest.ask(
        "form_input", target=await guest.at("“Name”"), value="<secret>shop</secret>"
    )
    assert shown.is_error
    told = await guest.do(
        "form_input", target=await guest.at("“Code”"), value="<secret>shop</secret>"
    )
    assert "sesame" not in told
    await guest.do("form_input", target=await guest.at("“Name”"), value="open sesame")
    assert "sesame" not in await guest.do("read_page")
    refused = await guest.ask("screenshot")
    assert refused.is_error
    assert refused.image is None


async def test_a_key_that_is_held_is_let_go_when_the_act_is_cut(guest: Guest) -> None:
    await guest.show(KEYS, "keys")
    await guest.do("left_click", target=await guest.at("textbox"))
    held = asyncio.create_task(guest.run("hold_key", text="a", duration=30))
    connection = (await guest.tool.driver.browser()).connection

    async def title() -> str:
        said = await connection.call("Target.getTargets")
        return str(
            next(t["title"] for t in said["targetInfos"] if t["title"] in ("idle", "down", "up"))
        )

    async def down() -> bool:
        return await title() == "down"

    async def up() -> bool:
        return await title() == "up"

    await until(down, "the key's going down", 60)
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    await until(up, "the key's coming up", 60)


class Over:
    """The right of work that was cut."""

    valid = False


async def test_work_that_was_cut_touches_no_page(guest: Guest) -> None:
    """However late it wakes: without its permit nothing is sent."""
    await guest.show(SHOP)
    found = await guest.intent("left_click", target=await guest.at("“Ask me”"))
    assert found.target["name"] == "Ask me"
    shown = await guest.tool.driver.page(None)
    ref = (await guest.at("“Ask me”"))["ref"]
    spot = await shown.place(*await guest.tool.driver.element(shown, ref))
    target = {"type": "coordinate", "x": spot.x, "y": spot.y}

    async def late() -> ToolResult:
        act_under(Over())
        return await guest.run("left_click", target=target)

    result = await asyncio.create_task(late())
    assert result.is_error
    assert await guest.title() == "Shop"


@pytest.mark.slow
async def test_a_page_that_never_comes_is_given_up(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In bounded time; cut in the middle, the browser is usable at once."""
    await guest.show(SHOP)
    await guest.desk.start("python3", "-c", SILENT)
    monkeypatch.setattr(pages, "_LOADS", 1.0)

    async def silent() -> bool:
        return "nothing came" in (await guest.ask("navigate", url="localhost:8801")).text

    await until(silent, "the silence", 60)
    monkeypatch.undo()
    going = asyncio.create_task(guest.run("navigate", url="localhost:8801"))
    tab = await guest.tool.driver.tab(None)
    await (await guest.tool.driver.browser()).until(lambda: tab.loading, 20)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    await guest.show(SHOP)
    assert "heading “Order”" in await guest.do("read_page")


@pytest.mark.slow
async def test_a_page_that_hangs_or_crashes_is_told_and_can_be_left(guest: Guest) -> None:
    await guest.show("<!doctype html><title>Hang</title><button onclick='for(;;);'>Hang</button>")
    result = await guest.ask("left_click", target=await guest.at("“Hang”"))
    assert "does not answer" in result.text
    await guest.do("close_tab", tab_id=(await guest.tool.driver.tab(None)).id)
    await guest.do("new_tab")
    await guest.show(SHOP)
    tab, browser = await guest.tool.driver.tab(None), await guest.tool.driver.browser()
    browser.connection.send("Page.crash", {}, tab.session)
    await browser.until(lambda: tab.crashed, 30)
    assert "crashed" in (await guest.ask("read_page")).text
    await guest.do("navigate", url="reload")
    assert "heading “Order”" in await guest.do("read_page")


async def test_a_browser_that_is_gone_is_told_and_opened_again(guest: Guest) -> None:
    await guest.show(SHOP)
    old = await guest.at("“Gift”")
    connection = (await guest.tool.driver.browser()).connection
    await signalled(guest.desk.desktop, "KILL", "/usr/lib/chromium/chromium")

    async def closed() -> bool:
        return connection.closed

    await until(closed, "the browser's end", 60)
    assert "not open" in (await guest.ask("read_page")).text
    state = (await guest.ask("wait", duration=0)).state
    assert state is not None
    assert state["tabs"] == []
    await guest.show(SHOP)
    with pytest.raises(Exception, match=r"not there any more|in tab"):
        await guest.intent("left_click", target=old)


async def test_what_changed_is_told_after_acts(guest: Guest) -> None:
    """Only that: the whole page when it is another, then what differs, then that nothing does."""
    await guest.show(SHOP)
    await guest.tool.closing_screenshot()
    assert "heading “Order”" in guest.tool.closing_note
    await guest.do("form_input", target=await guest.at("“Gift”"), value=False)
    guest.tool.forget()
    await guest.do("read_page")
    await guest.do("form_input", target=await guest.at("“Gift”"), value=True)
    await guest.run("wait", duration=0)
    await guest.tool.closing_screenshot()
    assert "checkbox “Gift” checked" in guest.tool.closing_note
    assert "Order" not in guest.tool.closing_note
    await guest.run("wait", duration=0)
    await guest.tool.closing_screenshot()
    assert guest.tool.closing_note == "Nothing has changed on the page."
