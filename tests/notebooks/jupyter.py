"""JupyterLab on loopback, as people start it, and a page of it in a real browser."""

from __future__ import annotations

import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat
from playwright.async_api import Locator, Page, expect
from served import ROOT, environment, started

PATIENCE = 60_000
"""Milliseconds."""
_ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/lab\?token=")


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    token: str
    folder: Path

    def write(self, name: str, *cells: str) -> None:
        """A notebook of code cells, not yet run."""
        code = [nbformat.v4.new_code_cell(cell, id=f"c{n}") for n, cell in enumerate(cells)]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel})
        nbformat.write(notebook, self.folder / name)

    def address(self, name: str) -> str:
        """Where a notebook is opened, alone on the page."""
        return f"{self.url}/doc/tree/{name}?token={self.token}"


@contextmanager
def jupyter_lab(top: Path) -> Iterator[Lab]:
    """JupyterLab with settings and data of its own below ``top``."""
    places = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    own = {f"JUPYTER_{name}": str(top / name.lower()) for name in places}
    own |= {f"JUPYTERLAB_{n}_DIR": str(top / n.lower()) for n in ("SETTINGS", "WORKSPACES")}
    token, folder = secrets.token_hex(16), top / "notebooks"
    folder.mkdir()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0"]
    command += ["--allow-root", f"--ServerApp.root_dir={folder}", "--LabApp.news_url="]
    command += [f"--IdentityProvider.token={token}"]
    env = environment(top / "sayso", own | {"IPYTHONDIR": str(top / "ipython")})
    with started(command, _ADDRESS, cwd=ROOT, env=env, patience=90) as served:
        yield Lab(served.url, token, folder)


async def open_notebook(page: Page, lab: Lab, name: str) -> None:
    """Open a notebook and wait for its kernel."""
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    await page.add_locator_handler(page.locator(".jp-Dialog"), _answer)
    await page.goto(lab.address(name))
    await page.locator(".jp-Cell .cm-content").first.wait_for()
    await expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute(
        "data-status", "idle"
    )


async def _answer(dialog: Locator) -> None:
    """What a busy Jupyter asks in between: which kernel, whether to wait for the server."""
    print("Jupyter asked:", await dialog.inner_text())
    await dialog.locator(".jp-mod-accept").click()


async def run_cell(page: Page, number: int) -> None:
    """Run one cell that did not run before; keys are lost on a notebook that is being set up."""
    cell = page.locator(".jp-CodeCell").nth(number)
    fresh = cell.locator(".jp-InputPrompt", has_text="[ ]:")
    for _ in range(20):
        await cell.locator(".cm-content").click()
        await page.keyboard.press("Control+Enter")
        try:
            await expect(fresh).to_have_count(0, timeout=3000)
        except AssertionError:
            continue
        return
    raise AssertionError(f"cell {number} did not run")
