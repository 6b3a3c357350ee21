"""The page as it is."""

from dashboard.app import serve_page

serve_page()
