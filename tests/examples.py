"""The examples of docs/extending.md, as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_TEXT = (Path(__file__).parents[1] / "docs" / "extending.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", _TEXT, re.DOTALL))
"""Source by the name of its file."""


def run(name: str) -> dict[str, Any]:
    """What an example defines."""
    space: dict[str, Any] = {"__name__": name}
    exec(compile(EXAMPLES[name], f"docs/extending.md: {name}.py", "exec"), space)
    return space
