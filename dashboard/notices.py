"""What a person should know about this session, and how to change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.words import marked, t

if TYPE_CHECKING:
    from agent.settings import Settings

Notice = dict[str, str]


def notices(
    settings: Settings,
    *,
    model: str,
    confined: bool,
    desktop: str,
    unwatched: str = "",
    unbounded: str = "",
) -> list[Notice]:
    """Notices for the line at the top: id, a few words, a text with the way out, and the
    place in Settings that it leads to.
    """
    found = []
    if desktop == "ready" and not confined:
        found.append(_CONTAINED if settings.contained else _UNCONFINED)
    if desktop == "ready" and unwatched:
        found.append(_unwatched(unwatched))
    if desktop == "ready" and unbounded:
        found.append(_unbounded(unbounded))
    if model == "offline":
        found.append(_OFFLINE_MODEL)
    if not settings.speaks_hume:
        found.append(_OFFLINE_VOICE)
    return [{**one, "label": t(one["label"]), "text": t(one["text"])} for one in found]


def _unwatched(why: str) -> Notice:
    return {
        "id": "unwatched",
        "label": marked("programs are not watched"),
        "text": t(
            "What is typed, clicked and run in a shell is still asked about, but not each "
            "program that a terminal, a launcher or a file starts: {why}.\n\nWatching them needs a "
            "confined desktop and a Linux kernel (5.6 or later) that allows seccomp's user "
            "notification; some containers do not.",
            why=why,
        ),
        "place": "desktop",
    }


def _unbounded(why: str) -> Notice:
    return {
        "id": "unbounded",
        "label": marked("programs are not bounded"),
        "text": t(
            "Each program has limits of its own, but nothing bounds what all of them together "
            "take of the machine's memory and processor: {why}.\n\nBounding them needs a confined "
            "desktop and control groups: those of systemd for the user who runs the server, or of "
            "version 1 as root. Some containers have neither.",
            why=why,
        ),
        "place": "desktop",
    }


_UNCONFINED: Notice = {
    "id": "confined",
    "label": marked("not confined"),
    "text": marked(
        "Programs on this desktop run with your own rights: they can read and change your "
        "files.\n\nTo confine them, install bubblewrap and leave SAYSO_SANDBOX and SAYSO_DISPLAY "
        "unset, then start the server again."
    ),
    "place": "desktop",
}
_CONTAINED: Notice = {
    "id": "confined",
    "label": marked("confined by the container alone"),
    "text": marked(
        "Bubblewrap does not work in this container, so programs on this desktop run as the "
        "server does: they can read and change the data folder, other sessions' files included, "
        "and reach what the container reaches.\n\nTo confine each desktop by itself, allow user "
        "namespaces in the container: docs/container.md."
    ),
    "place": "desktop",
}
_OFFLINE_MODEL: Notice = {
    "id": "model",
    "label": marked("offline model"),
    "text": marked(
        "Simple voice commands are understood on this machine; nothing leaves it. Say “What "
        "can I say?” for the list.\n\nFor free speech and real tasks, enter an Anthropic key in "
        "Settings, or put ANTHROPIC_API_KEY into the environment."
    ),
    "place": "keys",
}
_OFFLINE_VOICE: Notice = {
    "id": "voice",
    "label": marked("offline voice"),
    "text": marked(
        "Speech is recognised and spoken on this machine; no sound leaves it.\n\nFor Hume's "
        "Empathic Voice Interface, enter its two keys in Settings, or put HUME_API_KEY and "
        "HUME_SECRET_KEY into the environment."
    ),
    "place": "keys",
}
