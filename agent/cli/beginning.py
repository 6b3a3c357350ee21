"""Settings and session of a command, from its options."""

from __future__ import annotations

import argparse
from pathlib import Path

from agent.cli.flags import add_flags, given_flags
from agent.errors import ConfigurationError
from agent.keys import KeyStore
from agent.session.kept_hosts import KeptHosts
from agent.session.parts import Parts
from agent.session.session import Session
from agent.settings import SETTINGS, Settings, read_settings
from agent.tools.vault import load_secrets


def add_beginning(parser: argparse.ArgumentParser) -> None:
    """The options that `settings_from` and `session_from` read."""
    parser.add_argument("--resume", metavar="ID", help="continue an earlier session")
    parser.add_argument(
        "--secrets",
        metavar="FILE",
        help="let it type secrets it never sees: TOML, [[secret]] with name, value, program, title",
    )
    add_flags(parser, SETTINGS)


def settings_from(given: argparse.Namespace) -> Settings:
    """What the environment and the options say, with the keys that are kept.

    Raises:
        ConfigurationError: one cannot be what it is.
    """
    settings = read_settings(**given_flags(given, SETTINGS))
    return KeyStore(settings).fill(settings)


def session_from(
    given: argparse.Namespace, settings: Settings, session_class: type[Session]
) -> Session:
    """A new session, or the one to resume.

    Raises:
        ConfigurationError: a setting, or the file of secrets, is wrong.
        JournalError: it cannot be written or read.
    """
    secrets = load_secrets(Path(given.secrets)) if given.secrets else ()
    kept = KeptHosts(settings.data_dir / "hosts")
    parts = Parts(secrets=secrets, kept_hosts=kept)
    if not given.resume:
        return session_class.create(settings, **parts)
    if given.prompt:
        raise ConfigurationError("A resumed session keeps its prompt; leave out --prompt.")
    return session_class.resume(settings, given.resume, **parts)
