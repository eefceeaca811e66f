"""What alerts and dashboard name must exist: metrics.py METRICS RULES DASHBOARD prints the dashboard's expressions as rules for promtool."""

import json
import re
import sys


def complain(problems):
    if problems:
        sys.exit("\n".join(problems))


def main():
    metrics, rules, dashboard = (open(path, encoding="utf-8").read() for path in sys.argv[1:])
    known = set()
    for name in metrics.split():
        # A histogram is read by its parts alone.
        parts = ("_bucket", "_sum", "_count") if name.endswith("_duration_seconds") else ("",)
        known.update(name + part for part in parts)

    panels = [panel for panel in json.loads(dashboard)["panels"]]
    ids = [panel["id"] for panel in panels]
    complain([f"two panels have the id {id}" for id in set(ids) if ids.count(id) > 1])
    targets = [(panel["title"], target) for panel in panels for target in panel.get("targets", [])]
    complain([f"{panel['title']}: shows nothing" for panel in panels if panel["type"] != "row" and not panel["targets"]])

    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    complain(["panels lie on each other"] if len(cells) != len(set(cells)) else [])

    variables = {variable["name"] for variable in json.loads(dashboard)["templating"]["list"]} | {"__rate_interval"}
    used = set(re.findall(r"\$\{?(\w+)", dashboard)) - {"__all"}
    complain([f"the dashboard has no variable {name}" for name in sorted(used - variables)])

    expressions = [target["expr"] for _, target in targets]
    named = {"the rules": rules, "the dashboard": dashboard}
    found = {where: set(re.findall(r"\bokta_haiilo_sync_\w+", text)) for where, text in named.items()}
    complain([f"{where} name nothing" for where, names in found.items() if len(names) < 5])
    complain([f"{where}: {name} is no metric" for where, names in found.items() for name in sorted(names - known)])

    for variable, value in {"__rate_interval": "5m", "job": "a", "instance": "b"}.items():
        expressions = [expression.replace("$" + variable, value) for expression in expressions]
    # JSON is YAML.
    checks = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(expressions)]
    print(json.dumps({"groups": [{"name": "dashboard", "rules": checks}]}))


main()
