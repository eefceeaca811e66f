"""The HTML report in a browser that others wrote, driven as a person would: searched, filtered, printed, read in both themes, on a narrow
screen, and without scripts. Says how long a search takes; no time decides anything.

report.py FOLDER SMALL LARGE: two reports, of which LARGE changes 10,000 people, SMALL a thousand, each with a script in every family name.
"""

import base64
import json
import pathlib
import subprocess
import sys
import time
import urllib.request

KEYS = {"escape": "\ue00c"}
folder, small, large = pathlib.Path(sys.argv[1]), *map(pathlib.Path, sys.argv[2:4])


class Browser:
    def __init__(self, *flags, scripts=True):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                self.at = f"http://127.0.0.1:{line.rsplit(' ', 1)[1].strip().rstrip('.')}"
                break
        options = {"args": ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *flags]}
        if not scripts:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = ""
        self.session = "/session/" + self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def ask(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.at + self.session + path, data, method=method)
        return json.load(urllib.request.urlopen(request))["value"]

    def open(self, path):
        self.ask("POST", "/url", {"url": path.as_uri()})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def element(self, selector):
        return next(iter(self.ask("POST", "/element", {"using": "css selector", "value": selector}).values()))

    def type(self, selector, text):
        self.ask("POST", f"/element/{self.element(selector)}/value", {"text": text})

    def choose(self, selector, value):
        self.ask("POST", f"/element/{self.element(f'{selector} option[value={json.dumps(value)}]')}/click", {})

    def picture(self, name):
        (folder / f"{name}.png").write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def complaints(self):
        return [entry["message"] for entry in self.ask("POST", "/se/log", {"type": "browser"})]

    def end(self):
        self.ask("DELETE", "")
        self.driver.terminate()
        self.driver.wait()


def must(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")


def shown(browser):
    """How many people can be seen, by the page's own word and by what the browser shows of it, looked at in one moment of the page: it searches by itself a little after a key."""
    said, seen = browser.run(
        """return [
            document.querySelector('#shown').textContent,
            [...document.querySelectorAll('.person')].filter((one) => !one.closest('[hidden]')).length,
        ]"""
    )
    must(said.split(" ")[0] == str(seen), f"the page says {said!r} and shows {seen}")
    return seen


def settled(browser, people):
    """Waits until so many people are shown."""
    for _ in range(200):
        if browser.run("return document.querySelector('#shown').textContent").startswith(f"{people} "):
            return shown(browser)
        time.sleep(0.05)
    must(False, f"{people} people are never shown")


def search(report):
    """Searches and filters, and tells how long one search of everybody takes in the page itself."""
    browser = Browser("--window-size=1200,1000")
    browser.open(report)
    must("owned" not in browser.run("return document.title"), "a family name ran as a script")
    everybody = shown(browser)
    name = browser.run("return document.querySelectorAll('[data-section=update] .person bdi')[7].textContent")
    browser.type("#text", name.upper())
    must(settled(browser, 1) == 1, "a search finds the one who was looked for")
    browser.type("#text", KEYS["escape"])
    settled(browser, everybody)
    browser.type("body", "/")
    must(browser.run("return document.activeElement.id") == "text", "the key / leads to the search")
    browser.choose("#section", "unmanaged")
    must(0 < shown_after(browser, everybody) < everybody, "a kind of thing is shown alone")
    browser.choose("#section", "")
    settled(browser, everybody)
    browser.choose("#path", "name.familyName")
    changed = browser.run("return document.querySelectorAll('[data-section=update] .person').length")
    settled(browser, changed)
    browser.choose("#path", "")
    settled(browser, everybody)
    took = browser.run(
        """const began = performance.now();
        const text = document.querySelector('#text');
        text.value = 'nobody is called this';
        text.form.dispatchEvent(new Event('submit', { cancelable: true }));
        document.body.offsetHeight;
        return performance.now() - began"""
    )
    must(shown(browser) == 0, "nobody is called this")
    complaints = browser.complaints()
    must(not complaints, f"the browser complains: {complaints}")
    browser.end()
    return everybody, took


def shown_after(browser, before):
    for _ in range(200):
        seen = shown(browser)
        if seen != before:
            return seen
        time.sleep(0.05)
    return before


def look(name, report, *flags, scripts=True):
    browser = Browser(*flags, scripts=scripts)
    browser.open(report)
    browser.picture(name)
    wide = browser.run("return document.documentElement.scrollWidth <= innerWidth") if scripts else True
    must(wide, f"{name} is wider than its screen")
    ground = browser.run("return getComputedStyle(document.body).backgroundColor") if scripts else None
    filters = browser.ask("GET", f"/element/{browser.element('.filters')}/displayed")
    must(filters == scripts, f"{name}: filters are there exactly where they can work")
    browser.end()
    return ground


few, quick = search(small)
many, slow = search(large)
print(f"a search through {few} people takes {quick:.0f} ms in the browser, through {many} people {slow:.0f} ms")
light = look("report", small, "--window-size=1200,1600")
dark = look("report-dark", small, "--window-size=1200,1600", "--blink-settings=preferredColorScheme=0")
must(light != dark, f"both themes have the ground {light}")
look("report-narrow", small, "--window-size=500,1600")
look("report-without-scripts", small, "--window-size=1200,1600", scripts=False)
