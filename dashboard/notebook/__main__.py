"""``python -m dashboard.notebook FILE.py …``: run notebooks and keep their outputs beside them."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from dashboard.notebook.keep import execute, write


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.notebook", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="notebooks as text: NAME.py")
    for source in parser.parse_args().files:
        with tempfile.TemporaryDirectory(prefix="sayso-") as data:
            path = write(source, execute(source, env=environment(Path(data))))
        print(f"{path} {path.stat().st_size / 1024:.0f} kB", flush=True)


def environment(data: Path) -> dict[str, str]:
    """A kernel's environment without anybody's keys or sessions."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    return {**kept, "SAYSO_DATA_DIR": str(data), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


if __name__ == "__main__":
    main()
