"""Drive Debian's Chromium headless over its debugging pipe, with the standard library alone.

A pipe instead of a port: no socket is opened, so tests that forbid sockets can use it. ::

    with Chromium(find_chromium()) as browser:
        page = browser.open(path.as_uri(), width=1280, height=900)
        page.run("window.scrollTo(0, 400)")
        page.screenshot(Path("shot.png"))
        assert not page.problems()
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """Return the browser's path; skip with the reason where there is none, fail where CI=true."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    reason = f"no Chromium on this machine (looked for {', '.join(NAMES)})"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


class Chromium:
    """One browser with an empty profile; a context manager that ends only the process it started."""

    def __init__(self, path: str, *, timeout: float = 30.0) -> None:
        self.path = path
        self.timeout = timeout
        self._next = 0
        self._buffer = b""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Chromium:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        from_us, to_browser = _high(*os.pipe())
        from_browser, to_us = _high(*os.pipe())
        # The browser reads commands from descriptor 3 and writes to 4; the shell puts the pipes there.
        command = f'exec "$0" "$@" 3<&{from_us} 4>&{to_us} {from_us}<&- {to_us}>&-'
        self._process = subprocess.Popen(
            [
                "/bin/bash",
                "-c",
                command,
                self.path,
                *FLAGS,
                f"--user-data-dir={self._profile.name}",
                "about:blank",
            ],
            pass_fds=(from_us, to_us),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(from_us)
        os.close(to_us)
        self._write, self._read = to_browser, from_browser
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._read, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self.call("Browser.close")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._selector.close()
        os.close(self._write)
        os.close(self._read)
        self._profile.cleanup()

    def call(self, method: str, *, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Send one command and return its result; raise RuntimeError with the browser's message."""
        self._next += 1
        message: dict[str, Any] = {"id": self._next, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        deadline = time.monotonic() + self.timeout
        while True:
            found = self._receive(deadline - time.monotonic())
            if found is None:
                raise TimeoutError(f"no answer to {method} in {self.timeout} s")
            if found.get("id") == self._next:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error'].get('message')}")
                return found.get("result", {})
            self.events.append(found)

    def listen(self, seconds: float) -> None:
        """Collect events for some time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            found = self._receive(left)
            if found is None:
                return
            self.events.append(found)

    def open(self, url: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        """Open an address in a new page, wait for its load event, and return the page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            page.call(f"{domain}.enable")
        page.resize(width, height)
        page.media("", dark=dark)
        page.call("Page.navigate", url=url)
        page.wait("document.readyState === 'complete'")
        return page

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        deadline = time.monotonic() + max(0.0, seconds)
        while b"\0" not in self._buffer:
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                return None
            chunk = os.read(self._read, 1 << 20)
            if not chunk:
                raise RuntimeError("the browser ended")
            self._buffer += chunk
        message, self._buffer = self._buffer.split(b"\0", 1)
        return json.loads(message)


def _high(*ends: int) -> list[int]:
    """Move descriptors out of the way of 3 and 4."""
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends]
    for end in ends:
        os.close(end)
    return moved


class Page:
    """One tab."""

    def __init__(self, browser: Chromium, session: str) -> None:
        self.browser = browser
        self.session = session

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.call(method, session=self.session, **params)

    def resize(self, width: int, height: int, *, scale: float = 1.0) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )

    def media(self, kind: str, *, dark: bool = False) -> None:
        """Emulate a medium ('' or 'print') and the preferred colours."""
        value = "dark" if dark else "light"
        self.call(
            "Emulation.setEmulatedMedia",
            media=kind,
            features=[{"name": "prefers-color-scheme", "value": value}],
        )

    def run(self, script: str) -> Any:
        """Evaluate JavaScript (promises are awaited) and return its JSON-able value."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description") or details.get("text"))
        return answer["result"].get("value")

    def wait(self, condition: str, *, seconds: float = 30.0) -> None:
        """Wait until a JavaScript condition is true."""
        deadline = time.monotonic() + seconds
        while not self.run(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not true after {seconds} s: {condition}")
            self.browser.listen(0.05)

    def screenshot(self, path: Path, *, clip: tuple[int, int, int, int] | None = None) -> None:
        """Write what is in the window, or a part (x, y, width, height) of the page, as a PNG."""
        params: dict[str, Any] = {"format": "png"}
        if clip:
            x, y, width, height = clip
            box = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
            params |= {"clip": box, "captureBeyondViewport": True}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **params)["data"]))

    def pdf(self, path: Path) -> None:
        made = self.call(
            "Page.printToPDF",
            printBackground=True,
            paperWidth=8.27,
            paperHeight=11.69,
            preferCSSPageSize=True,
        )
        path.write_bytes(base64.b64decode(made["data"]))

    def _events(self, *methods: str) -> list[dict[str, Any]]:
        self.browser.listen(0.1)
        return [
            e["params"]
            for e in self.browser.events
            if e.get("sessionId") == self.session and e.get("method") in methods
        ]

    def requests(self) -> list[str]:
        """Return every address that the page asked for, data: and blob: left out."""
        urls = [e["request"]["url"] for e in self._events("Network.requestWillBeSent")]
        return [u for u in urls if not u.startswith(("data:", "blob:"))]

    def problems(self) -> list[str]:
        """Return uncaught exceptions, console errors and warnings, log entries and reported issues (CSP among them)."""
        thrown = [e["exceptionDetails"] for e in self._events("Runtime.exceptionThrown")]
        called = [e for e in self._events("Runtime.consoleAPICalled") if e["type"] in {"error", "warning", "assert"}]
        logged = [e["entry"] for e in self._events("Log.entryAdded") if e["entry"]["level"] in {"error", "warning"}]
        issues = [e["issue"] for e in self._events("Audits.issueAdded")]
        return [
            *(f"exception: {e.get('exception', {}).get('description', e)}" for e in thrown),
            *(f"console {e['type']}: {[a.get('value', a.get('description')) for a in e['args']]}" for e in called),
            *(f"log: {e['text']}" for e in logged),
            *(f"issue: {json.dumps(e)[:400]}" for e in issues),
        ]
