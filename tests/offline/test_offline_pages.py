"""The planner on web pages, in a real browser: everything by its name, and looked up afterwards."""

from __future__ import annotations

import pytest
from desks import until
from planner_driver import Driver

from agent.desktop.base import Node
from agent.session.approval import Approvals, Verdict
from agent.tools.base import ToolCall
from agent.tools.computer import ComputerTool

pytestmark = [pytest.mark.desktop, pytest.mark.asyncio(loop_scope="module")]

FORM = """<!doctype html><title>Order</title><h1>Order</h1>
<p>Pens are blue. <a href="terms.html">Terms</a>
<p><label>Name <input value="old"></label>
<p><label>Size <select><option>Small<option>Large<option>Huge</select></label>
<p><label><input type=checkbox checked> Gift</label>
<p><label>Note <textarea></textarea></label>
<div style="height: 2500px"></div>
<button onclick="document.title = 'Sent'">Send order</button>"""
TERMS = "<!doctype html><title>Terms</title><h1>Terms of sale</h1>"


async def visit(talk: Driver, page: str = "order", field: str = "Name") -> None:
    """Open the browser as a person would, and go to a page."""
    for name, html in {"order": FORM, "terms": TERMS}.items():
        path = talk.desktop.home / f"{name}.html"
        path.write_text(html, "utf-8")
        path.chmod(0o644)
    assert "is open" in await talk.say("open the browser")
    process = await talk.desktop.spawn(["chromium", f"file:///home/user/{page}.html"])
    await process.wait()
    await shown(talk, "entry", field)


async def shown(talk: Driver, role: str, name: str) -> Node:
    """Wait for a visible object."""

    async def look() -> Node | None:
        nodes = (await talk.desktop.tree()).showing(role)
        return next((n for n in nodes if n.name == name), None)

    return await until(look, name, 60)


async def test_a_form_is_filled_and_sent_by_name(talk: Driver) -> None:
    """A field, a list, a box, and a button that lies far below."""
    await visit(talk)
    assert await talk.say("fill in the name with Ada Lovelace") == "name now says: Ada Lovelace."
    assert (await shown(talk, "entry", "Name")).text == "Ada Lovelace"
    assert await talk.say("set size to huge") == "size is huge now."
    assert (await shown(talk, "combo box", "Size")).text == "Huge"
    assert await talk.say("tick gift") == "Gift is ticked already."
    assert await talk.say("untick the gift box") == "gift is not ticked."
    assert "checked" not in (await shown(talk, "check box", "Gift")).states
    assert not (await talk.desktop.tree()).showing("alert")
    await talk.say("click send order")
    window = await talk.desktop.active_window()
    assert window is not None
    assert window.title == "Sent - Chromium"


async def test_a_page_is_read_scrolled_and_left_by_name(talk: Driver) -> None:
    """What shows of it is read; what does not is scrolled to; a link leads on, and back."""
    await visit(talk)
    said = await talk.say("read the page")
    assert said.startswith("The page Order says: Order. Pens are blue.")
    assert "is in sight" in await talk.say("scroll to send order")
    assert (await shown(talk, "push button", "Send order")).box
    assert "is in sight" in await talk.say("scroll to terms")
    await talk.say("click terms")
    await shown(talk, "heading", "Terms of sale")
    assert await talk.say("go back") == "This is the page before."
    await shown(talk, "heading", "Order")


async def test_what_a_page_has_not_is_not_clicked(talk: Driver) -> None:
    """Each is refused in words, and nothing is touched."""
    await visit(talk)
    for said in ("fill in the street with Main", "tick the insurance", "scroll to the moon"):
        answer = await talk.say(said)
        assert answer.startswith(("I see no", "I could not find")), answer
        assert talk.calls == []


async def test_a_weighty_button_of_a_page_is_asked_about(talk: Driver) -> None:
    """As one of a program is; a link beside it is not."""
    await visit(talk)
    await talk.say("scroll to send order")
    button = await shown(talk, "push button", "Send order")
    verdict = await judged(talk, button)
    assert (verdict.decision, verdict.rule) == ("ask", "weighty button")
    assert verdict.question.startswith("Press “Send order” in “Order - Chromium”?")
    await talk.say("scroll to terms")
    assert (await judged(talk, await shown(talk, "link", "Terms"))).decision == "allow"


async def judged(talk: Driver, node: Node) -> Verdict:
    """What the rules say of a click on an object."""
    assert node.box is not None
    call = ToolCall("a", "left_click", {"coordinate": list(node.box.center)})
    return Approvals().judge(await ComputerTool(talk.desktop).intent(call))
