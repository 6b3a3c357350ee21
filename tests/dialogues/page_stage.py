"""A stage in a real browser: the served page, its widget, a WAV for a microphone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import voices
from chromium import alaunch
from onlooker import Onlooker
from person import LEAD, Person, new_person
from playwright.async_api import async_playwright
from served import ROOT, serve

from agent.desktop.base import Window
from agent.record.events import Event
from dashboard.voice.speech.audio import RATE, resample

_KEEP_SOCKETS = """
window.lines = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) { super(...given); window.lines.push(this); }
};
"""
_DROP = "for (const s of window.lines) if (s.url.includes('/evi/chat')) s.close(4000)"
_AIR = """
window.echo = 0;
const loud = new Set();
const { connect } = AudioNode.prototype;
AudioNode.prototype.connect = function (to, ...given) {
  if (to instanceof AudioDestinationNode) loud.add(this);
  return connect.call(this, to, ...given);
};
const devices = navigator.mediaDevices;
const open = devices?.getUserMedia.bind(devices);
if (devices) devices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  const [first] = loud;
  if (!window.echo || !first) return stream;
  const { context } = first;
  const air = new GainNode(context, { gain: window.echo });
  const heard = context.createMediaStreamDestination();
  for (const node of loud) if (node.context === context) node.connect(air);
  air.connect(heard);
  context.createMediaStreamSource(stream).connect(heard);
  const [track] = heard.stream.getAudioTracks();
  const stop = track.stop.bind(track);
  track.stop = () => {
    for (const own of stream.getTracks()) own.stop();
    air.disconnect();
    stop();
  };
  return heard.stream;
};
"""
"""While ``echo`` is not 0, what leaves the loudspeaker enters the microphone, so much lower."""
_AT_THE_MICROPHONE = 48_000


class PageStage:
    """A person at the page, as a dialogue's stage."""

    def __init__(self, person: Person, microphone: Path) -> None:
        self.person = person
        self.microphone = microphone

    def events(self) -> list[Event]:
        return self.person.look.events()

    async def say(self, samples: voices.Samples) -> None:
        """The fake microphone reads its file anew whenever it is opened."""
        sound = resample(samples, RATE, _AT_THE_MICROPHONE)
        lead, tail = (voices.silence(s, _AT_THE_MICROPHONE) for s in (LEAD, 30.0))
        await self._press("Mute voice", "Unmute voice")
        voices.write_wav(self.microphone, voices.sequence(lead, sound, tail), _AT_THE_MICROPHONE)
        await self._press("Unmute voice", "Mute voice")

    async def type(self, text: str) -> None:
        await self.person.type(text)

    def hush(self) -> None:
        """The microphone gives silence when it is opened next."""
        silence = voices.silence(1.0, _AT_THE_MICROPHONE)
        voices.write_wav(self.microphone, silence, _AT_THE_MICROPHONE)

    async def echo(self, level: float) -> None:
        """From now on the microphone hears the loudspeaker, at ``level`` of its loudness."""
        await self._press("Mute voice", "Unmute voice")
        self.hush()
        await self.person.page.evaluate(f"window.echo = {level}")
        await self._press("Unmute voice", "Mute voice")

    async def drop(self) -> None:
        """The browser's socket to the voice service breaks."""
        await self.person.page.evaluate(_DROP)

    async def windows(self) -> list[Window]:
        return await self.person.look.windows()

    async def text(self, app: str) -> str:
        return await self.person.look.text(app)

    def sound_of(self, text: str) -> str:
        ear = self.person.ear
        latest = {said: key for key, said in ear.texts.items() if said in text and key in ear.sound}
        return " ".join(ear.understood(key) for key in list(latest.values())[-3:])

    async def _press(self, button: str, then: str) -> None:
        page = self.person.page
        await page.get_by_role("button", name=button, exact=True).click()
        await page.get_by_role("button", name=then, exact=True).wait_for()


@asynccontextmanager
async def paged(
    folder: Path, *, env: Mapping[str, str] | None = None, script: str = ""
) -> AsyncIterator[PageStage]:
    """A served app, a browser whose pages run ``script`` first, and a voice that has started."""
    folder.chmod(0o755)
    (folder / "data").mkdir()
    (folder / "tmp").mkdir(mode=0o755)
    microphone = folder / "microphone.wav"
    look = Onlooker(folder / "data", folder / "tmp")
    given = {"TMPDIR": str(folder / "tmp"), **(env or {})}
    with serve(ROOT / "dashboard", folder / "data", env=given) as served:
        async with async_playwright() as playwright, alaunch(playwright, wav=microphone) as context:
            await context.add_init_script(_KEEP_SOCKETS + _AIR + script)
            person = await new_person(context, microphone, look)
            await person.arrive(served.url)
            await person.start_voice()
            yield PageStage(person, microphone)
