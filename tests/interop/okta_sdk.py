"""The official Okta SDK for Python as a judge of the simulated Okta.

Needs: pip install 'okta>=3.4,<3.5'. The SDK's check for https is switched off, since the simulator speaks plain HTTP on the
loopback interface.

    python okta_sdk.py URL APP_ID TOKEN --people 1200
    python okta_sdk.py URL APP_ID --client-id ID --key private.pem --key-id KID [--dpop] --people 1200

The simulated org holds people who were hired and nothing else, or also groups (--groups). Somebody's profile was changed since
(--changed). Prints one line for each check and
exits with 0 when all of them hold, with 1 at the first difference.
"""

import argparse
import asyncio
import os
import re
import sys

from okta.client import Client

PAGE = 500


def check(what, found, wanted):
    if found != wanted:
        sys.exit(f"FAILED {what}: found {found!r}, wanted {wanted!r}")
    print(f"ok: {what}: {found!r}")


def good(what, answer):
    """The data of an answer (data, response, error)."""
    data, response, error = answer
    if error is not None:
        sys.exit(f"FAILED {what}: the SDK reports {error}")
    return data, response


def next_cursor(response):
    """The cursor of the next page: Okta writes each link in a header line of its own."""
    headers = response.headers if hasattr(response, "headers") else response.get_headers()
    lines = headers.getall("link", []) if hasattr(headers, "getall") else [headers.get("link") or headers.get("Link") or ""]
    for line in lines:
        found = re.search(r'<[^>]*[?&]after=([^&>]+)[^>]*>;\s*rel="next"', line)
        if found:
            return found.group(1)
    return None


async def all_app_users(client, app_id):
    """Every row, with the length of each page."""
    rows, lengths, after = [], [], None
    while True:
        page, response = good(
            "list_application_users",
            await client.list_application_users(app_id, limit=PAGE, expand="user", after=after),
        )
        rows += page
        lengths.append(len(page))
        after = next_cursor(response)
        if after is None:
            return rows, lengths


def check_row(row):
    if not (re.fullmatch(r"00u[0-9A-Za-z]{17}", row.id) and row.external_id is None and row.password_changed is None):
        sys.exit(f"FAILED row {row.id}: id, externalId or passwordChanged")
    user = row.embedded["user"]
    profile = user["profile"]
    fields = {
        "user id": (user["id"], row.id),
        "status": (row.status.value, "ACTIVE"),
        "user status": (user["status"], "ACTIVE"),
        "sync state": (row.sync_state.value, "DISABLED"),
        "user name": (row.credentials.user_name, profile["login"]),
        "email": (profile["email"], profile["login"]),
        "link": (row.links.user.href.rsplit("/", 1)[1], row.id),
    }
    for name, (found, wanted) in fields.items():
        if found != wanted:
            sys.exit(f"FAILED row {row.id}, {name}: found {found!r}, wanted {wanted!r}")
    for name in ("firstName", "lastName", "city", "countryCode", "department", "title", "employeeNumber"):
        if not isinstance(profile.get(name), str) or not profile[name]:
            sys.exit(f"FAILED row {row.id}: profile.{name} is {profile.get(name)!r}")


async def judge_log(client, options):
    """The System Log: a poll goes on after its last page, a bounded request ends."""
    wanted = {"filter": 'eventType eq "user.account.update_profile" or eventType sw "application."', "limit": 1}
    page, response = good("list_log_events", await client.list_log_events(**wanted))
    check("events", [event.event_type for event in page], ["user.account.update_profile"])
    event = page[0]
    users = [target.alternate_id for target in event.target if target.type == "User"]
    check("the event's user", users, [options.changed])
    check("the event's outcome", event.outcome.result, "SUCCESS")
    check("the event's severity", event.severity.value, "INFO")
    check("the event has an id and a time", bool(event.uuid) and event.published is not None, True)
    rest, response = good("list_log_events", await client.list_log_events(after=next_cursor(response), **wanted))
    check("more events", (rest, next_cursor(response) is not None), ([], True))
    bounds = {"since": f"{event.published:%Y-%m-%dT%H:%M:%SZ}", "until": "2100-01-01T00:00:00Z"}
    page, response = good("list_log_events", await client.list_log_events(**bounds))
    check("events of a bounded request", ([event.uuid for event in page], next_cursor(response)), ([event.uuid], None))
    _, _, refused = await client.list_log_events(filter='eventType eqq "a"')
    check("a filter that makes no sense", "E0000053" in str(refused), True)


async def judge(options, config):
    client = Client(config)
    people = options.people

    app, _ = good("get_application", await client.get_application(options.app_id))
    check("the application's status", app.status.value if hasattr(app.status, "value") else app.status, "ACTIVE")
    check("the application's sign-on mode", getattr(app.sign_on_mode, "value", app.sign_on_mode), "SAML_2_0")
    check("the application's features", list(app.features or []), [])

    apps, _ = good("list_applications", await client.list_applications())
    check("applications", [app.id for app in apps], [options.app_id])

    rows, lengths = await all_app_users(client, options.app_id)
    full, rest = divmod(people, PAGE)
    check("lengths of the pages", lengths, [PAGE] * full + ([rest] if rest else []))
    check("different people", len({row.id for row in rows}), people)
    check("scopes", {row.scope for row in rows} - {"USER", "GROUP"}, set())
    for row in rows:
        check_row(row)
    print(f"ok: all {len(rows)} rows parse, with their users")

    one, _ = good("get_application_user", await client.get_application_user(options.app_id, rows[7].id, expand="user"))
    check("one assignment", (one.id, one.embedded["user"]["profile"]), (rows[7].id, rows[7].embedded["user"]["profile"]))

    _, _, missing = await client.get_application_user(options.app_id, "00u00000000000000000")
    check("an assignment that is not there", "E0000007" in str(missing), True)

    user, response = good("get_user", await client.get_user(rows[0].id))
    check("one user's login", user.profile.login, rows[0].credentials.user_name)
    check("one user's status", user.status.value, "ACTIVE")
    check("rate headers", response.headers.get("x-rate-limit-remaining") is not None, True)

    filtered, _ = good("list_users", await client.list_users(filter=f'profile.login eq "{user.profile.login}"'))
    check("users with that login", [found.id for found in filtered], [rows[0].id])

    page, response = good("list_users", await client.list_users(limit=200))
    check("a page of users", len(page), min(people, 200))
    check("more users", next_cursor(response) is not None, people > 200)

    groups, _ = good("list_groups", await client.list_groups())
    check("groups", len(groups), options.groups)
    assigned, _ = good("list_application_group_assignments", await client.list_application_group_assignments(options.app_id))
    check("assigned groups", [group.id for group in assigned], [group.id for group in groups])
    by_group = [row for row in rows if row.scope == "GROUP"]
    if groups:
        members, _ = good("list_group_users", await client.list_group_users(groups[0].id))
        check("members of the first group are assigned by group", {m.id for m in members} <= {r.id for r in by_group}, True)
        check("that group has members", len(members) > 0, True)

    if options.changed:
        await judge_log(client, options)

    schema, _ = good("get_user_schema", await client.get_user_schema("default"))
    check("the user schema's login is required", schema.definitions.base.properties.login.required, True)
    app_schema, _ = good("get_application_user_schema", await client.get_application_user_schema(options.app_id))
    check("the application's schema has a name", bool(app_schema.name), True)
    print("all checks hold")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("app_id")
    parser.add_argument("token", nargs="?", help="the API token; leave it out with --key")
    parser.add_argument("--people", type=int, required=True, help="how many are assigned")
    parser.add_argument("--groups", type=int, default=0, help="how many groups there are")
    parser.add_argument("--changed", help="the login of one whose profile was changed once, after all were hired")
    parser.add_argument("--retries", type=int, default=0, help="how often the SDK may wait out a rate limit")
    parser.add_argument("--client-id")
    parser.add_argument("--key", help="file with the RSA private key of the service app, PEM")
    parser.add_argument("--key-id")
    parser.add_argument("--dpop", action="store_true")
    return parser.parse_args()


def main():
    options = arguments()
    os.environ["OKTA_TESTING_TESTINGDISABLEHTTPSCHECK"] = "true"
    config = {"orgUrl": options.url, "rateLimit": {"maxRetries": options.retries}}
    if options.key:
        with open(options.key, encoding="ascii") as file:
            key = file.read()
        config |= {
            "authorizationMode": "PrivateKey",
            "clientId": options.client_id,
            "privateKey": key,
            "kid": options.key_id,
            "scopes": ["okta.apps.read", "okta.users.read", "okta.groups.read", "okta.schemas.read", "okta.logs.read"],
            "dpopEnabled": options.dpop,
        }
    else:
        # SDK 3.4 writes "SSWS" and the token without the blank that Okta's reference shows between them; the simulator insists on it.
        config["token"] = f" {options.token}"
    asyncio.run(judge(options, config))


if __name__ == "__main__":
    main()
