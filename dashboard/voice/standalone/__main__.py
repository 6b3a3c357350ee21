"""``sayso voice --port N``: Hume's EVI, offline, at this server's root."""

from __future__ import annotations

import argparse
import asyncio
import hmac
import logging
import signal
import sys
from collections.abc import Sequence

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from agent.streams import take_any_text
from dashboard.voice.server.handlers import routes
from dashboard.voice.server.loopback import LoopbackOnly
from dashboard.voice.server.service import OfflineEvi
from dashboard.voice.speech.process import SpeechProcess
from dashboard.voice.standalone.control import TokenHandler, control_routes
from dashboard.voice.standalone.faults import parse

_MOST_BODY = 1 << 20
"""Bytes of a request; what REST is given is kept."""


class _LoopbackToken(LoopbackOnly, TokenHandler):
    pass


def application(evi: OfflineEvi, key: str, secret: str) -> Application:
    """The stand-alone server: chat, control plane, REST and token."""

    def authenticate(credential: str | None) -> bool:
        if credential is None:
            return False
        return hmac.compare_digest(credential.encode(), key.encode()) or evi.tokens.valid(
            credential
        )

    rules = routes(authenticate, evi=evi, mixin=LoopbackOnly)
    rules += control_routes(authenticate, evi=evi, mixin=LoopbackOnly)
    token = {"evi": evi, "key": key, "secret": secret}
    return Application([*rules, ("/oauth2-cc/token", _LoopbackToken, token)])


async def serve(evi: OfflineEvi, port: int, key: str, secret: str) -> tuple[HTTPServer, int]:
    """Listen on loopback; the server, and the port that ``0`` chose."""
    server = HTTPServer(application(evi, key, secret), max_body_size=_MOST_BODY)
    sockets = bind_sockets(port, "127.0.0.1")
    server.add_sockets(sockets)
    return server, int(sockets[0].getsockname()[1])


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sayso voice", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--key", default="offline", help="the API key that clients present")
    parser.add_argument("--secret", default="offline", help="the secret key for tokens")
    parser.add_argument("--recognizer", default="", help="what hears; see docs/voice.md")
    parser.add_argument("--synthesizer", default="", help="what speaks")
    parser.add_argument("--time-scale", type=float, default=1.0, help="multiplies EVI's timeouts")
    parser.add_argument("--faults", type=parse, default=None, help="JSON; see faults.py")
    return parser.parse_args(words)


async def _main(args: argparse.Namespace) -> None:
    speech = SpeechProcess(recognizer=args.recognizer, synthesizer=args.synthesizer)
    evi = OfflineEvi(speech=speech, conditions=args.faults, time_scale=args.time_scale)
    server, port = await serve(evi, args.port, args.key, args.secret)
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await evi.warm()
    print(f"http://127.0.0.1:{port}", flush=True)
    await stop.wait()
    server.stop()
    await evi.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal comes."""
    logging.basicConfig(level=logging.INFO)
    take_any_text()
    asyncio.run(_main(_arguments(arguments)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
