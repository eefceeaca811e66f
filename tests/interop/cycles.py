"""The built program between the simulated Okta and scim2-server, a strict SCIM server that others wrote.

    python cycles.py PROGRAM SIMULATORS

Creates, updates, renames and deletes people, looks at the server after each step, and wants the last plan empty. Once with PATCH, once
with PUT.
"""

import collections
import sys
import tempfile

from processes import Program, Scim2Server, Simulators, both_ends, check

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

ATTRIBUTES = {
    "userName": "assignment.user_name",
    "externalId": "user.employeeNumber",
    "displayName": "user.firstName ~ ' ' ~ user.lastName",
    "name.givenName": "user.firstName",
    "name.familyName": "user.lastName",
    "title": "user.title",
    'emails[type eq "work"].value': "user.email",
    'addresses[type eq "work"].locality': "user.city | trim",
    'addresses[type eq "work"].country': "user.countryCode",
    f"{ENTERPRISE}:department": "user.department",
}


def mapping():
    tables = [
        f"""[attributes.{path!r}]\nvalue = "{value}"\nwhen_empty = "clear"\nunsupported = "send"\n"""
        if path not in ("userName", 'addresses[type eq "work"].country')
        else f"""[attributes.{path!r}]\nvalue = "{value}"\n"""
        for path, value in ATTRIBUTES.items()
    ]
    return "\n".join(tables)


def configuration(places, server, method, folder, grace):
    return f"""
{both_ends(places, server, folder)}
product = "advocacy"
update_method = "{method}"
page_size = 3

[haiilo.auth]
method = "access_token"
token_owner = "owner@example.com"

[leavers]
deactivated = "delete"
unassigned = "delete"
grace = "{grace}"
"""


def kinds(report):
    return dict(collections.Counter(operation["kind"] for operation in report["operations"]))


def locality(user):
    return [address.get("locality") for address in user["addresses"] if address.get("type") == "work"]


def story(program, simulators, method):
    with Simulators(simulators) as sims, Scim2Server() as server, tempfile.TemporaryDirectory() as folder:
        sync = Program(program, folder, configuration(sims.places, server, method, folder, "30d"), mapping())
        sync.secret("okta-token", sims.places["okta_token"])
        sync.secret("haiilo-token", server.TOKEN)
        server.add_user("owner@example.com")

        sims.do("populate", people=7)
        first = sync.plan()
        check("seven people are new", kinds(first), {"create": 7})
        sync.sync(code=3)
        check("a first run without approval writes nothing", list(server.users()), ["owner@example.com"])
        sync.sync("--approve", first["approval_id"])
        users = server.users()
        check("everybody has an account", len(users), 8)
        check("the plan after that is empty", kinds(sync.plan()), {})

        people = sorted(name for name in users if name != "owner@example.com")
        moved, renamed, cleared, left, unassigned, *_ = people
        ids = {name: user["id"] for name, user in users.items()}
        sims.do("hire", number=20)
        sims.do("set", login=moved, key="city", value="Oulu")
        sims.do("set", login=cleared, key="department", value="")
        sims.do("set", login=renamed, key="lastName", value="Byron")
        sims.do("rename", login=renamed, to="zoe.byron@example.com")
        sims.do("deactivate", login=left)
        sims.do("unassign", login=unassigned)
        report = sync.sync()
        check("a new one, three changes", kinds(report), {"create": 1, "update": 3})
        check("two leavers", {leaver["user_name"] for leaver in report["leavers"]}, {left, unassigned})
        check("all of them are done", {outcome["outcome"] for outcome in report["outcomes"]}, {"done"})
        users = server.users()
        check("the city is new", locality(users[moved]), ["Oulu"])
        check("the department is gone", users[cleared].get(ENTERPRISE, {}).get("department"), None)
        check("the renamed person kept the account", users["zoe.byron@example.com"]["id"], ids[renamed])
        check("the new name is whole", users["zoe.byron@example.com"]["displayName"].endswith(" Byron"), True)
        check("the old name is gone", renamed in users, False)
        check("leavers in their grace keep the account", {left, unassigned} <= set(users), True)
        check("the plan after that is empty", kinds(sync.plan()), {})

        sync.configure(configuration(sims.places, server, method, folder, "0s"))
        report = sync.sync()
        check("two leavers are deleted", kinds(report), {"delete": 2})
        users = server.users()
        check("only they are gone", {left, unassigned} & set(users), set())
        check("everybody else is there", len(users), 7)
        last = sync.plan()
        check("the last plan is empty", (kinds(last), last["held"], last["waiting"], last["rejected"], last["missing"]), ({}, [], [], [], []))
        check("Okta was asked correctly", sims.do("violations")["okta"], [])


def main():
    program, simulators = sys.argv[1:]
    for method in ("patch", "put"):
        print(f"--- with {method.upper()}")
        story(program, simulators, method)


if __name__ == "__main__":
    main()
