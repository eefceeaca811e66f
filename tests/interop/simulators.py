"""Our simulators before programs that others wrote: scim2-tester for the simulated Haiilo, the official Okta SDK for the simulated Okta.

    python simulators.py SIMULATORS
"""

import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from processes import Simulators, check, fail

PEOPLE = 1200
CHANGED = "edsger.dubois.0@example.com"
# A judge that checks next to nothing has not judged.
FEWEST_CHECKS = 100


def judge(sims, token):
    """scim2-tester on the simulated Haiilo."""
    program = pathlib.Path(sys.executable).with_name("scim2")
    judged = subprocess.run(
        [program, "--url", sims.places["haiilo"], "test", "--verbose"],
        env={**os.environ, "SCIM_CLI_HEADERS": f"Authorization: Bearer {token}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    passed = judged.stdout.count("SUCCESS ")
    if judged.returncode != 0 or passed < FEWEST_CHECKS:
        fail(f"scim2-tester: exit code {judged.returncode}, {passed} checks passed\n{judged.stdout}\n{judged.stderr}")
    print(f"ok: scim2-tester finds nothing wrong in {passed} checks")


def haiilo(simulators):
    print("--- scim2-tester and the simulated Haiilo")
    with Simulators(simulators) as sims:
        sims.do("generic_scim")
        judge(sims, sims.places["haiilo_token"])


def access_token(places):
    """A token of the simulated intranet."""
    client = f"{places['haiilo_client_id']}:{places['haiilo_client_secret']}".encode()
    request = urllib.request.Request(
        places["haiilo_token_url"],
        data=b"grant_type=client_credentials",
        headers={"Authorization": f"Basic {base64.b64encode(client).decode()}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())["access_token"]


def intranet(simulators):
    for container in ("top level", "extension"):
        print(f"--- scim2-tester and the simulated intranet, profile fields in the {container}")
        with Simulators(simulators, "intranet") as sims:
            sims.do("serve_discovery")
            # The judge takes what a server adds to a member for a wrong value.
            sims.do("bare_members")
            if container == "extension":
                sims.do("fields_in_extension", urn="urn:example:scim:schemas:extension:profile:2.0:User")
            judge(sims, access_token(sims.places))


def okta(simulators):
    sdk = [sys.executable, pathlib.Path(__file__).with_name("okta_sdk.py")]
    with Simulators(simulators) as sims, tempfile.TemporaryDirectory() as folder:
        places = sims.places
        sims.do("populate", people=PEOPLE)
        sims.do("set", login=CHANGED, key="title", value="Chief Engineer")
        ends = [places["okta"], places["app_id"]]
        print("--- the Okta SDK with an API token")
        world = ["--people", str(PEOPLE), "--changed", CHANGED]
        judged = subprocess.run([*sdk, *ends, places["okta_token"], *world], timeout=300)
        check("the SDK finds nothing wrong", judged.returncode, 0)

        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        file = pathlib.Path(folder) / "key.pem"
        file.touch(mode=0o600)
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        key_id = sims.do("register_key", public_pem=public.decode(), algorithm="RS256")["key_id"]
        service = [*sdk, *ends, "--client-id", places["client_id"], "--key", file, "--key-id", key_id, *world]
        print("--- the Okta SDK as a service app")
        check("the SDK finds nothing wrong", subprocess.run(service, timeout=300).returncode, 0)
        sims.do("require_dpop")
        print("--- the Okta SDK as a service app with DPoP")
        check("the SDK finds nothing wrong", subprocess.run([*service, "--dpop"], timeout=300).returncode, 0)
        check("Okta was asked correctly", sims.do("violations")["okta"], [])


def main():
    (simulators,) = sys.argv[1:]
    haiilo(simulators)
    intranet(simulators)
    okta(simulators)


if __name__ == "__main__":
    main()
