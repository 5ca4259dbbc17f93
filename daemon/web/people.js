"use strict";
// Who looks at the page, and what they may do: the login, and the buttons of a case.
const MARK = { "X-Rollbackd": "1", "Content-Type": "application/json" };

function reasonIn(text) {
  try { return JSON.parse(text).error || ""; } catch { return ""; /* not ours: the status says enough */ }
}
async function post(path, body) {
  const response = await fetch(path, { method: "POST", headers: MARK, body: JSON.stringify(body), cache: "no-store",
    signal: AbortSignal.timeout(20000) });
  const text = await response.text();
  if (!response.ok) throw new Error(reasonIn(text) || `HTTP ${response.status}`);
  return JSON.parse(text);
}
async function again() {
  await refresh();
  listen(); drawBanners(); drawAges();
}

// Whatever was shown is a visitor's no more.
function stranger(reason) {
  state.data = {}; state.texts = {}; state.error = null;
  decide(false); desk.of = "";
  if (state.stranger === reason) return;
  state.stranger = reason;
  draw();
}
// The same one until somebody has entered: what is typed into it stays, whatever else is drawn anew.
const entry = { form: null, said: null, reason: "" };
function loginForm() {
  if (!entry.form) Object.assign(entry, formOf(), { reason: "" });
  if (entry.reason !== state.stranger) entry.said.textContent = entry.reason = state.stranger;
  return entry.form;
}
function formOf() {
  const token = el("textarea", { id: "token", name: "token", rows: "5", autocomplete: "off", spellcheck: "false", required: "" });
  const said = el("div", { class: "small said", role: "alert" });
  const button = el("button", { type: "submit", text: "Log in" });
  const form = el("form", { class: "card pad login" }, el("h1", { text: "Log in" }),
    el("label", { class: "small", for: "token", text: "A token of the cluster: what it may list is shown, what it may patch can be approved, held, rolled back and paused." }),
    el("pre", { text: "kubectl create token NAME -n NAMESPACE" }), token, button, said);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await post("api/login", { token: token.value });
      token.value = "";
      await again();
    } catch (error) { said.textContent = error.message; }
    button.disabled = false;
  });
  return { form, said };
}
function drawVisitor(status) {
  const box = document.getElementById("visitor"), name = status ? status.visitor : "";
  const key = name && `${status.login} ${name}`;
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  const leave = el("button", { type: "button", class: "quiet", text: "Log out" });
  leave.addEventListener("click", async () => { await post("api/logout", {}).catch(() => null); await again(); });
  box.replaceChildren(...(name ? [el("span", { text: name }), status.login === "token" ? leave : ""] : []));
}

// Ask before something is done. The question says to what, and from what to what.
let decide = () => {};
function fillQuestion(...texts) {
  ["question", "meaning", "yes"].forEach((id, i) => { document.getElementById(id).textContent = texts[i]; });
}
function asked(question, meaning, text) {
  const dialog = document.getElementById("ask");
  fillQuestion(question, meaning, text);
  return new Promise((answered) => {
    decide = (answer) => { decide = () => {}; dialog.close(); fillQuestion("", "", ""); answered(answer); };
    dialog.showModal();
    document.getElementById("no").focus();
  });
}
document.getElementById("yes").addEventListener("click", () => decide(true));
document.getElementById("no").addEventListener("click", () => decide(false));
document.getElementById("ask").addEventListener("cancel", (event) => { event.preventDefault(); decide(false); });

// The page is drawn anew at each change: what somebody is typing stays, and so does the answer.
const desk = { of: "", key: "", node: null, reason: null, said: null, link: null };
function actions(d) {
  const s = d.summary, of = `${s.namespace}/${s.name}`, allowed = d.actions || [], hand = d.byHand;
  if (desk.of !== of) {
    Object.assign(desk, { of, key: "", said: el("p", { class: "small said", role: "status" }),
      reason: el("input", { id: "why", type: "text", maxlength: "500" }) });
  }
  const key = JSON.stringify([allowed, hand, s.target]);
  if (desk.key !== key) Object.assign(desk, { key, node: allowed.length || hand ? deskOf(d, allowed, hand) : null });
  return desk.node;
}
function deskOf(d, allowed, hand) {
  const s = d.summary, rows = [];
  if (allowed.length) {
    rows.push(el("div", { class: "actions" }, el("label", { for: "why", text: "Why (goes into the timeline)" }), desk.reason,
      allowed.map((action) => action === "approve" ? approval(s) : holding(s))));
  }
  if (hand) rows.push(el("div", { class: "actions" }, returning(s, hand)), el("div", { class: "actions" }, pausing(s, hand)));
  return el("section", { class: "card pad desk", "aria-label": "What you can do" }, rows, desk.said);
}
const ofCase = (s, action) => `api/cases/${encodeURIComponent(s.namespace)}/${encodeURIComponent(s.name)}/${action}`;
const ofWorkload = (s, action) => `api/workloads/${encodeURIComponent(s.namespace)}/${encodeURIComponent(s.workload)}/${action}`;
// A button that asks `question()` and then posts `body()`.
function doing(kind, text, question, path, body) {
  const button = el("button", { type: "button", class: kind, "data-key": `do-${kind}`, text });
  button.addEventListener("click", async () => {
    const [title, meaning] = question(), sent = desk.link ? { ...body(), link: desk.link } : body();
    desk.link = null;
    if (!await asked(title, meaning, text)) { button.focus(); return; }
    button.disabled = true;
    try { desk.said.textContent = (await post(path, sent)).done; } catch (error) { desk.said.textContent = error.message; }
    button.disabled = false;
    await again();
  });
  return button;
}
// A message's link asks the same question as the button, once; what it proves goes along, and the server decides.
function followed() {
  const given = new URLSearchParams(location.hash.split("?")[1] || ""), until = Number(given.get("until"));
  return given.get("sig") && until ? { action: given.get("do"), link: { until, sig: given.get("sig") } } : null;
}
function follow() {
  const wanted = followed();
  if (!wanted || !desk.node) return;
  history.replaceState(null, "", location.hash.split("?")[0]);
  const button = desk.node.querySelector(`[data-key="do-${wanted.action}"]`);
  if (!["approve", "hold"].includes(wanted.action) || !button) {
    desk.said.textContent = "What the link was for cannot be done now, or not by you: decide by what is said here.";
    return;
  }
  desk.link = wanted.link;
  button.click();
}
function approval(s) {
  const goal = s.subject ? "what was there before" : s.target ? named(s.target) : "the newest revision that is known good";
  return doing("approve", "Approve the rollback", () => [`Roll ${s.namespace}/${s.workload} back to ${goal}?`,
    `From ${s.subject || named(s.revision)}. The daemon does it, and verifies the recovery.`], ofCase(s, "approve"), () => ({ reason: desk.reason.value }));
}
function holding(s) {
  return doing("hold", "Hold", () => [`Keep the daemon from rolling ${s.namespace}/${s.workload} back?`,
    `${named(s.revision)} stays as it is until somebody approves.`], ofCase(s, "hold"), () => ({ reason: desk.reason.value }));
}
function returning(s, hand) {
  if (!hand.running || !hand.returns.length) return el("span", { class: "small", text: "No other revision can be rolled back to." });
  const choice = el("select", { id: "goal" }, hand.returns.map((one) => el("option", { value: one.number, text: `${one.words}: ${one.why}` })));
  const goal = () => hand.returns[choice.selectedIndex];
  return [el("label", { for: "goal", text: `By hand, from ${hand.runningWords} to` }), choice,
    doing("rollback", "Roll back …", () => [`Roll ${s.namespace}/${s.workload} back to ${goal().words}?`,
      `From ${hand.runningWords}. The target is ${goal().why}.${goal().good ? "" : " It is returned to on your word."}`],
    ofWorkload(s, "rollback"), () => ({ revision: goal().number, unproven: !goal().good, running: hand.running }))];
}
const PAUSES = [["1", "for an hour"], ["4", "for 4 hours"], ["24", "for a day"], ["", "until somebody resumes"]];
function pausing(s, hand) {
  if (hand.paused) {
    return [el("span", { text: `The daemon's acts are ${hand.paused}.` }), doing("resume", "Resume", () => [
      `Let the daemon act on ${s.namespace}/${s.workload} again?`, `Now it is ${hand.paused}.`], ofWorkload(s, "resume"), () => ({}))];
  }
  const choice = el("select", { id: "until" }, PAUSES.map(([value, text]) => el("option", { value, text })));
  const until = () => choice.value ? `until ${iso(Date.now() + state.skew + 3600000 * Number(choice.value)).slice(0, 19)}Z` : "true";
  return [el("label", { for: "until", text: "Leave acts on the workload to people" }), choice, doing("pause", "Pause", () => [
    `Pause the daemon on ${s.namespace}/${s.workload}?`, `It goes on judging, and rolls nothing back, ${PAUSES[choice.selectedIndex][1]}.`],
  ofWorkload(s, "pause"), () => ({ until: until() }))];
}
