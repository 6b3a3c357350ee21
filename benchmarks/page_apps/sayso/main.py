"""The page, and beside it an echo for the round trip."""

from benchmarks.page_clock import Echo
from dashboard.app import serve_page

serve_page()
Echo().servable()
