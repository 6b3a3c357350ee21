"""While it runs: trials on desktops, their scores and numbers, and where they lie."""
