"use strict";
// Everything that comes from the API reaches the document as text, never as markup.
const PERIOD = 1000, PATIENCE = 5000;
const TONES = {
  Progressing: "busy", Watching: "busy", Failing: "bad", AwaitingApproval: "warn", Held: "warn", RollingBack: "bad",
  Verifying: "busy", Healthy: "good", RolledBack: "good", Unrecovered: "bad", Superseded: "idle", Advised: "warn",
};
const MEANINGS = {
  Progressing: "The rollout is under way; the new pods' own traffic is judged already.",
  Watching: "The rollout is complete; the new revision is watched.",
  Failing: "The new revision is failing; it is decided what to do.",
  AwaitingApproval: "A rollback is wanted and waits for a person: rollbackd approve CASE.",
  Held: "The revision is failing, and the daemon does not act by itself; the reason says why.",
  RollingBack: "The rollback is under way.",
  Verifying: "Rolled back; it is being proven that the service has recovered.",
  Healthy: "The watch ended without anything against the revision.",
  RolledBack: "Rolled back, and the recovery is proven.",
  Unrecovered: "Rolled back, and the service has not recovered: a person must look.",
  Superseded: "A newer revision took over.",
  Advised: "A rollback is advised; the daemon is set not to act.",
};
// Of configuration that was changed with no rollout.
const IN_PLACE = {
  Progressing: "The change is reaching the pods that read it.",
  Watching: "Every pod sees the change that can see it; they are watched.",
  Failing: "The pods are failing; it is decided what to do.",
  AwaitingApproval: "The configuration would be restored, which waits for a person: rollbackd approve CASE.",
  Held: "The pods are failing, and the daemon does not act by itself; the reason says why.",
  RollingBack: "The configuration is being restored.",
  Verifying: "Restored; it is being proven that the service has recovered.",
  Healthy: "The watch ended without anything against the change.",
  RolledBack: "The configuration is restored, and the recovery is proven.",
  Unrecovered: "The service has not recovered: a person must look.",
  Superseded: "Something else took over, or it was changed again.",
  Advised: "It is advised to restore the configuration; the daemon is set not to act.",
};
const VERDICTS = { healthy: "good", unknown: "idle", degraded: "warn", failing: "bad" };
const WORDS = { AwaitingApproval: "Awaiting approval", RollingBack: "Rolling back", RolledBack: "Rolled back" };
const RESTORING = { ...WORDS, RollingBack: "Restoring", RolledBack: "Restored" };
const state = { at: null, since: Date.now(), error: null, missing: null, skew: 0, texts: {}, data: {}, stranger: null };

function el(tag, options, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options || {})) {
    if (value === undefined || value === null) continue;
    if (key === "class") node.className = value; else if (key === "text") node.textContent = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}
const pad = (n) => String(n).padStart(2, "0");
function clock(time) {
  const d = new Date(time);
  return isNaN(d) ? "–" : `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}
function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}
function ago(time) { return el("span", { "data-ago": time, title: new Date(time).toLocaleString() }); }
function drawAges() {
  const now = Date.now() + state.skew;
  for (const node of document.querySelectorAll("[data-ago]")) {
    const text = span((now - new Date(node.dataset.ago)) / 1000).split(" ").slice(0, 2).join(" ") + " ago";
    if (node.textContent !== text) node.textContent = text;
  }
}
function offset(seconds) {
  const sign = seconds < 0 ? "−" : "+", s = Math.abs(seconds);
  return sign + (s < 60 ? `${s.toFixed(1)} s` : span(s));
}
function phase(summary) {
  if (summary.trouble) return el("span", { class: "pill bad", text: "Not well", title: "Its pods are not well, though no rollout is under way. The daemon does nothing about it." });
  const unproven = summary.phase === "Healthy" && summary.finished && !summary.proven;
  const words = summary.subject ? RESTORING : WORDS, meanings = summary.subject ? IN_PLACE : MEANINGS;
  const text = (words[summary.phase] || summary.phase) + (unproven ? " (unproven)" : "");
  const title = unproven ? "Nothing spoke against the revision, but its traffic was not enough to prove it healthy." :
    meanings[summary.phase];
  return el("span", { class: `pill ${unproven ? "idle" : TONES[summary.phase] || ""}`, text, title });
}
function caseLink(c) { return `#/cases/${encodeURIComponent(c.namespace)}/${encodeURIComponent(c.name)}`; }
function revision(r) { return r ? `revision ${r.number} · ${r.tag}` : "no revision yet"; }

function banner(tone, title, lines) {
  return el("div", { class: `banner ${tone}`, role: "alert" }, el("strong", { text: title }),
    lines.length ? el("ul", {}, lines.map((text) => el("li", { text }))) : null);
}
function drawBanners() {
  const out = [], status = state.data.status, lost = Date.now() - (state.at || state.since) > PATIENCE;
  if (lost) {
    const lines = [state.error || "no answer"];
    if (state.at) lines.push("What is shown below is the last answer, not the present.");
    out.push(banner("bad", state.at ? `Not connected since ${clock(state.at)}` : "Not connected", lines));
  } else if (state.error) out.push(banner("warn", "The daemon cannot answer yet", [state.error]));
  if (status) {
    const lines = [...status.unready, ...status.problems.filter((p) => !status.unready.includes(p))];
    if (!status.alive) lines.unshift("The daemon's own loops have stopped; the kubelet should restart it.");
    if (lines.length) out.push(banner(status.alive ? "warn" : "bad", status.ready ? "Problems" : "Not ready", lines));
    document.getElementById("version").textContent = status.version;
  }
  drawVisitor(state.stranger ? null : status);
  const follows = status && status.follows ? ` · this replica follows ${status.follows}` : "";
  const text = lost ? "not connected" : state.at ? `live · ${clock(state.at)}${follows}` : "connecting …";
  document.getElementById("link").textContent = text;
  document.getElementById("dot").className = `dot ${lost ? "bad" : state.error ? "warn" : state.at ? "good" : ""}`;
  const key = out.map((node) => node.textContent).join("\n"), box = document.getElementById("banners");
  if (box.dataset.key !== key) { box.dataset.key = key; box.replaceChildren(...out); }
}

function workloadCard(w) {
  const c = w.case, tone = c ? (c.trouble ? "bad" : TONES[c.phase]) : "";
  const inner = [
    el("div", { class: "line" }, el("span", { class: "name", text: w.name }),
      c ? phase(c) : el("span", { class: "pill", text: "No rollout seen" })),
    el("div", { class: "small clip", text: `${w.namespace} · ${revision(w.revision)}`, title: w.revision && w.revision.image }),
    el("div", { class: "small clip", text: `${w.podsReady} of ${w.pods} pods ready`, title: `rollout: ${w.rollout}` }),
    el("div", { class: "reason", text: c ? c.trouble || c.reason || "No reason yet." : "The first rollout from now on opens a case." }),
  ];
  if (w.mode && w.mode !== "automatic") inner.splice(3, 0, el("div", { class: "small", text: `mode: ${w.mode}` }));
  const options = { class: `card workload ${tone}` };
  return c ? el("a", { ...options, href: caseLink(c) }, inner) : el("div", options, inner);
}
function caseRow(c) {
  const what = [el("div", { class: "clip name", text: c.workload }),
    el("div", { class: "small clip", text: `${revision(c.revision)}${c.subject ? ` · ${c.subject}` : c.target ? ` → ${c.target.tag}` : ""}`, title: c.revision.image })];
  return el("a", { class: "row", href: caseLink(c) }, el("div", {}, phase(c)), el("div", { class: "what" }, what),
    el("div", { class: "reason small", text: c.trouble || c.reason, title: c.trouble || c.reason }), el("div", { class: "when" }, ago(c.openedAt)));
}
function drawList() {
  const status = state.data.status, cases = state.data.cases;
  if (!status || !cases) return [el("div", { class: "card empty", text: "Waiting for the daemon's first answer …" })];
  const workloads = status.workloads.map(workloadCard);
  return [
    el("h1", { text: "Rollouts under guard" }),
    el("h2", { text: "Workloads" }, el("span", { class: "faint", text: String(workloads.length) })),
    workloads.length ? el("div", { class: "workloads" }, workloads) : el("div", { class: "card empty",
      text: "No guarded Deployment exists in the watched namespaces. Which ones are guarded is decided in the settings." }),
    el("h2", { text: "Cases" }, el("span", { class: "faint", text: "one for each rollout, the newest first" })),
    el("div", { class: "card rows" }, cases.length ? cases.map(caseRow) :
      el("div", { class: "empty", text: "No case yet: a case opens when a guarded Deployment gets a new revision." })),
    ...(status.unmatched.length ? section("Alerts that concern no guarded workload", unmatched(status.unmatched), "the newest few") : []),
  ];
}

function rate(r, limit) {
  if (r.rate === null) return el("td", { class: "rate faint", text: "no requests" });
  const full = Math.max(limit * 2, r.rate, 1e-9), fill = el("i", { class: r.rate > limit ? "over" : r.bad ? "" : "none" });
  fill.style.width = `${100 * r.rate / full}%`;
  const mark = el("u", { title: "the limit" });
  mark.style.left = `${100 * limit / full}%`;
  return el("td", { class: "rate" }, el("b", { text: `${Number((100 * r.rate).toPrecision(3))} %` }),
    el("div", { class: "small", text: `${Math.round(r.bad)} of ${Math.round(r.total)}`, title: `counted from ${r.scrapes} scrapes` }),
    el("div", { class: "bar" }, fill, mark));
}
function strength(power, words, against) {
  return el("td", { class: "rate", title: `10^${power.toFixed(1)}: a bet against “${against}” would have multiplied its stake by that much` },
    el("div", { text: words }), power > 0 ? el("div", { class: "small mono", text: `10^${power.toFixed(1)}` }) : null);
}
function evidence(d) {
  const rows = d.evidence.map((s) => el("tr", {},
    el("td", {}, el("div", { class: "name", text: s.title }), el("span", { class: `pill ${VERDICTS[s.verdict] || ""}`, text: s.verdict })),
    rate(s.new, s.limit), rate(s.old, s.limit), rate(s.before, s.limit), el("td", { class: "rate", text: s.limitText }),
    strength(s.overLimit, s.overLimitWords, "the rate is within the limit"),
    strength(s.overBaseline, s.overBaselineWords, "the rate is no worse than before"),
    el("td", { class: "small", text: s.reason })));
  const heads = [["Signal"], ["New revision", "The new revision's pods, since they started"],
    ["Old pods", "The other revisions' pods beside them"], ["Before", "The time before"],
    ["Limit", "What the operator allows; the dark mark on the bars"],
    ["Over the limit", "How strong the evidence is that the rate is over the limit"],
    ["Worse than before", "How strong the evidence is that the rate is worse than the baseline's"], ["Finding"]];
  return rows.length ? el("div", { class: "card stacked" },
    el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, heads.map(([text, title]) => el("th", { text, title })))),
      el("tbody", {}, rows))),
    el("div", { class: "legend", text: "“1,600 to 1” (10^3.2) reads: a revision that is well would show this much at most once in " +
      "1,600 rollouts, however often one looks. Both kinds must be strong before the revision is called failing. “none” means that " +
      "the numbers speak for the revision, or that there are too few." })) :
    el("div", { class: "card empty", text: "Nothing was measured yet." });
}
function timeline(d) {
  return d.timeline.length ? el("ol", { class: "card time" }, d.timeline.map((m) => el("li", { class: TONES[m.phase] },
    el("div", { class: "small" }, el("span", { class: "mono", text: clock(m.at), title: new Date(m.at).toLocaleString() }),
      ` · ${offset(m.offset)} · ${WORDS[m.phase] || m.phase}`),
    el("div", { text: m.text })))) : el("div", { class: "card empty", text: "Nothing happened yet." });
}
function list(items) { return el("ul", { class: "card list" }, items); }
function item(mark, tone, title, text) {
  return el("li", {}, el("span", { class: `mark ${tone}`, text: mark }), el("div", {}, el("div", { text: title }),
    text ? el("div", { class: "small", text }) : null));
}
function verification(v) {
  if (!v) return el("div", { class: "card empty", text: "Not reached: recovery is verified after a rollback." });
  const items = v.conditions.map((c) => c.holds === true ? item("✓", "good", c.name, c.detail) :
    c.holds === false ? item("✗", "bad", c.name, c.detail) : item("?", "idle", c.name, c.detail || "not known yet"));
  if (v.contradicted) items.push(item("✗", "bad", "still failing", v.contradicted));
  return list(items);
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
  return list(items.map((a) => item(a.status === "firing" ? "!" : "✓", a.status === "firing" ? "bad" : "good",
    `${a.name || "(unnamed alert)"}${a.severity ? ` · ${a.severity}` : ""} · ${a.status}`,
    `since ${clock(a.startsAt)}${a.endsAt ? `, ended ${clock(a.endsAt)}` : ""}${a.summary ? ` · ${a.summary}` : ""}`)));
}
function unmatched(items) {
  return list(items.map((a) => item("?", "idle", `${a.name || "(unnamed alert)"} · ${a.status}`,
    `${clock(a.seenAt)}${a.times > 1 ? `, ${a.times} times` : ""} · ${a.reason}`)));
}
function leftOut(status) {
  const lines = [];
  if (status.alertsLeftOut) lines.push(item("…", "idle", `${status.alertsLeftOut} more reports of firing alerts`, "that decide nothing, and are not kept one by one"));
  for (const name of status.alertsLost || []) lines.push(item("!", "bad", `${name}: too many fire to keep each`, "whether all are resolved is not known"));
  return lines.length ? list(lines) : null;
}
function fact(name, value) { return value ? el("div", {}, el("dt", { text: name }), el("dd", {}, value)) : null; }
function section(title, node, note) {
  return [el("h2", { text: title }, note ? el("span", { class: "faint", text: note }) : null), node];
}
function drawCase() {
  const back = el("a", { class: "back", href: "#/", text: "← all rollouts" });
  if (state.missing) return [back, el("div", { class: "card empty", text: state.missing })];
  const d = state.data.detail;
  if (!d) return [back, el("div", { class: "card empty", text: "Waiting for the case …" })];
  const s = d.summary, status = d.case.status, a = status.assessment;
  const verdict = el("span", { class: `pill ${VERDICTS[s.verdict] || ""}`, text: s.verdict, title: "The judge's verdict on the revision" });
  return [
    back,
    el("div", { class: "head" }, el("h1", { text: `${s.workload} · ${s.subject || `revision ${s.revision.number}`}` }), phase(s), verdict),
    el("div", { class: "card pad" }, s.trouble ? el("div", { class: "verdict", text: `Not well, and no rollout is under way: ${s.trouble}` }) : null,
      el("div", { class: "verdict", text: s.reason || "No reason yet." }),
      a && a.attributionReason ? el("div", { class: "small", text: `Attribution: ${a.attribution}, ${a.attributionReason}` }) : null,
      el("dl", { class: "facts" }, fact("Image", s.revision.image), fact("Rolled back to", !s.subject && s.target && `${s.target.tag} (${s.target.hash})`), fact("Owned by", s.owner),
        fact("Change", d.case.spec.change), fact("Change cause", s.revision.changeCause), fact("Namespace", s.namespace),
        fact(s.subject ? "Changed" : "Rollout began", ago(s.startedAt)), fact("Took", s.finishedAt && span((new Date(s.finishedAt) - new Date(s.startedAt)) / 1000)),
        fact("Case", s.name)), actions(s, d.actions || [])),
    ...section("Evidence", evidence(d)),
    a && a.facts.length ? list(a.facts.map((f) => item("!", "bad", f.kind, f.detail))) : null,
    ...section("Evidence over time", stories(d.explanation, document.getElementById("view").clientWidth)),
    el("div", { class: "cols" },
      el("div", {}, section("Timeline", timeline(d), `times since ${d.explanation.beginning}`),
        section("Message", el("pre", { class: "card", text: d.message }), "what the stakeholders get")),
      el("div", {}, section("Verified recovery", verification(status.verification)),
        (status.effects || []).length ? section("Acts", effects(status.effects)) : [],
        (status.alerts || []).length ? section("Alerts", alerts(status.alerts)) : [], leftOut(status))),
  ].filter(Boolean);
}

function route() {
  const parts = location.hash.split("/").slice(1);
  return parts[0] === "cases" && parts.length === 3 ? parts.slice(1).map(decodeURIComponent) : null;
}
async function get(key, path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(4000), cache: "no-store" });
  const text = await response.text();
  if (!response.ok) {
    // Only where a token is asked for is there a form for it; a proxy logs people in by itself.
    const login = (response.headers.get("WWW-Authenticate") || "").startsWith("Bearer");
    throw Object.assign(new Error(reasonIn(text) || `HTTP ${response.status}`), { status: response.status, login });
  }
  const changed = state.texts[key] !== text;
  if (changed) { state.texts[key] = text; state.data[key] = JSON.parse(text); }
  return changed;
}
let drawn = null;
function draw() {
  const wanted = route();
  if (state.stranger) {
    document.getElementById("view").replaceChildren(loginForm());
    document.title = "Log in · rollbackd";
    return;
  }
  const focused = document.activeElement;
  document.getElementById("view").replaceChildren(...(wanted ? drawCase() : drawList()));
  if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  document.title = wanted ? `${wanted[1]} · rollbackd` : "rollbackd";
}
async function refresh() {
  const wanted = route(), key = wanted ? wanted.join("/") : "";
  if (key !== drawn) { drawn = key; delete state.data.detail; delete state.texts.detail; state.missing = null; draw(); }
  try {
    const listed = state.texts.list;
    await get("status", "api/status");
    state.skew = new Date(state.data.status.now) - Date.now();
    let changed;
    if (wanted) changed = await get("detail", `api/cases/${wanted.map(encodeURIComponent).join("/")}`);
    else changed = await get("cases", "api/cases");
    state.texts.list = JSON.stringify([state.data.status.workloads, state.data.status.unmatched]);
    state.at = Date.now(); state.error = null;
    const entered = state.stranger; state.stranger = null;
    if (route() && key !== route().join("/")) return;
    if (changed || entered || state.missing || (!wanted && listed !== state.texts.list)) { state.missing = null; draw(); }
  } catch (error) {
    if (!error.status) {
      state.error = "The daemon does not answer: it is stopped or restarting, or the connection is down.";
      return;
    }
    // An answer, if not the wanted one: the connection itself is fine.
    state.at = Date.now();
    if (error.status === 401 && error.login) { stranger(error.message); return; }
    state.error = error.status === 404 && wanted ? null : error.message;
    if (error.status === 404 && wanted && state.missing !== error.message) { state.missing = error.message; draw(); }
  }
}
async function loop() {
  await refresh();
  drawBanners(); drawAges();
  setTimeout(loop, document.hidden ? 5 * PERIOD : PERIOD);
}
let width = innerWidth;
// Pictures are drawn as wide as they are shown, so that their letters keep their size.
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; draw(); drawAges(); } });
addEventListener("hashchange", () => refresh().then(() => { drawBanners(); drawAges(); }));
loop();
