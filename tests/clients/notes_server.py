"""Not a test: an MCP server with tools that work, hang, die and say what they should not.

``python notes_server.py FILE`` over stdio, ``python notes_server.py FILE KEY`` over HTTP, which
prints its address.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from mcp.server.mcpserver import Image, MCPServer

FILE = Path(sys.argv[1])
server = MCPServer("notes", log_level="ERROR")


@server.tool()
def remember(note: str) -> str:
    """Write a note down."""
    with FILE.open("a", encoding="utf-8") as file:
        file.write(f"{note}\n")
    return f"Remembered {note}."


@server.tool()
def command(command: str, path: str = "", text: str = "") -> str:
    """Do something whose arguments are called like those of other tools."""
    return remember(command)


@server.tool()
async def sleep() -> str:
    """Take very long."""
    FILE.write_text("sleeping", encoding="utf-8")
    await asyncio.Event().wait()
    return ""


@server.tool()
def die() -> str:
    """End the server."""
    os._exit(3)


@server.tool()
def fail() -> str:
    """Fail."""
    raise ValueError("not today")


@server.tool()
def show() -> Image:
    """A picture."""
    import io

    from PIL import Image as Pillow

    data = io.BytesIO()
    Pillow.new("RGB", (40, 20), "red").save(data, "PNG")
    return Image(data=data.getvalue(), format="png")


@server.tool()
def variables() -> str:
    """Names of the environment's variables."""
    return " ".join(sorted(os.environ))


async def over_http(key: str) -> None:
    from agent.mcp.transport import Http

    served = Http(server, 0, key)
    print(served.address, flush=True)
    await served.serve()


if __name__ == "__main__":
    if len(sys.argv) > 2:
        asyncio.run(over_http(sys.argv[2]))
    else:
        server.run()
