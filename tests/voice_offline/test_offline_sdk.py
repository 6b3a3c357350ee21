"""Hume's own SDKs, unchanged, against the offline server."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hearing import ScriptedSpeech
from hume import AsyncHumeClient
from hume.core.api_error import ApiError
from hume.empathic_voice.types import (
    AssistantInput,
    PostedConfigPromptSpec,
    PostedEventMessageSpecs,
    PostedEventMessageSpecsOnNewChat,
    PostedInterruptionSpec,
    PostedLanguageModel,
    PostedTimeoutSpecs,
    PostedTimeoutSpecsInactivity,
    PostedTimeoutSpecsMaxDuration,
    PostedTurnDetectionSpec,
    PostedUserDefinedToolSpec,
    SessionSettings,
    Tool,
    ToolResponseMessage,
    UserInput,
    VoiceName,
)

from dashboard.voice.server.frontdesk import UNABLE

KEY = "offline-key"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """The SDK's transport; it does not close its own."""
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def client(server, http: httpx.AsyncClient) -> AsyncHumeClient:
    return AsyncHumeClient(api_key=KEY, base_url=server.url, httpx_client=http)


async def next_of(socket, kind: str):
    """The next message of ``kind``, every one before it parsed by the SDK."""
    async with asyncio.timeout(20):
        while True:
            message = await socket.recv()
            if message.type == kind:
                return message


async def test_the_python_sdk_chats(client: AsyncHumeClient, speech: ScriptedSpeech) -> None:
    """Typed and spoken words, settings, a tool, sound: each message passes strict parsing."""
    async with client.empathic_voice.chat.connect(
        verbose_transcription=True,
        allow_connection=True,
        session_settings={"audio": {"encoding": "linear16", "sample_rate": 16000, "channels": 1}},
    ) as socket:
        meta = await next_of(socket, "chat_metadata")
        await socket.send_publish(
            SessionSettings(tools=[Tool(type="function", name="use_computer", parameters="{}")])
        )
        while (await next_of(socket, "session_settings")).tools is None:
            pass  # the first echo is of the address
        speech.utter(meta.chat_id, "Open the editor.")
        said = await next_of(socket, "user_message")
        assert (said.message.content, said.interim) == ("Open the editor.", False)
        call = await next_of(socket, "tool_call")
        await socket.send_publish(
            ToolResponseMessage(tool_call_id=call.tool_call_id, content='{"say": "Opening."}')
        )
        assert (await next_of(socket, "assistant_message")).message.content == "Opening."
        assert (await next_of(socket, "audio_output")).index == 0
        await next_of(socket, "assistant_prosody")
        await next_of(socket, "assistant_end")
        await socket.send_publish(UserInput(text="Thanks."))
        assert (await next_of(socket, "user_message")).from_text is True


async def test_the_python_sdk_without_our_tools_is_told_that_nothing_can_be_done(
    client: AsyncHumeClient, speech: ScriptedSpeech
) -> None:
    """A configuration of one's own, or none: what is said and typed gets a spoken answer."""
    tool = await client.empathic_voice.tools.create_tool(name="get_weather", parameters="{}")
    assert tool is not None
    config = await client.empathic_voice.configs.create_config(
        name="weather", evi_version="3", tools=[PostedUserDefinedToolSpec(id=tool.id)]
    )
    for config_id in (None, config.id):
        async with client.empathic_voice.chat.connect(config_id=config_id) as socket:
            meta = await next_of(socket, "chat_metadata")
            speech.utter(meta.chat_id, "Open the editor.")
            assert (await next_of(socket, "assistant_message")).message.content in UNABLE
            await next_of(socket, "audio_output")
            await next_of(socket, "assistant_end")
            await socket.send_publish(UserInput(text="What is the weather like?"))
            assert (await next_of(socket, "assistant_message")).message.content in UNABLE


async def test_the_python_sdk_speaks_through_the_control_plane(client: AsyncHumeClient) -> None:
    """``control_plane.send`` into the SDK's own chat."""
    async with client.empathic_voice.chat.connect() as socket:
        meta = await next_of(socket, "chat_metadata")
        await client.empathic_voice.control_plane.send(
            meta.chat_id, request=AssistantInput(text="From the server.")
        )
        message = await next_of(socket, "assistant_message")
        assert message.message.content == "From the server."
        page = await client.empathic_voice.chats.list_chats(status="ACTIVE")
        assert [chat.id async for chat in page] == [meta.chat_id]
        events = await client.empathic_voice.chats.list_chat_events(meta.chat_id)
        assert "AGENT_MESSAGE" in [event.type async for event in events]
        groups = await client.empathic_voice.chat_groups.list_chat_groups()
        assert [g.id async for g in groups] == [meta.chat_group_id]


async def test_the_python_sdk_sets_up_a_config(
    client: AsyncHumeClient, server, speech: ScriptedSpeech
) -> None:
    """Tools and config, versions, rename, delete; a chat uses what was configured."""
    voice = client.empathic_voice
    tool = await voice.tools.create_tool(
        name="use_computer", parameters='{"type": "object"}', fallback_content="No."
    )
    assert tool is not None
    config = await voice.configs.create_config(
        name="sayso",
        evi_version="3",
        prompt=PostedConfigPromptSpec(text="Be short."),
        voice=VoiceName(name="Heart", provider="HUME_AI"),
        language_model=PostedLanguageModel(
            model_provider="ANTHROPIC", model_resource="claude-haiku-4-5-20251001"
        ),
        tools=[PostedUserDefinedToolSpec(id=tool.id)],
        timeouts=PostedTimeoutSpecs(
            inactivity=PostedTimeoutSpecsInactivity(enabled=True, duration_secs=1800),
            max_duration=PostedTimeoutSpecsMaxDuration(enabled=True, duration_secs=1800),
        ),
        turn_detection=PostedTurnDetectionSpec(end_of_turn_silence_ms=700),
        interruption=PostedInterruptionSpec(min_interruption_ms=300),
        event_messages=PostedEventMessageSpecs(
            on_new_chat=PostedEventMessageSpecsOnNewChat(enabled=True, text="Hello.")
        ),
    )
    assert config.version == 0
    assert [t.name for t in config.tools or []] == ["use_computer"]
    async with voice.chat.connect(config_id=config.id) as socket:
        meta = await next_of(socket, "chat_metadata")
        assert (await next_of(socket, "assistant_message")).message.content == "Hello."
        settings = speech.settings[meta.chat_id]
        assert (settings.silence_ms, settings.interruption_ms) == (700, 300)
        speech.utter(meta.chat_id, "Open the editor.")
        assert (await next_of(socket, "tool_call")).name == "use_computer"
    newer = await voice.configs.create_config_version(
        config.id, evi_version="3", version_description="second"
    )
    assert newer.version == 1
    pages = await voice.configs.list_configs(name="sayso")
    assert [c.version async for c in pages] == [1]
    versions = await voice.configs.list_config_versions(config.id)
    assert [c.version async for c in versions] == [1, 0]
    await voice.configs.update_config_name(config.id, name="renamed")
    assert (await voice.configs.get_config_version(config.id, 1)).name == "renamed"
    await voice.configs.delete_config(config.id)
    with pytest.raises(ApiError) as caught:
        await voice.configs.get_config_version(config.id, 1)
    assert caught.value.status_code == 404


async def test_the_python_sdk_handles_tools_prompts_and_voices(client: AsyncHumeClient) -> None:
    """The other resources."""
    voice = client.empathic_voice
    prompt = await voice.prompts.create_prompt(name="short", text="Be short.")
    assert prompt is not None
    newer = await voice.prompts.create_prompt_version(prompt.id, text="Be shorter.")
    assert (newer.version, newer.text) == (1, "Be shorter.")
    tool = await voice.tools.create_tool(name="a", parameters="{}")
    assert tool is not None
    await voice.tools.create_tool_version(tool.id, parameters='{"type": "object"}')
    listed = await voice.tools.list_tools()
    assert [(t.name, t.version) async for t in listed] == [("a", 1)]
    await voice.tools.delete_tool(tool.id)
    voices = await client.tts.voices.list(provider="HUME_AI")
    assert [v.name async for v in voices] == ["Heart"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_wrong_key_is_the_sdks_own_error(server, http: httpx.AsyncClient) -> None:
    """401 on REST and on the socket, which the SDK then forgets to close."""
    client = AsyncHumeClient(api_key="wrong", base_url=server.url, httpx_client=http)
    with pytest.raises(ApiError) as caught:
        await client.empathic_voice.configs.list_configs()
    assert caught.value.status_code == 401
    with pytest.raises(ApiError) as caught:
        async with client.empathic_voice.chat.connect():
            pass
    assert caught.value.status_code == 401
    await asyncio.sleep(0)
    gc.collect()


_SCRIPT = """
import { HumeClient } from "hume";
const client = new HumeClient({ apiKey: "offline-key", environment: process.argv[2] });
const socket = client.empathicVoice.chat.connect({ verboseTranscription: true });
const seen = [];
socket.on("message", (message) => {
  seen.push(message.type);
  if (message.type === "chat_metadata") socket.sendAssistantInput({ text: "Hello." });
  if (message.type === "assistant_end") {
    console.log(JSON.stringify(seen));
    process.exit(0);
  }
});
socket.on("error", (error) => { console.error(String(error)); process.exit(1); });
setTimeout(() => { console.error(JSON.stringify(seen)); process.exit(2); }, 20000);
"""


def _hume_package() -> Path | None:
    """A folder whose ``node_modules`` holds Hume's npm package, named by ``HUME_NPM``."""
    folder = Path(os.environ.get("HUME_NPM", Path(__file__).parents[2]))
    return folder if (folder / "node_modules" / "hume").is_dir() else None


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.skipif(_hume_package() is None, reason="the npm package hume is not installed")
async def test_the_javascript_sdk_chats(server) -> None:
    """The npm package under node: metadata, words, sound, end."""
    folder = _hume_package()
    assert folder is not None
    process = await asyncio.create_subprocess_exec(
        *("node", "--input-type=module", "-", server.url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
    )
    out, err = await process.communicate(_SCRIPT.encode())
    assert process.returncode == 0, err.decode()
    seen = json.loads(out)
    assert seen[0] == "chat_metadata"
    assert seen[1:3] == ["assistant_message", "audio_output"]
    assert seen[-1] == "assistant_end"
