"use strict";
// One case: what came of it in plain words, then how it went and whether it recovered, and the statistics last.
function rate(r, limit, label) {
  if (r.rate === null) return el("td", { class: "rate faint", "data-label": label, text: "no requests" });
  const full = Math.max(limit * 2, r.rate, 1e-9), fill = el("i", { class: r.rate > limit ? "over" : r.bad ? "" : "none" });
  fill.style.width = `${100 * r.rate / full}%`;
  const mark = el("u", {});
  mark.style.left = `${100 * limit / full}%`;
  return el("td", { class: "rate", "data-label": label }, el("b", { text: share(r.rate) }),
    el("div", { class: "small", text: `${Math.round(r.bad)} of ${Math.round(r.total)}` }), el("div", { class: "bar", "aria-hidden": "true" }, fill, mark));
}
function strength(power, words, label) {
  return el("td", { class: "rate", "data-label": label }, el("div", { text: words }), power > 0 ? el("div", { class: "small mono", text: `10^${power.toFixed(1)}` }) : null);
}
const HEADS = ["Signal", "New revision", "Old pods", "Before", "Limit", "Over the limit", "Worse than before", "Finding"];
function evidence(d) {
  if (!d.evidence.length) return empty("Nothing was measured yet.");
  const [, fresh, old, before, limit, over, worse, finding] = HEADS;
  const rows = d.evidence.map((s) => el("tr", {},
    el("th", { scope: "row" }, el("div", { class: "name", text: s.title }), el("span", { class: `pill ${VERDICTS[s.verdict] || ""}`, text: s.verdict })),
    rate(s.new, s.limit, fresh), rate(s.old, s.limit, old), rate(s.before, s.limit, before),
    el("td", { class: "rate", "data-label": limit, text: s.limitText }), strength(s.overLimit, s.overLimitWords, over),
    strength(s.overBaseline, s.overBaselineWords, worse), el("td", { class: "small", "data-label": finding, text: s.reason })));
  return el("div", { class: "card stacked" },
    el("table", { class: "evidence" }, el("thead", {}, el("tr", {}, HEADS.map((text) => el("th", { text, scope: "col" })))), el("tbody", {}, rows)),
    el("div", { class: "legend", text: "New revision: its pods since they started. Old pods: other revisions' pods beside them. Before: the time before. " +
      "The dark mark on a bar is the limit. “1,600 to 1” (10^3.2) reads: a revision that is well would show this much at most once in " +
      "1,600 rollouts, however often one looks. Both kinds must be strong before the revision is called failing. “none” means that " +
      "the numbers speak for the revision, or that there are too few." }));
}
function timeline(d) {
  return d.timeline.length ? el("ol", { class: "card time" }, d.timeline.map((m) => el("li", { class: TONES[m.phase] },
    el("div", { class: "small" }, el("time", { class: "mono", datetime: m.at, text: clock(m.at) }), ` UTC · ${offset(m.offset)} · ${phaseWords({ ...d.summary, phase: m.phase })}`),
    el("div", { text: m.text })))) : empty("Nothing happened yet.");
}
function verification(v) {
  if (!v) return empty("Not reached: recovery is verified after a rollback.");
  const items = v.conditions.map((c) => c.holds === true ? item("✓", "good", c.name, c.detail) :
    c.holds === false ? item("✗", "bad", c.name, c.detail) : item("?", "idle", c.name, c.detail || "not known yet"));
  if (v.contradicted) items.push(item("✗", "bad", "still failing", v.contradicted));
  return list(items);
}
// What the release changed in the pod template, where the case has it.
function differences(found) {
  if (!found) return null;
  const lines = found.lines && found.lines.length ? [...found.lines] : ["nothing in the pod template"];
  if (found.leftOut) lines.push(`and ${found.leftOut} more`);
  return el("ul", { class: "card list plain" }, lines.map((text) => el("li", { class: "mono", text })));
}
function effects(items) {
  const notified = {}, rest = [];
  for (const e of items) {
    if (e.kind === "publish" && e.finishedAt && e.outcome === "done") (notified[e.sink] = notified[e.sink] || []).push(e); else rest.push(e);
  }
  return list([...rest.map(effect), ...Object.entries(notified).map(([sink, all]) => {
    const last = all[all.length - 1], times = all.length === 1 ? "once" : `${all.length} times`;
    return item("✓", "good", `incident → ${sink}`, `notified ${times}, last “${last.stage}” ${clock(last.finishedAt)} · ${last.detail}`);
  })]);
}
function effect(e) {
  const what = e.kind === "publish" ? `incident ${e.stage} → ${e.sink}` : e.kind;
  if (!e.finishedAt) return item("…", "idle", what, `intended ${clock(e.intendedAt)}, not finished. ${e.detail || ""}`);
  return item(e.outcome === "done" ? "✓" : "✗", e.outcome === "done" ? "good" : "bad", what,
    `${clock(e.finishedAt)} · ${e.outcome || "finished"}${e.detail ? ` · ${e.detail}` : ""}`);
}
function alerts(items) {
  return list(items.map((a) => item("!", a.status === "firing" ? "bad" : "good",
    `${a.name || "(unnamed alert)"}${a.severity ? ` · ${a.severity}` : ""} · ${a.status}`,
    `since ${clock(a.startsAt)}${a.endsAt ? `, ended ${clock(a.endsAt)}` : ""}${a.summary ? ` · ${a.summary}` : ""}`)));
}
function leftOut(status) {
  const lines = [];
  if (status.alertsLeftOut) lines.push(item("…", "idle", `${status.alertsLeftOut} more reports of firing alerts`, "that decide nothing, and are not kept one by one"));
  for (const name of status.alertsLost || []) lines.push(item("!", "bad", `${name}: too many fire to keep each`, "whether all are resolved is not known"));
  return lines.length ? list(lines) : null;
}
function fact(name, value) { return value ? el("div", {}, el("dt", { text: name }), el("dd", {}, value)) : null; }
function summaryCard(d) {
  const s = d.summary, a = d.case.status.assessment;
  return el("section", { class: `card pad told ${s.needsPerson ? "bad" : TONES[s.phase] || ""}`, "aria-label": "What came of it" },
    el("p", { class: "verdict", id: "plain", text: s.plain }),
    s.trouble ? el("p", { class: "small", text: s.trouble }) : null,
    el("p", { class: "small", text: s.reason ? `Reason: ${s.reason}` : "No reason yet." }),
    a && a.attributionReason ? el("p", { class: "small", text: `Attribution: ${a.attribution}, ${a.attributionReason}` }) : null,
    el("dl", { class: "facts" }, fact("Image", s.revision.image), fact(d.case.status.patchedAt ? "Rolled back to" : "To return to", !s.subject && s.target && `${s.target.tag} (${s.target.hash})`), fact("Owned by", s.owner),
      fact("Change", d.case.spec.change), fact("Change cause", s.revision.changeCause), fact("Namespace", s.namespace),
      fact(s.subject ? "Changed" : "Rollout began", `${iso(s.startedAt).slice(0, 19).replace("T", " ")} UTC`), fact("Took", s.finishedAt && span((new Date(s.finishedAt) - new Date(s.startedAt)) / 1000)),
      fact("Judge's verdict", s.verdict), fact("Case", s.name)));
}
function drawCase() {
  const back = el("a", { class: "back", href: "#/", text: "← all rollouts" });
  if (state.missing) return [back, el("h1", { id: "title", tabindex: "-1", text: "No such case" }), empty(state.missing)];
  const d = state.data.detail;
  if (!d) return [back, el("h1", { id: "title", tabindex: "-1", text: "Case" }), empty("Waiting for the case …")];
  const s = d.summary, status = d.case.status, a = status.assessment, changed = differences(status.differences);
  return [
    back,
    el("div", { class: "report", text: `Incident report · ${s.namespace}/${s.workload} · ${s.name} · as of ${iso(state.data.status.now).slice(0, 16).replace("T", " ")} UTC · rollbackd ${state.data.status.version}` }),
    el("div", { class: "head" }, el("h1", { id: "title", tabindex: "-1", text: `${s.workload} · ${s.subject || `revision ${s.revision.number}`}` }), phase(s)),
    summaryCard(d),
    actions(d),
    el("div", { class: "cols" },
      el("div", {}, section("Timeline", timeline(d), `times since ${d.explanation.beginning}`)),
      el("div", {}, section("Verified recovery", verification(status.verification)),
        changed ? section("What the release changed", changed, `since revision ${status.differences.since}`) : [],
        a && a.facts.length ? section("Facts against the revision", list(a.facts.map((f) => item("!", "bad", f.kind, f.detail)))) : [],
        (status.effects || []).length ? section("Acts", effects(status.effects)) : [],
        (status.alerts || []).length ? section("Alerts", alerts(status.alerts)) : [], leftOut(status))),
    folded("statistics", "Details: the statistics behind the verdict", "statistics", section("Evidence", evidence(d)),
      section("Evidence over time", stories(d.explanation, document.getElementById("view").clientWidth))),
    ...section("Message", el("pre", { class: "card", text: d.message }), "what the stakeholders get"),
  ].filter(Boolean);
}
