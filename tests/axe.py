"""The accessibility checker axe-core in a page. It comes from tests/vendor: no network."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

_SCRIPT = Path(__file__).parent / "vendor" / "axe.min.js"
_RUN = """
async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]})
  return found.violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .flatMap(({id, impact, nodes}) => nodes.map(({target, html, failureSummary}) =>
      `${impact} ${id}: ${target.flat(9).join(" ")} ${html.slice(0, 160)} ${failureSummary}`))
}
"""


async def faults(page: Page) -> list[str]:
    """Serious and critical faults of the page as it is now, each with its place."""
    if not await page.evaluate("() => Boolean(window.axe)"):
        await page.add_script_tag(content=_SCRIPT.read_text(encoding="utf-8"))
    found: list[str] = await page.evaluate(_RUN)
    return found
