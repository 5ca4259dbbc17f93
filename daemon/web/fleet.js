"use strict";
// The list: the workloads, those that need a person first, and the cases. At most a page of each is drawn.
const PAGE_OF = { workloads: 48, cases: 25 };
const fleet = { text: "", show: "all", workloads: 0, cases: 0, bar: null };
const UNDER_WAY = new Set(["Progressing", "Watching", "Failing", "RollingBack", "Verifying"]);
const KINDS = {
  all: ["All", () => true],
  person: ["Needs a person", (c) => Boolean(c && c.needsPerson)],
  busy: ["Under way", (c) => Boolean(c && UNDER_WAY.has(c.phase))],
  paused: ["Paused", (c, w) => Boolean(w.paused)],
  well: ["Well", (c) => Boolean(c && !c.needsPerson && ["Healthy", "RolledBack"].includes(c.phase))],
};
const rank = (w) => !w.case ? 3 : w.case.needsPerson ? 0 : UNDER_WAY.has(w.case.phase) ? 1 : 2;
const by = (w) => `${w.namespace}/${w.name}`;

function matches(text) {
  const wanted = fleet.text.toLowerCase().split(/\s+/).filter(Boolean), found = text.toLowerCase();
  return wanted.every((word) => found.includes(word));
}
function about(w) {
  const c = w.case;
  return [by(w), revision(w.revision), w.mode, w.paused, ...(c ? [phaseWords(c), c.plain, c.trouble, c.reason] : [])].join(" ");
}
function filterBar(workloads) {
  if (!fleet.bar) {
    const text = el("input", { id: "filter", type: "search", autocomplete: "off", spellcheck: "false" });
    const show = el("select", { id: "show" }, Object.keys(KINDS).map((key) => el("option", { value: key })));
    const changed = () => { Object.assign(fleet, { text: text.value, show: show.value, workloads: 0, cases: 0 }); draw(); };
    text.addEventListener("input", changed);
    show.addEventListener("change", changed);
    fleet.bar = el("div", { class: "filters" }, el("label", { for: "filter", text: "Filter" }), text, el("label", { for: "show", text: "Show" }), show);
  }
  for (const option of fleet.bar.querySelectorAll("option")) {
    const [name, fits] = KINDS[option.value], text = `${name} (${workloads.filter((w) => fits(w.case, w)).length})`;
    if (option.textContent !== text) option.textContent = text;
  }
  return fleet.bar;
}
// One page of them, and the way to the others.
function paged(kind, all, one) {
  const size = PAGE_OF[kind], last = Math.max(0, Math.ceil(all.length / size) - 1), page = fleet[kind] = Math.min(fleet[kind], last);
  const shown = all.slice(page * size, (page + 1) * size).map(one);
  if (!last) return [shown, null];
  const step = (text, to) => {
    const there = to >= 0 && to <= last;
    const button = el("button", { type: "button", "data-key": `${kind}-${text}`, disabled: there ? null : "", text, "aria-label": `${text}: ${kind}` });
    button.addEventListener("click", () => { fleet[kind] = to; draw(); });
    return button;
  };
  return [shown, el("nav", { class: "pager", "aria-label": `Pages of ${kind}` }, step("Previous", page - 1),
    el("span", { class: "small", text: `${page * size + 1}–${Math.min(all.length, (page + 1) * size)} of ${all.length}` }), step("Next", page + 1))];
}

function workloadCard(w) {
  const c = w.case, tone = c ? (c.needsPerson ? "bad" : TONES[c.phase]) : "";
  const inner = [
    el("div", { class: "line" }, el("span", { class: "name", text: w.name }), c ? phase(c) : el("span", { class: "pill", text: "No rollout seen" })),
    c && c.needsPerson ? el("div", { class: "needs", text: "Needs a person" }) : null,
    el("div", { class: "small", text: `${w.namespace} · ${revision(w.revision)}` }),
    el("div", { class: "small", text: `${w.podsReady} of ${w.pods} pods ready` }),
    w.mode && w.mode !== "automatic" ? el("div", { class: "small", text: `mode: ${w.mode}` }) : null,
    w.paused ? el("div", { class: "small strong", text: w.paused }) : null,
    el("div", { class: "reason", text: c ? c.plain : "The first rollout from now on opens a case." }),
    c && c.trouble ? el("div", { class: "reason small", text: c.trouble }) : null,
  ];
  const options = { class: `card workload ${tone}` };
  return el("li", {}, c ? el("a", { ...options, href: caseLink(c) }, inner) : el("div", options, inner));
}
function caseRow(c) {
  const what = [el("div", { class: "name", text: c.workload }),
    el("div", { class: "small", text: `${revision(c.revision)}${c.subject ? ` · ${c.subject}` : c.target ? ` → ${c.target.tag}` : ""}` })];
  return el("li", {}, el("a", { class: "row", href: caseLink(c) }, el("div", {}, phase(c)), el("div", { class: "what" }, what),
    el("div", { class: "reason small", text: c.trouble || c.plain }), el("div", { class: "when" }, ago(c.openedAt))));
}
function drawList() {
  const status = state.data.status, cases = state.data.cases;
  if (!status || !cases) return [el("h1", { id: "title", tabindex: "-1", text: "Rollouts under guard" }), empty("Waiting for the daemon's first answer …")];
  const fits = KINDS[fleet.show][1];
  const workloads = status.workloads.filter((w) => fits(w.case, w) && matches(about(w)))
    .sort((a, b) => rank(a) - rank(b) || (by(a) < by(b) ? -1 : 1));
  const rows = cases.filter((c) => matches([`${c.namespace}/${c.workload}`, c.name, revision(c.revision), phaseWords(c), c.plain, c.reason].join(" ")));
  const waiting = status.workloads.filter((w) => w.case && w.case.needsPerson).length, all = status.workloads.length;
  const [cards, pages] = paged("workloads", workloads, workloadCard), [lines, morePages] = paged("cases", rows, caseRow);
  return [
    el("h1", { id: "title", tabindex: "-1", text: "Rollouts under guard" }),
    el("p", { class: `verdict ${waiting ? "needs" : ""}`, role: "status", text: waiting ? `${waiting} of ${all} workloads ${waiting === 1 ? "needs" : "need"} a person.` : "No workload needs a person." }),
    filterBar(status.workloads),
    el("h2", { text: "Workloads" }, el("span", { class: "faint", text: workloads.length === all ? String(all) : `${workloads.length} of ${all}` })),
    cards.length ? el("ul", { class: "workloads" }, cards) : empty(all ? "No workload fits the filter." :
      "No guarded Deployment exists in the watched namespaces. Which ones are guarded is decided in the settings."),
    pages,
    ...section("Cases", lines.length ? el("ul", { class: "card rows" }, lines) : empty(cases.length ? "No case fits the filter." :
      "No case yet: a case opens when a guarded Deployment gets a new revision."), "one for each rollout, the newest first"),
    morePages,
    ...(status.unmatched.length ? section("Alerts that concern no guarded workload", unmatched(status.unmatched), "the newest few") : []),
  ].filter(Boolean);
}
function unmatched(items) {
  return list(items.map((a) => item("?", "idle", `${a.name || "(unnamed alert)"} · ${a.status}`,
    `${clock(a.seenAt)}${a.times > 1 ? `, ${a.times} times` : ""} · ${a.reason}`)));
}
