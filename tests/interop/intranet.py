"""The built program between the simulated Okta and SCIM servers of others, which stand for an intranet: people, managers, groups, members.

    python intranet.py PROGRAM SIMULATORS

Once with PATCH and once with PUT for each server; groups always go by PATCH. After each step the servers are asked what they hold, and a plan must be
empty where nothing is left to do.
"""

import collections
import sys
import tempfile

from processes import Program, Scim2Server, Scimmy, Simulators, Tokens, check

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

ATTRIBUTES = {
    "userName": "assignment.user_name",
    "name.givenName": "user.firstName",
    "name.familyName": "user.lastName",
    "displayName": "user.firstName ~ ' ' ~ user.lastName",
    "title": "user.title",
    "preferredLanguage": "user.preferredLanguage",
    'emails[type eq "work"].value': "user.email",
    'addresses[type eq "work"].locality': "user.city | trim",
    f"{ENTERPRISE}:department": "user.department",
    f"{ENTERPRISE}:employeeNumber": "user.employeeNumber",
    f"{ENTERPRISE}:manager.value": "user.managerId",
}
PEOPLE = 8


def mapping(server):
    attributes = dict(ATTRIBUTES)
    if server.PROFILE_FIELDS != "top":
        attributes["profileField_jobTitle"] = "user.title"
    clear = {name: "" if name == "userName" else 'when_empty = "clear"\n' for name in attributes}
    return "\n".join(f'[attributes.{path!r}]\nvalue = "{value}"\n{clear[path]}' for path, value in attributes.items())


class Stage:
    """A server of others, the simulated Okta, and the program between them."""

    def __init__(self, sims, server, tokens, sync):
        self.sims, self.server, self.tokens, self.sync = sims, server, tokens, sync

    def group(self, deed, group, **words):
        return self.sims.do("group", deed=deed, group=group, **words)

    def cycle(self, *arguments):
        """One run in which all that was planned is done."""
        report = self.sync.sync(*arguments)
        ends = [end for part in (report, report["groups"]) for end in part["outcomes"] if end["outcome"] != "done"]
        check("all of it is done, and nothing stopped", (ends, report["stopped"], report["groups"]["stopped"]), ([], [], []))
        return report

    def settled(self):
        """A plan, which must have nothing left to do or to say."""
        plan = self.sync.plan()
        left = {name: plan[name] for name in ("operations", "held", "parked", "missing", "violations")}
        left |= {name: plan["groups"][name] for name in ("operations", "held", "refused")}
        check("nothing is left to do", {name: what for name, what in left.items() if what}, {})
        return plan

    def user(self, login):
        return self.server.users()[login]

    def inside(self, name):
        """The user names of the members of a group; there must be one group of this name."""
        names = {user["id"]: login for login, user in self.server.users().items()}
        (group,) = [group for group in self.server.groups() if group["displayName"] == name]
        return sorted(names.get(member["value"], member["value"]) for member in group.get("members") or [])

    def group_ids(self):
        return {group["displayName"]: group["id"] for group in self.server.groups()}


def configuration(stage, method, client_auth, folder, leavers):
    return f"""
state = "sqlite:{folder}/state.db"
credentials_dir = "{folder}"

[okta]
org_url = "{stage.sims.places['okta']}"
app_id = "{stage.sims.places['app_id']}"
page_size = 3

[okta.auth]
method = "api_token"

[haiilo]
product = "intranet"
base_url = "{stage.server.url}"
update_method = "{method}"
page_size = 3
profile_fields = "{stage.server.PROFILE_FIELDS}"
deprovision_policy = "deactivate"

[haiilo.auth]
method = "client_credentials"
token_url = "{stage.tokens.url}"
client_id = "{Tokens.CLIENT_ID}"
client_auth = "{client_auth}"

[groups]
enabled = true
delete = true

[leavers]
deactivated = "{leavers}"
unassigned = "{leavers}"
adopted = "same"
grace = "0s"
"""


def kinds(operations):
    return dict(collections.Counter(operation["kind"] for operation in operations))


def moves(report):
    """Who comes into a group and who goes out, by the group's name, as numbers."""
    return {op["name"]: (len(op["add"]), len(op["remove"])) for op in report["groups"]["operations"] if op["kind"] == "group-members"}


def everybody_comes(stage):
    """The first runs: accounts, references, groups, members; what was there is adopted."""
    sims, server = stage.sims, stage.server
    sims.do("populate", people=PEOPLE)
    logins = sorted(sims.okta_ids())
    boss, second, third, fourth, *_ = logins
    number = sims.okta(f"users/{second}")["profile"]["employeeNumber"]
    # A manager is named by login, by Okta id and by employee number; two of them name each other.
    for login, manager in ((second, boss), (third, sims.okta_ids()[boss]), (fourth, number), (boss, second)):
        sims.do("set", login=login, key="managerId", value=manager)
    stage.group("make", "Sales")
    stage.group("make", "Staff")
    stage.group("make", "Finance")
    for login in logins:
        stage.group("join", "Staff", login=login)
    for login in logins[:3]:
        stage.group("join", "Sales", login=login)
    stage.group("join", "Finance", login=fourth)

    # One has an account already, and there is a group of the same name, in which is somebody of whom Okta knows nothing.
    account = server.add_user(fourth, active=True)
    stranger = server.add_user("stranger@example.com", active=True)
    finance = server.add_group("finance", stranger, account)

    first = stage.sync.plan()
    check("all but one are new, one has an account", kinds(first["operations"]), {"create": PEOPLE - 1, "link": 1, "update": 1})
    wanted = {"group-create": 2, "group-link": 1, "group-update": 1, "group-members": 2}
    check("two groups are new, one is adopted", kinds(first["groups"]["operations"]), wanted)
    check("the stranger is counted", first["groups"]["counts"]["members_not_ours"], 1)
    stage.sync.sync(code=3)
    check("a first run without approval writes nothing", set(server.users()), {fourth, "stranger@example.com"})
    check("nor any group", set(stage.group_ids()), {"finance"})
    stage.cycle("--approve", first["approval_id"])
    # Who has just got an account can be named as a manager now.
    report = stage.cycle()
    check("whose manager had no account is told it now", set(kinds(report["operations"])) - {"update"}, set())
    stage.settled()

    users = server.users()
    check("everybody has an account", set(users), {*logins, "stranger@example.com"})
    ids = sims.okta_ids()
    check("everybody bears the Okta id", {login: users[login].get("externalId") for login in logins}, ids)
    check("the account that was there is the same", users[fourth]["id"], account)
    check("nobody is inactive", [login for login in logins if users[login]["active"] is not True], [])
    managers = {login: users[login].get(ENTERPRISE, {}).get("manager", {}).get("value") for login in logins}
    wanted = {second: boss, third: boss, fourth: second, boss: second}
    check("managers are accounts", managers, {login: users[wanted[login]]["id"] if login in wanted else None for login in logins})
    check("departments came along", all(users[login][ENTERPRISE].get("department") for login in logins), True)
    check("employee numbers came along", users[second][ENTERPRISE].get("employeeNumber"), number)
    if server.PROFILE_FIELDS != "top":
        told = {login: users[login][server.PROFILE_FIELDS].get("profileField_jobTitle") for login in logins}
        check("profile fields came along", told, {login: users[login]["title"] for login in logins})

    groups = stage.group_ids()
    check("each group is there once", sorted(groups), ["Finance", "Sales", "Staff"])
    check("the group that was there is the same", groups["Finance"], finance)
    check("Staff has everybody", stage.inside("Staff"), logins)
    check("Sales has three", stage.inside("Sales"), logins[:3])
    check("Finance keeps the stranger", stage.inside("Finance"), sorted([fourth, "stranger@example.com"]))
    return logins


def they_change(stage, logins):
    """One comes, one is renamed, one moves from group to group; a group gets another name, another a description."""
    sims, server = stage.sims, stage.server
    boss, second, third, fourth, *_ = logins
    before, ids = server.users(), stage.group_ids()
    sims.do("hire", number=20)
    (new,) = set(sims.okta_ids()) - set(logins)
    sims.do("set", login=new, key="managerId", value=boss)
    stage.group("join", "Staff", login=new)
    sims.do("set", login=fourth, key="lastName", value="Byron")
    sims.do("rename", login=fourth, to="zoe.byron@example.com")
    sims.do("set", login=third, key="managerId", value=second)
    sims.do("set", login=boss, key="managerId", value="")
    sims.do("set", login=third, key="city", value="Oulu")
    sims.do("set", login=third, key="department", value="")
    stage.group("leave", "Sales", login=second)
    stage.group("join", "Finance", login=second)
    stage.group("rename", "Sales", to="Sellers")

    report = stage.cycle()
    check("a new one, three changes", kinds(report["operations"]), {"create": 1, "update": 3})
    check("one out, one in, one new", moves(report), {"Staff": (1, 0), "Sellers": (0, 1), "Finance": (1, 0)})
    stage.settled()
    users = server.users()
    renamed = users["zoe.byron@example.com"]
    check("the renamed person kept the account", renamed["id"], before[fourth]["id"])
    check("the old name is gone", fourth in users, False)
    check("the new name is whole", (renamed["name"]["familyName"], renamed["displayName"].endswith(" Byron")), ("Byron", True))
    check("the city is new", [address["locality"] for address in users[third]["addresses"]], ["Oulu"])
    check("the department is gone", users[third][ENTERPRISE].get("department"), None)
    check("another manager", users[third][ENTERPRISE]["manager"]["value"], users[second]["id"])
    check("a manager for the new one", users[new][ENTERPRISE]["manager"]["value"], users[boss]["id"])
    check("no manager any more", users[boss].get(ENTERPRISE, {}).get("manager", {}).get("value"), None)
    check("the group kept its id", stage.group_ids()["Sellers"], ids["Sales"])
    check("one is out", stage.inside("Sellers"), sorted([boss, third]))
    check("one is in, the stranger stays", stage.inside("Finance"), sorted([second, "zoe.byron@example.com", "stranger@example.com"]))
    check("Staff has the new one, too", stage.inside("Staff"), sorted({*logins, new, "zoe.byron@example.com"} - {fourth}))
    return sorted({*logins, new, "zoe.byron@example.com"} - {fourth})


def a_description(stage, logins):
    """A group is described, and renamed in the same breath: what a server does not keep is no reason to leave the rest."""
    stage.group("describe", "Sellers", text="They sell")
    stage.group("rename", "Sellers", to="Sales force")
    import json
    report = stage.sync.run("sync", "--format", "json", code=None)
    print(json.dumps(report["groups"], indent=1))
    print(stage.server.groups())
    report = stage.sync.run("sync", "--format", "json", code=None)
    print(json.dumps(report["groups"]["operations"], indent=1))
    print(json.dumps(report["groups"]["outcomes"], indent=1))


def story(program, simulators, kind, method, client_auth):
    with Simulators(simulators) as sims, kind() as server, Tokens(kind.TOKEN) as tokens, tempfile.TemporaryDirectory() as folder:
        stage = Stage(sims, server, tokens, None)
        stage.sync = Program(program, folder, configuration(stage, method, client_auth, folder, "deactivate"), mapping(server))
        stage.sync.secret("okta-token", sims.places["okta_token"])
        stage.sync.secret("haiilo-client-secret", Tokens.CLIENT_SECRET)
        logins = everybody_comes(stage)
        logins = they_change(stage, logins)
        a_description(stage, logins)
        check("Okta was asked correctly", sims.do("violations")["okta"], [])


def main():
    program, simulators = sys.argv[1:]
    for kind in (Scim2Server, Scimmy):
        for method, client_auth in (("patch", "basic"), ("put", "post")):
            print(f"--- an intranet on {kind.NAME}, with {method.upper()}")
            story(program, simulators, kind, method, client_auth)


if __name__ == "__main__":
    main()
