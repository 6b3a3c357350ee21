"""The page, and in it an echo for the round trip."""

from benchmarks.page_clock import Echo
from dashboard.app import build_page

page = build_page()
page.root.main = [*page.root.main, Echo()]
page.root.servable()
