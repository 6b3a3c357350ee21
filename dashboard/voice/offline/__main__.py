"""``python -m dashboard.voice.offline``: the same as ``python -m dashboard.voice.server``."""

import sys

from dashboard.voice.server.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
