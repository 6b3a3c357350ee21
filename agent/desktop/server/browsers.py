"""How browsers are set up on a desktop: read by name, calm at their first start, no accounts."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from agent.desktop.server.devtools import SOCKET

DOWNLOADS = "Downloads"


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser as the panel shows it."""

    program: str
    name: str
    entry: str
    """Its ``.desktop`` file."""


_KNOWN = (
    Browser("chromium", "Web Browser", "chromium.desktop"),
    Browser("firefox-esr", "Web Browser", "firefox-esr.desktop"),
    Browser("firefox", "Web Browser", "firefox.desktop"),
)

_CHROMIUM_FLAGS = (
    "--force-renderer-accessibility",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-crash-restore-bubble",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=NetworkTimeServiceQuerying",
    "--password-store=basic",
)
"""The first makes pages readable by name; without it only the window around them is."""

_START = """\
export CHROMIUM_FLAGS="$CHROMIUM_FLAGS {flags}"
if [ -z "$DEVTOOLS_ATTACHED" ] && [ -S "$XDG_RUNTIME_DIR/{socket}" ]; then
  exec {python} -I -S /etc/chromium/attach.py "$XDG_RUNTIME_DIR/{socket}" "$0" "$@"
fi
if [ "$DEVTOOLS_ATTACHED" = yes ]; then
  export CHROMIUM_FLAGS="$CHROMIUM_FLAGS --remote-debugging-pipe"
fi
unset DEVTOOLS_ATTACHED
"""
"""Read by Chromium's start script. Where somebody listens, its DevTools pipe is connected first."""

_CHROMIUM_POLICY: dict[str, object] = {
    "AutofillAddressEnabled": False,
    "AutofillCreditCardEnabled": False,
    "BackgroundModeEnabled": False,
    "BrowserSignin": 0,
    "ChromeVariations": 2,
    "ComponentUpdatesEnabled": False,
    "DefaultBrowserSettingEnabled": False,
    "HomepageIsNewTabPage": True,
    "MetricsReportingEnabled": False,
    "NewTabPageLocation": "about:blank",
    "PasswordManagerEnabled": False,
    "PrivacySandboxPromptEnabled": False,
    "PromotionsEnabled": False,
    "PromptForDownloadLocation": False,
    "SearchSuggestEnabled": False,
    "SpellcheckEnabled": False,
    "SyncDisabled": True,
    "TranslateEnabled": False,
}

_FIREFOX_POLICY: dict[str, object] = {
    "DisableAppUpdate": True,
    "DisableFirefoxAccounts": True,
    "DisableFirefoxStudies": True,
    "DisableProfileImport": True,
    "DisableTelemetry": True,
    "DontCheckDefaultBrowser": True,
    "DownloadDirectory": f"${{home}}/{DOWNLOADS}",
    "Homepage": {"URL": "about:blank", "StartPage": "homepage"},
    "NewTabPage": False,
    "NoDefaultBookmarks": True,
    "OfferToSaveLogins": False,
    "OverrideFirstRunPage": "",
    "OverridePostUpdatePage": "",
    "Preferences": {"accessibility.force_disabled": {"Value": -1, "Status": "locked"}},
    "PromptForDownloadLocation": False,
    "SearchSuggestEnabled": False,
    "SkipTermsOfUse": True,
    "UserMessaging": {"SkipOnboarding": True, "WhatsNew": False, "MoreFromMozilla": False},
}


def browser() -> Browser | None:
    """The browser that the panel offers; None if none is installed."""
    return next((known for known in _KNOWN if shutil.which(known.program)), None)


def configuration(python: str) -> dict[str, str]:
    """Files by their paths below ``/etc``, each beside what the machine has in its folder.

    ``python``: an interpreter, as programs on the desktop find it.
    """
    start = _START.format(flags=" ".join(_CHROMIUM_FLAGS), socket=SOCKET, python=python)
    return {
        "chromium.d/sayso": start,
        "chromium/attach.py": Path(__file__).with_name("attach.py").read_text("utf-8"),
        "chromium/policies/managed/sayso.json": json.dumps(_CHROMIUM_POLICY),
        "firefox/policies/policies.json": json.dumps({"policies": _FIREFOX_POLICY}),
    }
