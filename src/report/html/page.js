"use strict";
(() => {
  const form = document.querySelector(".filters");
  if (!form) return;
  const field = (id) => document.getElementById(id);
  const [text, section, path, reason, shown] = ["text", "section", "path", "reason", "shown"].map(field);
  const groups = [...document.querySelectorAll(".people")].map((node) => ({
    node,
    id: node.dataset.section,
    entries: [...node.querySelectorAll(".entry")].map((entry) => ({
      node: entry,
      paths: (entry.dataset.paths || "").split("\n"),
      reason: entry.dataset.reason || "",
      people: [...entry.querySelectorAll(".person")],
      details: entry.querySelector("details"),
      words: null,
    })),
  }));
  const all = groups.reduce((sum, group) => sum + group.entries.reduce((people, entry) => people + entry.people.length, 0), 0);
  // What is said of everybody in an entry, and of each of them, read once it is searched for.
  const words = (entry) => {
    if (!entry.words) {
      const each = entry.people.map((person) => person.textContent.toLowerCase());
      const rest = [...entry.node.children].filter((child) => !child.querySelector(".person"));
      entry.words = { each, rest: rest.map((child) => child.textContent.toLowerCase()).join("\n") };
    }
    return entry.words;
  };
  const hide = (node, hidden) => { if (node.hidden !== hidden) node.hidden = hidden; };
  const apply = () => {
    const wanted = text.value.trim().toLowerCase();
    let count = 0;
    for (const group of groups) {
      let some = false;
      for (const entry of group.entries) {
        const fits = (!section.value || section.value === group.id)
          && (!path || !path.value || entry.paths.includes(path.value))
          && (!reason || !reason.value || entry.reason === reason.value);
        const said = fits && wanted ? words(entry) : null;
        const everybody = fits && (!wanted || said.rest.includes(wanted));
        let people = 0;
        entry.people.forEach((person, at) => {
          const show = everybody || (said !== null && said.each[at].includes(wanted));
          hide(person, !show);
          if (show) people += 1;
        });
        hide(entry.node, people === 0);
        if (entry.details) entry.details.open = wanted !== "" && !everybody && people > 0;
        count += people;
        some = some || people > 0;
      }
      hide(group.node, !some);
    }
    shown.textContent = count === all ? `${all} shown` : `${count} of ${all} shown`;
  };
  let waiting = 0;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(apply, 80); };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      text.focus();
    } else if (event.key === "Escape" && document.activeElement === text) {
      text.value = "";
      apply();
    }
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  form.hidden = false;
  apply();
})();
