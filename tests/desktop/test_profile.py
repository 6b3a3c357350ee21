"""The settings of a fresh home, with a browser and without one."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from agent.desktop.server.browsers import Browser
from agent.desktop.server.profile import settings

_CHROMIUM = Browser("chromium", "Web Browser", "chromium.desktop")
_CHANNELS = ".config/xfce4/xfconf/xfce-perchannel-xml"


@pytest.mark.parametrize("browser", [None, _CHROMIUM])
def test_the_panel_has_what_its_list_names(browser: Browser | None) -> None:
    """Each number stands for a plugin, and each launcher for a file."""
    files = settings(browser)
    panel = ElementTree.fromstring(files[f"{_CHANNELS}/xfce4-panel.xml"])
    listed = [f"plugin-{v.get('value')}" for v in panel.findall(".//*[@name='plugin-ids']/value")]
    plugins = panel.findall("./*[@name='plugins']/property")
    assert sorted(listed) == sorted(str(plugin.get("name")) for plugin in plugins)
    starters = {item.get("value") for item in panel.findall(".//*[@name='items']/value")}
    assert starters == {Path(name).name for name in files if name.endswith(".desktop")}
    assert len(starters) == (4 if browser else 3)


def test_pages_open_in_the_browser_that_is_there() -> None:
    """The panel's launcher and the kinds of files name it; without one nothing does."""
    files = settings(_CHROMIUM)
    assert "Exec=chromium\n" in files[".config/xfce4/panel/launcher-10/10.desktop"]
    assert "text/html=chromium.desktop\n" in files[".config/mimeapps.list"]
    assert "text/html" not in settings(None)[".config/mimeapps.list"]


def test_every_file_of_xml_can_be_read() -> None:
    files = {n: text for n, text in settings(_CHROMIUM).items() if n.endswith((".xml", ".xcu"))}
    assert len(files) == 6
    for text in files.values():
        ElementTree.fromstring(text)


def test_both_versions_of_gtk_are_told_the_same() -> None:
    files = settings(None)
    assert files[".config/gtk-4.0/settings.ini"] == files[".config/gtk-3.0/settings.ini"]
    assert not [name for name in files if name.endswith(".jinja")]
