"""``python -m dashboard.voice.evi setup``: the same as ``python -m dashboard.voice.hume setup``."""

import sys

from dashboard.voice.hume.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
