"""The processes that the judges talk to: the simulators, a SCIM server of somebody else, and the program itself."""

import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request


def fail(text):
    sys.exit(f"FAILED {text}")


def check(what, found, wanted):
    if found != wanted:
        fail(f"{what}: found {found!r}, wanted {wanted!r}")
    print(f"ok: {what}")


class Simulators:
    """Both simulators in a process of their own; Haiilo is of this product."""

    def __init__(self, program, product="advocacy"):
        self.process = subprocess.Popen([program, product], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.places = json.loads(self.process.stdout.readline())

    def do(self, order, **words):
        self.process.stdin.write(json.dumps({"do": order, **words}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            fail(f"{order}: {answer['error']}")
        return answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class ScimServer:
    """scim2-server, with users in memory."""

    TOKEN = "interop-token"

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v2"
        program = pathlib.Path(sys.executable).with_name("scim2-server")
        self.log = open("scim2-server.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [program, "--port", str(port), "--bearer-token", self.TOKEN], stdout=self.log, stderr=subprocess.STDOUT
        )
        self.wait()

    def wait(self):
        for _ in range(100):
            try:
                self.users()
                return
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        fail(f"scim2-server does not answer: {self.log.read()}")

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.TOKEN}", "Content-Type": "application/scim+json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def users(self):
        """All users by userName."""
        listed = self.call("GET", "/Users?count=1000")
        return {user["userName"]: user for user in listed.get("Resources", [])}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.log.close()


class Program:
    """The built program, with a configuration in a folder of its own."""

    def __init__(self, program, folder, configuration, mapping):
        self.program, self.folder = program, pathlib.Path(folder)
        self.configure(configuration)
        (self.folder / "mapping.toml").write_text(mapping, encoding="utf-8")

    def configure(self, configuration):
        (self.folder / "sync.toml").write_text(configuration, encoding="utf-8")

    def secret(self, name, text):
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")

    def run(self, *arguments, code=0):
        """The report of a command, which must end with this exit code."""
        done = subprocess.run(
            [self.program, "--config", self.folder / "sync.toml", *arguments],
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode != code:
            fail(f"{arguments}: exit code {done.returncode}, wanted {code}\n{done.stdout}\n{done.stderr}")
        return json.loads(done.stdout) if "json" in arguments else done.stdout

    def plan(self, code=0):
        return self.run("plan", "--format", "json", code=code)

    def sync(self, *arguments, code=0):
        return self.run("sync", "--format", "json", *arguments, code=code)
