"""One page for one browser session; Bokeh runs this file for each of them."""

from dashboard.app import serve_page

serve_page()
