"""A speech process whose engines are never loaded."""

from __future__ import annotations

import threading

if __name__ == "__main__":
    threading.Event().wait()
