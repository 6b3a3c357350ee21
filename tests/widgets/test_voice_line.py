"""The voice widget's line: tickets, outages, hand-over, what Python is told, what a person sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chromium import launch, off_site
from playwright.sync_api import BrowserContext, Playwright, expect
from widget_stage import Bench, Stage, Talk, said, sine, sound

pytestmark = pytest.mark.browser

TRACKS = "window.tracks.map((t) => t.readyState)"


def _spoken(text: str, **fields: Any) -> dict[str, Any]:
    message = {"role": "user", "content": text}
    return {"type": "user_message", "interim": False, "message": message, "models": {}, **fields}


def test_start_asks_for_everything_in_order_and_tells_the_settings(talk: Talk) -> None:
    """Microphone, ticket, socket, settings, metadata; the page asks nobody else for anything."""
    told = [e["type"] for e in talk.bench.events if e["type"] != "local.ack"]
    assert told[:2] == ["local.state", "local.state"]
    assert told.index("local.need_ticket") < told.index("chat_metadata")
    assert talk.bench.states() == ["off", "connecting", "ready"]
    assert talk.bench.of("local.state", state="ready")[0]["chat_id"] == "chat-1"
    assert talk.chat.query["access_token"] == "token-1"
    assert talk.chat.query["verbose_transcription"] == "true"
    settings = {"custom_session_id": "s-1", "system_prompt": "Be brief."}
    assert talk.chat.messages[0] == {"type": "session_settings", **settings}
    numbers = [e["n"] for e in talk.bench.events]
    assert numbers == list(range(1, len(numbers) + 1))


def test_no_request_leaves_the_machine(stage: Stage, browser_context: BrowserContext) -> None:
    """Page, worklets, sound: all from the server itself."""
    seen = off_site(browser_context)
    talk = Talk(stage, browser_context).start()
    talk.chat.say(said("a"), sound("a", 0, sine(0.2)), {"type": "assistant_end"})
    talk.event("local.play", state="finished")
    talk.page.close()
    assert seen == []


def test_mute_stops_the_device_and_silence_flows_on(talk: Talk) -> None:
    """Muted, the microphone itself is off, and the page says so; unmuting opens it anew."""
    talk.press("Mute voice")
    talk.event("local.state", state="muted")
    assert talk.page.evaluate(TRACKS) == ["ended"]
    expect(talk.page.get_by_role("status")).to_contain_text("Muted")
    before = len(talk.chat.frames)
    talk.until(lambda: len(talk.chat.frames) > before + 20, "silent frames")
    assert not np.frombuffer(talk.chat.frames[-1], "<i2").any()
    talk.press("Unmute voice")
    talk.until(lambda: talk.bench.states()[-1] == "ready", "ready again")
    talk.until(lambda: talk.page.evaluate(TRACKS) == ["ended", "live"], "a live track")


def test_muted_while_it_starts_it_is_muted_when_it_has(
    stage: Stage, browser_context: BrowserContext
) -> None:
    """Mute pressed before the microphone is there: no track lives, and only silence goes out."""
    talk = Talk(stage, browser_context)
    start = talk.page.get_by_role("button", name="Start voice")
    start.evaluate("button => { button.click(); button.click() }")
    talk.event("local.state", state="muted")
    expect(talk.page.get_by_role("button", name="Unmute voice")).to_be_visible()
    assert "live" not in talk.page.evaluate(TRACKS)
    talk.until(lambda: len(talk.chat.frames) > 20, "silent frames")
    assert not any(np.frombuffer(frame, "<i2").any() for frame in talk.chat.frames)
    talk.press("Unmute voice")
    talk.until(lambda: "live" in talk.page.evaluate(TRACKS), "a live track")
    talk.page.close()


def test_asleep_nothing_is_sent_until_waking(talk: Talk) -> None:
    """Asleep, the device is off and no frame leaves; the chat stays."""
    talk.stage.call(talk.widget.command, "sleep")
    talk.event("local.state", state="asleep")
    assert talk.page.evaluate(TRACKS) == ["ended"]
    talk.chat.say(said("a"), sound("a", 0, sine(0.5)), {"type": "assistant_end"})
    before = len(talk.chat.frames)
    talk.event("local.play", id="a", state="finished")
    assert len(talk.chat.frames) <= before + 2
    talk.stage.call(talk.widget.command, "wake")
    talk.until(lambda: len(talk.chat.frames) > before + 20, "frames again")
    assert talk.bench.states()[-1] == "ready"
    assert len(talk.stage.service.chats) == 1


def test_push_to_talk_lets_sound_through_only_while_space_is_held(
    stage: Stage, playwright: Playwright
) -> None:
    """The fake device beeps twice a second: heard with Space down, and not otherwise."""
    stage.voice_options = {"push_to_talk": True}

    def loud(since: int) -> bool:
        return any(np.frombuffer(f, "<i2").any() for f in talk.chat.frames[since:])

    with launch(playwright) as context:
        talk = Talk(stage, context)
        talk.press("Start voice")
        talk.until(lambda: stage.service.chats and len(talk.chat.frames) > 75, "frames")
        assert not loud(5)
        talk.page.evaluate("document.activeElement.blur()")
        talk.page.locator("body").press("a")
        talk.page.keyboard.down("Space")
        since = len(talk.chat.frames)
        talk.until(lambda: loud(since), "a beep")
        talk.page.keyboard.up("Space")
        after = len(talk.chat.frames) + 10
        talk.until(lambda: len(talk.chat.frames) > after + 60, "frames")
        assert not loud(after)


def test_an_outage_is_survived_with_the_same_conversation(talk: Talk) -> None:
    """Fresh ticket, resumed group, settings told again, microphone kept, nothing said is lost."""
    context = {"text": "Step 4 of 9.", "type": "persistent"}
    talk.stage.call(talk.widget.send, {"type": "session_settings", "context": context})
    talk.until(lambda: len(talk.chat.messages) == 2, "the context")
    talk.bench.tickets = False
    talk.chat.drop()
    lost = talk.event("local.state", state="reconnecting")
    assert lost["error"]["code"] == "connection_lost"
    assert lost["error"]["advice"]
    talk.until(lambda: len(talk.bench.of("local.need_ticket", reason="reconnect")) == 1, "asked")
    talk.stage.call(talk.widget.send, {"type": "assistant_input", "text": "I am back."})
    talk.stage.call(talk.widget.give_ticket, "/voice/v0/evi/chat", {"access_token": "fresh"}, {})
    talk.until(lambda: talk.bench.states()[-1] == "ready", "ready again")
    talk.until(lambda: len(talk.chat.messages) == 2 and talk.chat.frames, "messages and sound")
    assert talk.chat.query["access_token"] == "fresh"
    assert talk.chat.query["resumed_chat_group_id"] == "group-1"
    assert talk.chat.messages[0]["context"] == context
    assert talk.chat.messages[0]["system_prompt"] == "Be brief."
    assert talk.chat.messages[1] == {"type": "assistant_input", "text": "I am back."}
    assert talk.page.evaluate(TRACKS) == ["live"]


def test_a_chat_is_handed_over_before_its_time_limit(
    stage: Stage, browser_context: BrowserContext
) -> None:
    """At a quiet moment the next chat opens, resuming; only then the first one closes."""
    stage.voice_options = {"handover_after": 1}
    talk = Talk(stage, browser_context).start()
    first = talk.chat
    first.say(said("a"), sound("a", 0, sine(2.5)), {"type": "assistant_end"})
    talk.until(lambda: len(stage.service.chats) >= 2, "a second chat")
    assert talk.bench.of("local.play", id="a", state="finished"), "it waited for the sound to end"
    talk.until(lambda: first.close_seen, "the first chat's end")
    second = stage.service.chats[1]
    assert second.query["resumed_chat_group_id"] == "group-1"
    talk.until(lambda: second.frames, "sound on the second")
    assert set(talk.bench.states()) == {"off", "connecting", "ready"}
    assert talk.bench.of("local.need_ticket", reason="handover")
    talk.page.close()


def test_unknown_and_broken_messages_are_logged_and_never_fatal(talk: Talk) -> None:
    """Not JSON, no type, an unknown type, fields missing: what follows is still understood."""
    talk.chat.say("{", "[1]", '{"a": 1}', {"type": "new_thing"}, {"type": "assistant_message"})
    talk.chat.say({"type": "user_message"}, {"type": "tool_call", "models": {"prosody": 3}})
    talk.chat.say(_spoken("Open the editor."))
    done = talk.event("user_message", message={"role": "user", "content": "Open the editor."})
    assert done["interim"] is False
    assert len(talk.bench.of("local.log", level="warning")) == 4
    assert not talk.bench.of("new_thing")
    assert talk.bench.states()[-1] == "ready"


def test_python_gets_small_messages_only(talk: Talk) -> None:
    """Scores are cut to the top three; sound and prosody messages stay in the browser."""
    scores = {"Joy": 0.1, "Anger": 0.5, "Doubt": 0.3, "Pain": -0.1, "Awe": 0.2}
    talk.chat.say(
        {"type": "assistant_prosody", "id": "a", "models": {"prosody": {"scores": scores}}}
    )
    talk.chat.say(said("a"), sound("a", 0, sine(0.1)), {"type": "assistant_end"})
    talk.chat.say(_spoken("Hm.", models={"prosody": {"scores": scores}}))
    heard = talk.event("user_message")
    assert heard["models"] == {"prosody": {"scores": {"Anger": 0.5, "Doubt": 0.3, "Awe": 0.2}}}
    talk.event("local.play", state="finished")
    assert not talk.bench.of("audio_output")
    assert not talk.bench.of("assistant_prosody")


def test_a_repeated_message_acts_once(talk: Talk) -> None:
    """Messages from Python are known by their id: acknowledged each time, carried out once."""
    note = {"id": 999, "type": "evi", "message": {"type": "user_input", "text": "Hello."}}
    talk.stage.call(talk.widget._send_msg, note)
    talk.stage.call(talk.widget._send_msg, note)
    talk.until(lambda: len(talk.bench.of("local.ack", id=999)) == 2, "two acknowledgements")
    talk.chat.say({"type": "assistant_end"})
    talk.event("assistant_end")
    assert [m for m in talk.chat.messages if m["type"] == "user_input"] == [note["message"]]


def test_what_was_sent_before_the_page_was_there_is_repeated(
    stage: Stage, browser_context: BrowserContext
) -> None:
    """A message posted while nobody could take it arrives when the page has come."""
    stage.before = lambda widget: widget.command("chime", kind="question")
    talk = Talk(stage, browser_context)
    talk.event("local.ack", id=1)
    talk.page.close()


def test_a_second_tab_takes_the_voice_over(stage: Stage, browser_context: BrowserContext) -> None:
    """Two tabs never listen at once: the first lets go of the microphone and says why."""
    first = Talk(stage, browser_context).start()
    stage.bench = Bench()
    second = Talk(stage, browser_context).start()
    first.until(lambda: first.bench.states()[-1] == "failed", "the first lets go")
    lost = first.event("local.state", state="failed")
    assert lost["error"]["code"] == "taken_over"
    assert first.page.evaluate(TRACKS) == ["ended"]
    assert second.bench.states()[-1] == "ready"
    first.page.close()
    second.page.close()


def test_a_microphone_that_gives_nothing_is_noticed(talk: Talk) -> None:
    """Digital silence for some seconds is no quiet room: the bar says so."""
    expect(talk.page.get_by_role("status")).to_contain_text("No sound comes", timeout=15000)
    assert talk.bench.states()[-1] == "ready"


def test_the_same_core_runs_under_anywidget(stage: Stage, browser_context: BrowserContext) -> None:
    """Jupyter's kind of host is served as well; a second place gets the same conversation."""
    page = browser_context.new_page()
    page.goto(f"{stage.url}/voice")
    bundle = (Path(__file__).parents[2] / "dashboard/voice/client/widget.bundle.js").read_text()
    states = page.evaluate(
        """async (code) => {
          const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
          const { default: widget } = await import(url);
          const sent = [], values = { handover_after: 60, push_to_talk: false };
          const model = { get: (k) => values[k], set: (k, v) => (values[k] = v), save_changes() {},
                          send: (m) => sent.push(...m.events), on() {}, off() {} };
          const place = () => document.body.appendChild(document.createElement("div"));
          const [first, el] = [place(), place()];
          const left = await widget.render({ model, el: first });
          const dispose = await widget.render({ model, el });
          left();
          el.firstChild.shadowRoot.querySelector("button").click();
          while (!sent.some((e) => e.type === "local.need_ticket"))
            await new Promise((done) => setTimeout(done, 20));
          dispose();
          await new Promise((done) => setTimeout(done, 50));
          return sent.filter((e) => e.type === "local.state").map((e) => e.state);
        }""",
        bundle,
    )
    assert states == ["off", "connecting", "off"]
    page.close()


def test_a_refused_microphone_says_what_to_do(stage: Stage, playwright: Playwright) -> None:
    """Permission denied is a state with a reason and a way out, and Start stays at hand."""
    with launch(playwright, permissions=False) as context:
        talk = Talk(stage, context)
        talk.press("Start voice")
        failed = talk.event("local.state", state="failed")
        assert failed["error"]["code"] == "permission_denied"
        expect(talk.page.get_by_role("status")).to_contain_text("Allow it")
        expect(talk.page.get_by_role("button", name="Start voice")).to_be_enabled()
    assert not stage.service.chats


def test_a_machine_without_microphone_is_told_so(stage: Stage, playwright: Playwright) -> None:
    """No device is an error of its own."""
    with launch(playwright, microphone=False) as context:
        talk = Talk(stage, context)
        talk.press("Start voice")
        assert talk.event("local.state", state="failed")["error"]["code"] == "no_device"


def test_an_insecure_page_is_told_so(stage: Stage, playwright: Playwright) -> None:
    """Browsers withhold the microphone from plain http on other names than localhost."""
    rules = ["--host-resolver-rules=MAP insecure.test 127.0.0.1"]
    with launch(playwright, extra=rules) as context:
        talk = Talk(stage, context, f"http://insecure.test:{stage.port}")
        talk.press("Start voice")
        failed = talk.event("local.state", state="failed")
        assert failed["error"]["code"] == "insecure_context"
        expect(talk.page.get_by_role("status")).to_contain_text("localhost")


def test_a_chat_that_cannot_be_resumed_starts_afresh(talk: Talk) -> None:
    """`E0708`: the group is gone on the service's side; the next try does not ask for it."""
    first = talk.chat
    first.drop()
    talk.until(lambda: len(talk.stage.service.chats) == 2, "a second chat")
    gone = {"type": "error", "code": "E0708", "slug": "chat_group_not_found", "message": "gone"}
    talk.chat.say(gone)
    talk.event("error", code="E0708")
    talk.chat.drop()
    talk.until(lambda: len(talk.stage.service.chats) == 3, "a third chat")
    assert "resumed_chat_group_id" in talk.stage.service.chats[1].query
    assert "resumed_chat_group_id" not in talk.chat.query


def test_a_microphone_pulled_out_is_replaced(talk: Talk) -> None:
    """When the device ends, the default one takes over without a word from the person."""
    talk.page.evaluate(
        "window.tracks[0].stop(), window.tracks[0].dispatchEvent(new Event('ended'))"
    )
    talk.until(lambda: talk.page.evaluate(TRACKS) == ["ended", "live"], "another track")
    assert talk.bench.states()[-1] == "ready"


def test_devices_are_chosen_and_remembered(talk: Talk) -> None:
    """Another microphone is opened at once; the choice outlives the page."""
    talk.press("Voice settings")
    inputs = talk.page.get_by_label("Microphone")
    talk.until(lambda: inputs.locator("option").count() > 1, "devices to choose from")
    inputs.select_option(index=1)
    talk.until(lambda: talk.page.evaluate(TRACKS) == ["ended", "live"], "the other microphone")
    chosen = inputs.input_value()
    outputs = talk.page.get_by_label("Loudspeaker")
    outputs.select_option(index=outputs.locator("option").count() - 1)
    talk.page.reload()
    talk.press("Voice settings")
    talk.until(lambda: inputs.input_value() == chosen, "the choice")
    talk.page.evaluate("localStorage.clear()")


def test_a_service_that_refuses_is_given_up_with_a_reason(
    stage: Stage, browser_context: BrowserContext
) -> None:
    """Some tries, each with a fresh ticket, then an error; the microphone is let go."""
    stage.service.refuse = True
    talk = Talk(stage, browser_context)
    talk.press("Start voice")
    failed = talk.event("local.state", state="failed")
    assert failed["error"]["code"] == "socket_refused"
    assert len(talk.bench.of("local.need_ticket")) > 1
    assert talk.page.evaluate(TRACKS) == ["ended"]
    stage.service.refuse = False
    talk.press("Start voice")
    talk.until(lambda: talk.bench.states()[-1] == "ready", "ready at last")
    talk.page.close()


@pytest.mark.parametrize(
    ("code", "error", "chats"), [(4401, "auth", 2), (1000, "chat_ended", 1)], ids=["auth", "ended"]
)
def test_a_chat_closed_for_a_reason_shows_it(talk: Talk, code: int, error: str, chats: int) -> None:
    """A dead ticket is replaced once; an ended chat is not reopened behind the person's back."""
    talk.chat.drop(code)
    talk.until(lambda: len(talk.stage.service.chats) == chats, "the next chat")
    if chats == 2:
        talk.stage.service.silent = True
        talk.until(lambda: talk.bench.states()[-1] == "ready", "ready")
        talk.chat.drop(code)
        talk.until(lambda: len(talk.stage.service.chats) == 3, "a third chat")
        talk.chat.drop(code)
    assert talk.event("local.state", state="failed")["error"]["code"] == error


def test_a_refused_ticket_shows_the_servers_reason(
    stage: Stage, browser_context: BrowserContext
) -> None:
    """What the server says about a wrong key is what the person reads."""
    stage.bench.tickets = False
    talk = Talk(stage, browser_context)
    talk.press("Start voice")
    talk.event("local.need_ticket")
    talk.stage.call(talk.widget.refuse_ticket, "auth", "The key is wrong.", "Mend it in Settings.")
    failed = talk.event("local.state", state="failed")
    assert failed["error"]["message"] == "The key is wrong."
    expect(talk.page.get_by_role("status")).to_contain_text("Mend it in Settings.")
    talk.page.close()


def test_a_service_out_of_reach_is_asked_again_during_an_outage(talk: Talk) -> None:
    """No ticket for now: the page says why, asks again, and the conversation is taken up."""
    talk.bench.tickets = False
    talk.chat.drop()
    asked = talk.bench.of
    talk.until(lambda: len(asked("local.need_ticket", reason="reconnect")) == 1, "asked")
    refusal = ("unreachable", "Hume cannot be reached.", "")
    talk.stage.call(talk.widget.refuse_ticket, *refusal)
    talk.until(lambda: len(asked("local.need_ticket", reason="reconnect")) == 2, "asked again")
    lost = talk.event("local.state", state="reconnecting")
    assert lost["error"]["message"] == "Hume cannot be reached."
    talk.stage.call(talk.widget.give_ticket, "/voice/v0/evi/chat", {"access_token": "t"}, {})
    talk.until(lambda: talk.bench.states()[-1] == "ready", "ready again")
    assert talk.chat.query["resumed_chat_group_id"] == "group-1"


def test_leaving_the_page_ends_the_chat_at_once(talk: Talk) -> None:
    """The service sees the socket close; nothing goes on in the background."""
    chat = talk.chat
    talk.page.goto("about:blank")
    talk.until(lambda: chat.close_seen, "the end of the chat")


def test_it_can_be_used_with_the_keyboard_alone(
    stage: Stage, browser_context: BrowserContext
) -> None:
    """Tab, Enter, Escape: start, mute, settings; every control has a name."""
    talk = Talk(stage, browser_context)
    talk.page.keyboard.press("Tab")
    talk.page.keyboard.press("Enter")
    talk.until(lambda: talk.bench.states()[-1] == "ready", "ready")
    talk.page.keyboard.press("Enter")
    talk.event("local.state", state="muted")
    talk.page.keyboard.press("Tab")
    talk.page.keyboard.press("Enter")
    settings = talk.page.get_by_role("dialog", name="Voice settings")
    expect(settings.get_by_label("Microphone")).to_be_visible()
    talk.page.keyboard.press("Escape")
    expect(settings).to_be_hidden()
    talk.page.close()


def test_a_narrow_bar_says_what_is_wrong_above_itself(stage: Stage, playwright: Playwright) -> None:
    """On a phone the whole advice is still read, and the bar does not grow."""
    with launch(playwright, permissions=False, viewport=(390, 700)) as context:
        talk = Talk(stage, context)
        bar = talk.page.get_by_role("region", name="Voice")
        before = (bar.bounding_box() or {})["height"]
        talk.press("Start voice")
        bubble = talk.page.locator(".bubble")
        expect(bubble).to_be_visible()
        expect(bubble).to_contain_text("Allow it")
        assert (bar.bounding_box() or {})["height"] == before
        bubble.click()
        expect(bubble).to_be_hidden()


def test_a_used_up_allowance_ends_the_voice_with_a_way_out(talk: Talk) -> None:
    """E0300 before the socket is refused: no further tickets are tried, the reason is shown."""
    quota = {"type": "error", "code": "E0300", "slug": "quota_exceeded", "message": "No credits."}
    talk.chat.say(quota)
    talk.event("error", code="E0300")
    talk.chat.drop(1008)
    failed = talk.event("local.state", state="failed")
    assert failed["error"]["code"] == "quota"
    assert "HUME_API_KEY" in failed["error"]["advice"]
    assert [e["reason"] for e in talk.bench.of("local.need_ticket")] == ["start"]


def test_the_strongest_expressions_of_an_utterance_are_shown(talk: Talk) -> None:
    """Three names beside the state; an utterance without scores clears them."""
    scores = {"Joy": 0.1, "Anger": 0.5, "Doubt": 0.3, "Awe": 0.2}
    talk.chat.say(_spoken("Open it.", models={"prosody": {"scores": scores}}))
    expect(talk.page.get_by_role("status")).to_contain_text("Anger, Doubt, Awe")
    talk.chat.say(_spoken("Close it."))
    expect(talk.page.get_by_role("status")).not_to_contain_text("Anger")
