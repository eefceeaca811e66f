"""The built program between the simulated Okta and SCIM servers of others, which stand for an intranet: people, managers, groups, members.

    python intranet.py PROGRAM SIMULATORS

Each server hears the same story, once with PATCH and once with PUT; groups always go by PATCH. After each step the server is asked what it holds,
and a plan must be empty where nothing is left to do. Where servers differ in what they keep, their classes in `processes` say how and why.

django-scim2 was tried, too. It answers 501 to a PATCH that renames a group or takes one member out of it by a path, so that half of the story has no
place in it; the program reports that, and takes nobody out.
"""

import collections
import sys
import tempfile

from processes import Program, Scim2Server, Scimmy, Simulators, Tokens, both_ends, check

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
    """A server of others, the simulated Okta, and the program between them, `sync`."""

    def __init__(self, sims, server):
        self.sims, self.server = sims, server

    def group(self, deed, group, **words):
        return self.sims.do("group", deed=deed, group=group, **words)

    def cycle(self, *arguments, but=()):
        """One run in which all that was planned is done, but for these."""
        report = self.sync.sync(*arguments)
        ends = [f"{end['kind']} {end['outcome']}" for part in (report, report["groups"]) for end in part["outcomes"]]
        ends = [end for end in ends if not end.endswith(" done")]
        check("all of it is done, and nothing stopped", (ends, report["stopped"], report["groups"]["stopped"]), ([*but], [], []))
        return report

    def settled(self):
        """A plan, which must have nothing left to do or to say."""
        plan = self.sync.plan()
        left = {name: plan[name] for name in ("operations", "held", "waiting", "rejected", "missing", "violations")}
        left |= {name: plan["groups"][name] for name in ("operations", "held", "blocked")}
        check("nothing is left to do", {name: what for name, what in left.items() if what}, {})
        return plan

    def everybody_inside(self):
        """The user names of the members of each group, by its name; the id of whoever has none. No two groups share a name."""
        names = {user["id"]: login for login, user in self.server.users().items()}
        groups = self.server.groups()
        inside = {
            group["displayName"]: sorted(names.get(member["value"], member["value"]) for member in group.get("members") or [])
            for group in groups
        }
        check("each group is there once", len(inside), len(groups))
        return inside

    def inside(self, name):
        return self.everybody_inside()[name]

    def inactive(self):
        return {login for login, user in self.server.users().items() if not user["active"]}

    def group_ids(self):
        return {group["displayName"]: group["id"] for group in self.server.groups()}


def configuration(ends, method, client_auth, folder, leavers):
    places, server, tokens = ends
    return f"""
{both_ends(places, server, folder)}
product = "intranet"
update_method = "{method}"
page_size = 3
profile_fields = "{server.PROFILE_FIELDS}"
deprovision_policy = "deactivate"

[haiilo.auth]
method = "client_credentials"
token_url = "{tokens.url}"
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

[limits]
deletes = {{ floor = 10 }}
"""


def kinds(operations):
    return dict(collections.Counter(operation["kind"] for operation in operations))


def moves(report):
    """Who comes into a group and who goes out, by the group's name, as numbers."""
    members = [operation for operation in report["groups"]["operations"] if operation["kind"] == "group-members"]
    return {operation["name"]: (len(operation["add"]), len(operation["remove"])) for operation in members}


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
    check("all but one are new, one has an account", kinds(first["operations"]), {"create": PEOPLE - 1, "adopt": 1, "update": 1})
    wanted = {"group-create": 2, "group-adopt": 1, "group-update": 1, "group-members": 2}
    check("two groups are new, one is adopted", kinds(first["groups"]["operations"]), wanted)
    check("the stranger is counted", first["groups"]["counts"]["unmanaged_members"], 1)
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
    check("nobody is inactive", stage.inactive(), set())
    managers = {login: users[login].get(ENTERPRISE, {}).get("manager", {}).get("value") for login in logins}
    wanted = {second: boss, third: boss, fourth: second, boss: second}
    check("managers are accounts", managers, {login: users[wanted[login]]["id"] if login in wanted else None for login in logins})
    check("departments came along", all(users[login][ENTERPRISE].get("department") for login in logins), True)
    check("employee numbers came along", users[second][ENTERPRISE].get("employeeNumber"), number)
    if server.PROFILE_FIELDS != "top":
        told = {login: users[login][server.PROFILE_FIELDS].get("profileField_jobTitle") for login in logins}
        check("profile fields came along", told, {login: users[login]["title"] for login in logins})

    groups = stage.group_ids()
    check("there are three groups", sorted(groups), ["Finance", "Sales", "Staff"])
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
    people = sorted({*logins, new, "zoe.byron@example.com"} - {fourth})
    check("Staff has the new one, too", stage.inside("Staff"), people)
    return people


def a_group_is_described(stage):
    """A group gets a description and another name in one request: a server that has no description keeps the name nevertheless."""
    ids = stage.group_ids()
    stage.group("describe", "Sellers", text="They sell")
    stage.group("rename", "Sellers", to="Sales force")
    keeps = stage.server.DESCRIPTIONS == "kept"
    stage.cycle(but=[] if keeps else ["group-update done_except"])
    stage.settled()
    described = stage.server.call("GET", f"/Groups/{ids['Sellers']}")
    check("another name and a description", (described["displayName"], described.get("description")), ("Sales force", "They sell" if keeps else None))


def they_leave(stage, logins):
    """One is deactivated in Okta, one loses the application: both accounts become inactive, and one is active again since its person comes back."""
    sims, server = stage.sims, stage.server
    away, unassigned = logins[:2]
    ids = {login: user["id"] for login, user in server.users().items()}
    before = stage.everybody_inside()
    sims.do("deactivate", login=away)
    sims.do("unassign", login=unassigned)
    report = stage.cycle()
    check("two deactivations", kinds(report["operations"]), {"deactivate": 2})
    check("only they are inactive", stage.inactive(), {away, unassigned})
    check("nobody came into a group or went out", stage.everybody_inside(), before)
    stage.settled()
    sims.do("rehire", login=away)
    report = stage.cycle()
    check("one comes back", kinds(report["operations"]), {"reactivate": 1})
    check("only the other one is inactive", stage.inactive(), {unassigned})
    check("everybody has the account of before", {login: user["id"] for login, user in server.users().items()}, ids)
    check("everybody is in the groups of before", stage.everybody_inside(), before)
    stage.settled()


def they_are_deleted(stage, logins):
    """With another rule, whoever leaves loses the account; and groups go that are gone in Okta, if the program has made them."""
    sims, server = stage.sims, stage.server
    unassigned, gone = logins[1:3]
    before, inside = server.users(), stage.everybody_inside()
    sims.do("deactivate", login=gone)
    stage.group("drop", "Sales force")
    stage.group("drop", "Finance")
    report = stage.cycle()
    check("two deletes", kinds(report["operations"]), {"delete": 2})
    check("only they are gone", set(before) - set(server.users()), {unassigned, gone})
    check("one group goes", kinds(report["groups"]["operations"]), {"group-delete": 1})
    check("only that one is gone", set(inside) - set(stage.group_ids()), {"Sales force"})
    # Whether a group forgets whom the server has deleted is the server's affair.
    ghosts = {before[login]["id"] for login in (unassigned, gone)} if server.GHOSTS == "stay" else set()
    wanted = {*inside["Staff"], *ghosts} - {unassigned, gone}
    check("everybody else is in Staff", set(stage.inside("Staff")), wanted)
    check("who is not ours is left alone", server.users()["stranger@example.com"], before["stranger@example.com"])
    last = stage.settled()
    check("nobody else leaves", last["leavers"], [])
    check("ghosts are nobody of ours", last["groups"]["counts"]["unmanaged_members"], len(ghosts & set(stage.inside("Staff"))))


def story(program, simulators, kind, method, client_auth):
    with Simulators(simulators) as sims, kind() as server, Tokens(kind.TOKEN) as tokens, tempfile.TemporaryDirectory() as folder:
        stage = Stage(sims, server)

        def settings(leavers):
            return configuration((sims.places, server, tokens), method, client_auth, folder, leavers)

        stage.sync = Program(program, folder, settings("deactivate"), mapping(server))
        stage.sync.secret("okta-token", sims.places["okta_token"])
        stage.sync.secret("haiilo-client-secret", Tokens.CLIENT_SECRET)
        logins = they_change(stage, everybody_comes(stage))
        a_group_is_described(stage)
        they_leave(stage, logins)
        stage.sync.configure(settings("delete"))
        they_are_deleted(stage, logins)
        check("each run asked for one token", (tokens.given, tokens.refused), (stage.sync.runs, []))
        check("Okta was asked correctly", sims.do("violations")["okta"], [])


def main():
    program, simulators = sys.argv[1:]
    for kind in (Scim2Server, Scimmy):
        for method, client_auth in (("patch", "basic"), ("put", "post")):
            print(f"--- an intranet on {kind.NAME}, with {method.upper()}")
            story(program, simulators, kind, method, client_auth)


if __name__ == "__main__":
    main()
