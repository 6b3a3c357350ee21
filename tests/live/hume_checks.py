"""What EVI really does where its documentation is silent. About four minutes of talk."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import uuid
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from hume_line import Hume, Line
from hume_voice import AUDIO, PIECE, speak
from live_report import Check, Verdict, judge, passed, skipped
from websockets.exceptions import InvalidStatus

PER_MINUTE = 0.08
"""Dollars, an upper guess for one minute of EVI."""

TOOL = {
    "type": "function",
    "name": "use_computer",
    "description": "Do something on the person's computer. Call it for every request.",
    "parameters": json.dumps(
        {"type": "object", "properties": {"task": {"type": "string"}}, "required": ["task"]}
    ),
}
LONG = "This is a long line about the settings of the desktop. " * 6
ASK = "Please open the file manager on my computer."


class HumeChecks:
    """All checks for one account. Configs that they make are deleted again."""

    def __init__(self, hume: Hume) -> None:
        self._hume = hume
        self._config: str | None = None

    def all(self) -> Iterator[Check]:
        minute = PER_MINUTE
        yield Check("evi-token", self.token)
        yield Check("evi-bad-token", self.bad_token)
        yield Check("evi-config", self.make_config)
        yield Check("evi-audio-format", self.audio_format, minute / 2)
        yield Check("evi-speaks-while-paused", self.paused, minute / 2)
        yield Check("evi-settings-echo", self.settings_echo, minute / 4)
        yield Check("evi-errors", self.errors, minute / 4)
        yield Check("evi-late-tool-response", self.late_tool_response, minute)
        yield Check("evi-second-tool-call", self.second_tool_call, minute)
        yield Check("evi-resume", self.resume, minute)
        yield Check("evi-mirror", self.mirror, minute / 2)
        yield Check("evi-control-plane", self.control_plane, minute / 2)
        yield Check("evi-inactivity", self.inactivity, minute * 2, seconds=150)
        yield Check("evi-interruption", self.interruption, minute)
        yield Check("evi-echo-by-loudspeaker", self.loudspeaker)
        yield Check("evi-max-duration", self.max_duration)
        yield Check("evi-tidy", self.tidy)

    async def token(self) -> Verdict:
        if self._hume.secret_key is None:
            return skipped("HUME_SECRET_KEY is not set; without it a browser cannot connect.")
        return judge(bool(await self._hume.token()), "an access token was given.", "no token.")

    async def bad_token(self) -> Verdict:
        try:
            async with self._hume.chat(access_token="not-a-token") as line:
                event = await line.kind("error", seconds=10)
                code = await line.closed(10)
            return judge(
                event is not None or code is not None,
                f"refused after the handshake: close code {code}, {event}.",
                "a token that is none was not refused within 20 s.",
            )
        except InvalidStatus as error:
            return passed(f"refused at the handshake with {error.response.status_code}.")

    async def make_config(self) -> Verdict:
        body = {
            "name": f"sayso live check {uuid.uuid4().hex[:8]}",
            "evi_version": "3",
            "prompt": {"text": "You help with a computer. Be very short."},
            "language_model": {
                "model_provider": "ANTHROPIC",
                "model_resource": "claude-haiku-4-5-20251001",
            },
            "timeouts": {
                "inactivity": {"enabled": True, "duration_secs": 30},
                "max_duration": {"enabled": True, "duration_secs": 300},
            },
            "event_messages": {"on_new_chat": {"enabled": True, "text": "Hello."}},
        }
        made = await self._hume.call("POST", "/v0/evi/configs", body)
        self._config = str(made["id"])
        return passed("a config with a supplemental model and a 30-second timeout was made.")

    async def audio_format(self) -> Verdict:
        async with self._chat() as line:
            first = await line.kind("audio_output", seconds=15)
            await line.kind("assistant_end", seconds=15)
            chunks = [event for event in line.events if event["type"] == "audio_output"]
        if first is None:
            return judge(False, "", "no audio came.")
        rate, seconds = _wav(first["data"])
        final = any("is_final_chunk" in chunk for chunk in chunks)
        return passed(
            f"{len(chunks)} chunks, {rate} Hz, the first {seconds:.2f} s long, "
            f"is_final_chunk {'present' if final else 'absent'}.",
            PER_MINUTE / 4,
        )

    async def paused(self) -> Verdict:
        async with self._chat() as line:
            await line.kind("assistant_end", seconds=15)
            await line.send("pause_assistant_message")
            mark = len(line.events)
            await line.send("assistant_input", text="I have opened the settings page.")
            audio = await line.kind("audio_output", seconds=15, since=mark)
        return judge(
            audio is not None,
            "assistant_input is spoken while paused.",
            "assistant_input is not spoken while paused: relay mode needs another way.",
            PER_MINUTE / 3,
        )

    async def settings_echo(self) -> Verdict:
        async with self._chat() as line:
            await line.send("session_settings", context={"text": "Step 1.", "type": "persistent"})
            echo = await line.kind("session_settings", seconds=8)
        names = sorted(set(echo or {}) - {"type", "_at"})
        told = f"echoed with {names}" if echo else "not echoed to the sender"
        return passed(f"session_settings is {told}.", PER_MINUTE / 5)

    async def errors(self) -> Verdict:
        async with self._chat() as line:
            await line.send_raw("{")
            broken = await line.kind("error", seconds=8)
            mark = len(line.events)
            await line.send("no_such_type")
            unknown = await line.kind("error", seconds=8, since=mark)
            code = line.close_code
        found = [(e or {}).get("code") for e in (broken, unknown)]
        return judge(
            found != [None, None] or code is not None,
            f"broken JSON and unknown type: {found}, close {code}.",
            "neither broken JSON nor an unknown type is answered.",
            PER_MINUTE / 5,
        )

    async def late_tool_response(self) -> Verdict:
        async with self._chat() as line:
            call = await self._call(line)
            if call is None:
                return judge(False, "", "EVI did not call the tool.", PER_MINUTE / 2)
            mark = len(line.events)
            await asyncio.sleep(10)
            filler = [e["type"] for e in line.events[mark:]]
            await self._respond(line, call)
            said = await line.kind("assistant_message", seconds=15, since=len(line.events))
        return judge(
            said is not None,
            f"a response after 10 s is used; meanwhile came {filler or 'nothing'}.",
            f"a response after 10 s is ignored; meanwhile came {filler or 'nothing'}.",
            PER_MINUTE * 0.7,
        )

    async def second_tool_call(self) -> Verdict:
        async with self._chat() as line:
            call = await self._call(line)
            if call is None:
                return judge(False, "", "EVI did not call the tool.", PER_MINUTE / 2)
            mark = len(line.events)
            await line.send("user_input", text="And also open the calculator.")
            second = await line.kind("tool_call", seconds=12, since=mark)
        told = "arrives" if second else "does not arrive"
        return passed(f"a second call {told} while one is unanswered.", PER_MINUTE * 0.7)

    async def resume(self) -> Verdict:
        async with self._chat() as line:
            group = str((line.events[0])["chat_group_id"])
            await line.send("session_settings", tools=[TOOL])
            await line.kind("assistant_end", seconds=15)
        async with self._chat(resumed_chat_group_id=group) as line:
            same = line.events[0]["chat_group_id"] == group
            greeting = await line.kind("assistant_message", seconds=6)
            mark = len(line.events)
            await line.send("user_input", text=ASK)
            call = await line.kind("tool_call", seconds=12, since=mark)
        return judge(
            same,
            f"resumed; greets {'again' if greeting else 'not again'}, "
            f"tools {'kept' if call else 'not kept'}.",
            "the chat group was not resumed.",
            PER_MINUTE * 0.8,
        )

    async def mirror(self) -> Verdict:
        async with self._chat(allow_connection="true") as line:
            path = f"/v0/evi/chat/{line.events[0]['chat_id']}/connect"
            async with self._hume.chat(path) as mirror:
                await line.send("assistant_input", text="One more line.")
                event = await mirror.kind("assistant_message", seconds=12)
                audio = await mirror.kind("audio_output", seconds=8)
        return judge(
            event is not None,
            f"the mirror hears messages, audio {'included' if audio else 'left out'}.",
            "the mirror stays silent.",
            PER_MINUTE / 2,
        )

    async def control_plane(self) -> Verdict:
        async with self._chat() as line:
            await line.kind("assistant_end", seconds=15)
            mark = len(line.events)
            path = f"/v0/evi/chat/{line.events[0]['chat_id']}/send"
            body = {"type": "assistant_input", "text": "The window is open."}
            await self._hume.call("POST", path, body)
            said = await line.kind("assistant_message", seconds=12, since=mark)
        return judge(
            said is not None,
            "a line sent by the control plane is spoken.",
            "a line sent by the control plane is not spoken.",
            PER_MINUTE / 3,
        )

    async def inactivity(self) -> Verdict:
        """Config: 30 s. Narration every 12 s for 48 s, then silence until it closes."""
        async with self._chat() as line:
            for number in range(4):
                await line.send("assistant_input", text=f"Step {number + 1}.")
                if await line.closed(12) is not None:
                    break
            early = line.close_code
            code = await line.closed(60) if early is None else early
        kept = "resets" if early is None else "does not reset"
        return judge(
            code is not None,
            f"assistant_input {kept} the inactivity timer; close code {code}.",
            f"assistant_input {kept} the inactivity timer, but 60 s of silence end no chat.",
            PER_MINUTE * 1.5,
        )

    async def interruption(self) -> Verdict:
        """Talk over a long sentence, by a synthetic voice."""
        speech = await speak("Wait. Please stop now, I want something else instead of that.")
        if speech is None:
            return skipped("needs espeak-ng or flite, to talk over EVI.")
        async with self._chat() as line:
            await line.send("session_settings", audio=AUDIO)
            await line.kind("assistant_end", seconds=15)
            await line.send("assistant_input", text=LONG)
            mark = len(line.events)
            await line.kind("audio_output", seconds=15, since=mark)
            for start in range(0, len(speech), PIECE):
                await line.send_raw(speech[start : start + PIECE])
                await asyncio.sleep(0.02)
            cut = await line.kind("user_interruption", seconds=8, since=mark)
            await asyncio.sleep(2)
            after = line.events[line.events.index(cut) + 1 :] if cut else []
            before = {e["id"] for e in line.events[mark:] if e["type"] == "assistant_message"}
        late = [e for e in after if e["type"] == "audio_output" and e["id"] in before]
        return judge(
            cut is not None,
            f"interrupted; its time is {(cut or {}).get('time')}; {len(late)} late chunks came.",
            "speech over the answer did not interrupt it.",
            PER_MINUTE * 0.6,
        )

    async def loudspeaker(self) -> Verdict:
        return skipped("needs a loudspeaker and a microphone in one room.")

    async def max_duration(self) -> Verdict:
        return skipped("takes 30 minutes and two dollars; watch the code of a long chat instead.")

    async def tidy(self) -> Verdict:
        if self._config is not None:
            await self._hume.call("DELETE", f"/v0/evi/configs/{self._config}")
        return passed("the config was deleted again.")

    @asynccontextmanager
    async def _chat(self, **query: str) -> AsyncIterator[Line]:
        known = {"config_id": self._config} if self._config else {}
        async with self._hume.chat(**known, **query) as line:
            if await line.kind("chat_metadata", seconds=15) is None:
                raise RuntimeError("the chat did not begin with chat_metadata")
            yield line

    async def _call(self, line: Line) -> dict[str, Any] | None:
        await line.send("session_settings", tools=[TOOL])
        await line.kind("assistant_end", seconds=15)
        await line.send("user_input", text=ASK)
        return await line.kind("tool_call", seconds=15)

    async def _respond(self, line: Line, call: dict[str, Any]) -> None:
        await line.send(
            "tool_response", tool_call_id=call["tool_call_id"], content='{"status": "started"}'
        )


def _wav(data: str) -> tuple[int, float]:
    with wave.open(io.BytesIO(base64.b64decode(data))) as sound:
        return sound.getframerate(), sound.getnframes() / sound.getframerate()
