"""A real browser, asked over its debugging pipe: what it shows, how wide that is, what it complains of."""

from __future__ import annotations

import fcntl
import html
import json
import os
import re
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 30.0
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27}
COMPLAINTS = ("Runtime.exceptionThrown", "Log.entryAdded")


class Tab:
    """Chromium's DevTools protocol: null-terminated JSON, commands on one pipe, answers on the other."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands, self._answers = commands, answers
        self._read = b""
        self._asked = 0
        self._session = ""
        self.complaints: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._ask(f"{domain}.enable")

    def screen(self, width: int, *, dark: bool = False) -> None:
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str, shown: str) -> None:
        """Go there, until the script's expression ``shown`` is true."""
        self._ask("Page.navigate", url=url)
        self.until(shown)

    def until(self, expression: str) -> None:
        """Until a script's expression is true in the page."""
        edge = time.monotonic() + PATIENCE
        while not self.value(f"Boolean({expression})"):
            assert time.monotonic() < edge, f"never: {expression}; the page shows: {self.words()}"

    def value(self, expression: str) -> Any:
        """What a script's expression gives in the page."""
        asked = self._ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in asked, asked["exceptionDetails"]
        return asked["result"].get("value")

    def press(self, key: str) -> None:
        """A key that is no letter: ``Tab``, ``Enter``, ``Escape``."""
        code = KEYS[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self._ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )

    def type(self, text: str) -> None:
        self._ask("Input.insertText", text=text)

    def words(self) -> str:
        document: str = self.value("document.documentElement.outerHTML")
        shown = re.sub(r"<(script|style)>.*?</\1>", "", document, flags=re.DOTALL)
        return html.unescape(re.sub(r"<[^>]+>", " ", shown))

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._asked += 1
        request: dict[str, Any] = {"id": self._asked, "method": method, "params": parameters}
        if self._session:
            request["sessionId"] = self._session
        os.write(self._commands, json.dumps(request).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("method") in COMPLAINTS:
                self.complaints.append(json.dumps(answer["params"]))
            if answer.get("id") == self._asked:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._answers], [], [], PATIENCE)
            assert ready, f"the browser has not answered for {PATIENCE:.0f} s"
            more = os.read(self._answers, 1 << 16)
            assert more, "the browser has ended"
            self._read += more
        message, _, self._read = self._read.partition(b"\0")
        parsed: dict[str, Any] = json.loads(message)
        return parsed


def _pipe(*, for_reading: bool) -> tuple[int, int]:
    """The end that the browser reads or writes, and ours. Its number is none of those it gets in the end."""
    ends = os.pipe()
    theirs, ours = ends if for_reading else ends[::-1]
    moved = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, 100)
    os.close(theirs)
    return moved, ours


@contextmanager
def browser(profile: Path) -> Iterator[Tab]:
    to_browser, commands = _pipe(for_reading=True)
    from_browser, answers = _pipe(for_reading=False)
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    # The browser reads its file descriptor 3 and writes to 4.
    pipes = f'exec 3<&{to_browser} 4>&{from_browser} {to_browser}<&- {from_browser}>&-; exec "$@"'
    with subprocess.Popen(
        ["/bin/bash", "-c", pipes, "bash", str(CHROMIUM), *options, f"--user-data-dir={profile}"],
        pass_fds=(to_browser, from_browser),
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(to_browser)
        os.close(from_browser)
        try:
            yield Tab(commands, answers)
        finally:
            process.kill()
            os.close(commands)
            os.close(answers)
