"""A headless Chromium, driven through a pipe in its own protocol (DevTools): nothing but Python's library is needed.

    with Browser(size=(1400, 900)) as browser:
        browser.open("file:///somewhere/index.html")
        browser.wait("document.readyState === 'complete'")
        browser.key("ArrowRight")

What the page asks for, says on its console, throws and pops up is kept in `requests`, `said`, `thrown`, `dialogs`.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

FLAGS = [
    "--headless=new", "--no-first-run", "--no-default-browser-check", "--disable-extensions", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--mute-audio",
    "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-US", "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
]
WITH_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
WITHOUT_GL = ["--disable-gpu", "--disable-3d-apis"]

KEYS = {"Enter": 13, "Escape": 27, "Tab": 9, " ": 32, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38,
        "ArrowRight": 39, "ArrowDown": 40, "PageUp": 33, "PageDown": 34}


class Failed(Exception):
    """The browser or the page did not do what was asked."""


def program():
    """Where Chromium is."""
    found = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
    if not found:
        raise Failed("expected chromium, found none; run scripts/install --test")
    return found


class Browser:
    """One window with one page."""

    def __init__(self, size=(1400, 900), with_gl=True):
        self.size, self.with_gl = size, with_gl
        self.requests, self.said, self.thrown, self.dialogs = [], [], [], []
        self.number, self.rest, self.session = 0, b"", None

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="judge-browser-")
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()

        def only_pipes():
            # The protocol lives on 3 and 4; the ends may have these numbers already.
            first, second = os.dup(to_browser), os.dup(from_browser)
            os.dup2(first, 3)
            os.dup2(second, 4)

        flags = FLAGS + (WITH_GL if self.with_gl else WITHOUT_GL)
        if os.geteuid() == 0:
            flags = flags + ["--no-sandbox"]
        self.process = subprocess.Popen(
            [program(), *flags, f"--user-data-dir={self.profile}", f"--window-size={self.size[0]},{self.size[1]}",
             "about:blank"],
            preexec_fn=only_pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        target = next(one for one in self.call("Target.getTargets")["targetInfos"] if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ["Page", "Runtime", "Network", "Log"]:
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=self.size[0], height=self.size[1],
                  deviceScaleFactor=1, mobile=False)
        return self

    def __exit__(self, *_):
        try:
            os.write(self.write_end, json.dumps({"id": 0, "method": "Browser.close"}).encode() + b"\0")
            self.process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, timeout=60, **parameters):
        """Asks the browser for something and waits for the answer; what happens meanwhile is kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session and not method.startswith(("Target.", "Browser.")):
            message["sessionId"] = self.session
        self.send(message)
        wanted, until = self.number, time.monotonic() + timeout
        while True:
            answer = self.receive(until)
            if answer is None:
                raise Failed(f"{method}: no answer within {timeout} s")
            if answer.get("id") == wanted:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.notice(answer)

    def send(self, message):
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.write_end, data):]

    def receive(self, until):
        """The next message, None when the time is over."""
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.read_end], [], [], left)[0]:
                return None
            more = os.read(self.read_end, 1 << 20)
            if not more:
                raise Failed("the browser ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def notice(self, event):
        method, what = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(what["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            words = " ".join(str(one.get("value", one.get("description", ""))) for one in what["args"])
            self.said.append((what["type"], words))
        elif method == "Log.entryAdded":
            entry = what["entry"]
            self.said.append((entry["level"], f"{entry['text']} {entry.get('url', '')}"))
        elif method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.thrown.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(what["message"])
            self.number += 1
            self.send({"id": self.number, "method": "Page.handleJavaScriptDialog", "params": {"accept": False},
                       "sessionId": self.session})

    def pause(self, seconds):
        """Lets time pass and keeps what happens."""
        until = time.monotonic() + seconds
        while (event := self.receive(until)) is not None:
            self.notice(event)

    def open(self, address):
        self.call("Page.navigate", url=address)

    def get(self, expression):
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failed(f"{expression[:200]}: {details.get('exception', {}).get('description', details['text'])}")
        return answer["result"].get("value")

    def wait(self, expression, timeout=20, what=None):
        """Waits until an expression is true; returns the seconds that it took."""
        begun = time.monotonic()
        while not self.get(f"!!({expression})"):
            if time.monotonic() - begun > timeout:
                raise Failed(f"{what or expression[:200]}: not so after {timeout} s")
            self.pause(0.03)
        return time.monotonic() - begun

    def key(self, name, modifiers=0):
        code = KEYS.get(name) or ord(name.upper())
        text = {"Enter": "\r"}.get(name, name if len(name) == 1 else "")
        common = {"key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers,
                  "code": name if len(name) > 1 else "Space" if name == " " else f"Key{name.upper()}"}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y):
        self.mouse("mouseMoved", x, y)
        self.mouse("mousePressed", x, y, button="left", buttons=1, clickCount=1)
        self.mouse("mouseReleased", x, y, button="left", clickCount=1)

    def middle(self, selector):
        """The middle of an element, brought into view."""
        place = self.get(f"(() => {{ const one = document.querySelector({json.dumps(selector)}); if (!one) return null;"
                         "one.scrollIntoView({block: 'nearest'}); const box = one.getBoundingClientRect();"
                         "return [box.x + box.width / 2, box.y + box.height / 2]; })()")
        if place is None:
            raise Failed(f"{selector}: no such element")
        return place

    def press(self, selector):
        """A click in the middle of an element, as a hand does it."""
        self.click(*self.middle(selector))

    def drag(self, start, end, steps=8):
        self.mouse("mouseMoved", *start)
        self.mouse("mousePressed", *start, button="left", buttons=1, clickCount=1)
        for step in range(1, steps + 1):
            at = [a + (b - a) * step / steps for a, b in zip(start, end)]
            self.mouse("mouseMoved", *at, button="left", buttons=1)
        self.mouse("mouseReleased", *end, button="left", clickCount=1)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def paper(self, path):
        """The page as it is printed, PDF."""
        data = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))


if __name__ == "__main__":
    print(__doc__, file=sys.stderr)
