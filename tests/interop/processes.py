"""The processes that the judges talk to: the simulators, SCIM servers of others, a token endpoint, and the program itself."""

import base64
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
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

    def okta(self, path):
        """What Okta answers to a request below /api/v1."""
        request = urllib.request.Request(
            f"{self.places['okta']}/api/v1/{path}",
            headers={"Authorization": f"SSWS {self.places['okta_token']}", "Accept": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def okta_ids(self):
        """The id of everybody who is assigned, by the user name in the application."""
        rows = self.okta(f"apps/{self.places['app_id']}/users?limit=500")
        return {row["credentials"]["userName"]: row["id"] for row in rows}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=10)


class Tokens:
    """A token endpoint, as the intranet has one: client credentials of RFC 6749, 4.4, as HTTP Basic or in the body (2.3.1)."""

    # Both hold what has to be encoded before it goes into a header or a form.
    CLIENT_ID = "interop client"
    CLIENT_SECRET = "s%cret:+&="

    def __init__(self, token):
        self.token, self.given, self.refused = token, 0, []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/oauth/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def handler(self):
        tokens = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                wrong = tokens.wrong(self.path, self.headers, dict(urllib.parse.parse_qsl(form)))
                body = {"access_token": tokens.token, "token_type": "Bearer", "expires_in": 3600}
                if wrong:
                    tokens.refused.append(wrong)
                    body = {"error": "invalid_client", "error_description": wrong}
                else:
                    tokens.given += 1
                text = json.dumps(body).encode()
                self.send_response(401 if wrong else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        return Handler

    def wrong(self, path, headers, form):
        """What is wrong with a request; nothing where a token is due."""
        if path != "/oauth/token" or headers.get_content_type() != "application/x-www-form-urlencoded":
            return "no form for this place"
        if form.get("grant_type") != "client_credentials":
            return f"grant type {form.get('grant_type')!r}"
        kind, _, pair = headers.get("Authorization", "").partition(" ")
        in_body = (form.get("client_id"), form.get("client_secret"))
        if kind == "Basic":
            # The same secret in two places is forbidden.
            if in_body != (None, None):
                return "credentials twice"
            halves = base64.b64decode(pair).decode().split(":")
            in_body = tuple(urllib.parse.unquote_plus(half) for half in halves)
        return None if in_body == (self.CLIENT_ID, self.CLIENT_SECRET) else "another client"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class ScimServer:
    """A SCIM server of others in a process of its own, with users and groups in memory."""

    NAME = None
    TOKEN = "interop-token"
    # Where it keeps profile fields, in the words of `haiilo.profile_fields`.
    PROFILE_FIELDS = "top"
    # What becomes of the description of a group, which is no attribute of RFC 7643.
    DESCRIPTIONS = "refused"
    # What becomes of the membership of a deleted account.
    GHOSTS = "stay"

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v2"
        self.log = open(f"{self.NAME}.log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(self.command(port), stdout=self.log, stderr=subprocess.STDOUT)
        self.wait()

    def command(self, port):
        raise NotImplementedError

    def wait(self):
        for _ in range(100):
            try:
                self.users()
                return
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        fail(f"{self.NAME} does not answer: {self.log.read()}")

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

    def add_user(self, user_name, **more):
        """Makes an account by hand; its id."""
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": user_name, **more}
        return self.call("POST", "/Users", body)["id"]

    def add_group(self, name, *members):
        """Makes a group by hand; its id."""
        schemas = ["urn:ietf:params:scim:schemas:core:2.0:Group"]
        body = {"schemas": schemas, "displayName": name, "members": [{"value": member} for member in members]}
        return self.call("POST", "/Groups", body)["id"]

    def users(self):
        """All users by userName."""
        listed = self.call("GET", "/Users?count=1000")
        return {user["userName"]: user for user in listed.get("Resources", [])}

    def groups(self):
        """All groups, each by itself."""
        listed = self.call("GET", "/Groups?count=1000")
        return [self.call("GET", f"/Groups/{group['id']}") for group in listed.get("Resources", [])]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.log.close()


class Scim2Server(ScimServer):
    """scim2-server: strict about schemas; its filters, paths and PATCH are those of scim2-models. In Python."""

    NAME = "scim2-server"

    def command(self, port):
        program = pathlib.Path(sys.executable).with_name("scim2-server")
        return [program, "--port", str(port), "--bearer-token", self.TOKEN]


class Scimmy(ScimServer):
    """SCIMMY behind Express: another author, another language, and filters, paths and PATCH of its own.

    It says what scim2-server does not: it has an extension for profile fields, finds no place for `manager.value`, fills in who the manager is, keeps
    descriptions, answers 204 to a PATCH that changes nothing, and writes the status of an error as a text.
    """

    NAME = "scimmy"
    DESCRIPTIONS = "kept"
    GHOSTS = "go"
    PROFILE_FIELDS = "urn:ietf:params:scim:schemas:extension:profile:2.0:User"

    def command(self, port):
        # Node finds the packages of others beside the program.
        place = shutil.copy(pathlib.Path(__file__).with_name("scimmy.mjs"), "node")
        return ["node", place, str(port), self.TOKEN]


def both_ends(places, server, folder):
    """The beginning of a configuration: where state and secrets lie, and both ends, so that more of Haiilo may follow."""
    return f"""
state = "sqlite:{folder}/state.db"
credentials_dir = "{folder}"

[okta]
org_url = "{places['okta']}"
app_id = "{places['app_id']}"
page_size = 3

[okta.auth]
method = "api_token"

[haiilo]
base_url = "{server.url}"
""".strip()


class Program:
    """The built program, with a configuration in a folder of its own."""

    def __init__(self, program, folder, configuration, mapping):
        self.program, self.folder, self.runs = program, pathlib.Path(folder), 0
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
        self.runs += 1
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
