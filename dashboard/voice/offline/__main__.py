"""``python -m dashboard.voice.offline``: the same as ``python -m dashboard.voice.standalone``."""

import sys

from dashboard.voice.standalone.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
