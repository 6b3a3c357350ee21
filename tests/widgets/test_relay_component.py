"""The Python end of the widgets' messages: nothing missing, nothing twice."""

from __future__ import annotations

from typing import Any

from dashboard.voice.client.widget import VoiceWidget


class _Widget(VoiceWidget):
    """A widget whose page is the test."""

    _bundle = None
    _esm = "export function render() {}"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.heard: list[int] = []
        super().__init__(lambda event: self.heard.append(event["n"]))

    def _send_msg(self, data: Any) -> None:
        self.sent.append(data)

    def page(self, *numbers: int, page: str = "p", **more: Any) -> None:
        events = [{"n": n, "t": 0, "type": "x"} for n in numbers]
        self._handle_msg({"page": page, "events": events, **more})


def test_a_gap_is_asked_for_and_filled_in_order() -> None:
    """Events after a gap wait until the missing ones have come; repeated ones count once."""
    widget = _Widget()
    widget.page(1, 2)
    widget.page(5, 6)
    assert widget.sent == [{"type": "resend", "after": 2}]
    widget.page(3, 4, 5, 6, resent=True)
    widget.page(6, 7)
    assert widget.heard == [1, 2, 3, 4, 5, 6, 7]


def test_events_that_are_gone_for_good_do_not_stop_the_rest() -> None:
    """What the page itself has forgotten cannot be had: the conversation goes on."""
    widget = _Widget()
    widget.page(1)
    widget.page(2000, resent=True)
    widget.page(2001)
    assert widget.heard == [1, 2000, 2001]


def test_a_page_rendered_anew_gets_what_was_never_taken() -> None:
    """Unacknowledged messages are repeated to a new page, acknowledged ones are not."""
    widget = _Widget()
    widget.page(1)
    taken, lost = widget.command("mute"), widget.command("unmute")
    ack = {"n": 2, "t": 0, "type": "local.ack", "id": taken}
    widget._handle_msg({"page": "p", "events": [ack]})
    widget.sent.clear()
    widget.page(1, page="q")
    assert [message["id"] for message in widget.sent] == [lost]
    assert widget.heard == [1, 2, 1]


def test_nonsense_from_a_page_is_ignored() -> None:
    """A page is not trusted to send what it should."""
    widget = _Widget()
    for data in [
        None,
        "x",
        [],
        {},
        {"events": 3},
        {"events": [None, {}, {"type": 3}, {"type": "x"}]},
    ]:
        widget._handle_msg(data)
    widget._handle_msg({"page": "p", "events": [{"type": "x", "n": "1"}]})
    assert widget.heard == []
