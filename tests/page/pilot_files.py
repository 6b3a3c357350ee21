"""How a person brings files to the page."""

from __future__ import annotations

import asyncio
import base64
import io
from pathlib import Path

from PIL import Image
from playwright.async_api import Locator, Page
from proxy import Proxy

DROP = """
([selector, files]) => {
  const find = root => {
    const here = root.querySelector(selector)
    if (here) return here
    for (const each of root.querySelectorAll("*")) {
      const found = each.shadowRoot && find(each.shadowRoot)
      if (found) return found
    }
  }
  const data = new DataTransfer()
  for (const [name, type, base64] of files) {
    const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0))
    data.items.add(new File([bytes], name, {type}))
  }
  const options = {bubbles: true, composed: true, cancelable: true}
  const target = find(document)
  if (selector === "textarea")
    return target.dispatchEvent(new ClipboardEvent("paste", {...options, clipboardData: data}))
  for (const kind of ["dragover", "drop"])
    target.dispatchEvent(new DragEvent(kind, {...options, dataTransfer: data}))
}
"""


def picture(colour: str = "orange") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(written, "PNG")
    return written.getvalue()


async def bring(page: Page, selector: str, *files: tuple[str, str, bytes]) -> None:
    """Drop files on what the selector finds, or paste them into the text box."""
    given = [[name, kind, base64.b64encode(data).decode()] for name, kind, data in files]
    await page.evaluate(DROP, [selector, given])


async def begin_upload(proxy: Proxy, upload: Locator, file: Path, home: Path) -> None:
    """Bring a file over a line that is slow from now on; returns when some of it is in."""
    proxy.delay = 0.02  # for each 64 KiB
    await upload.set_input_files(file)
    async with asyncio.timeout(60):
        while not any(path.stat().st_size > 1_000_000 for path in home.glob(".*")):
            await asyncio.sleep(0.05)
