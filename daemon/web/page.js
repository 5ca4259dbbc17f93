"use strict";
// Where the parts come together: what is asked for, when, and what is drawn then.
const PERIOD = 1000, PATIENCE = 5000, AT_LEAST = 15000;

function banner(tone, title, lines) {
  return el("div", { class: `banner ${tone}` }, el("strong", { text: title }),
    lines.length ? el("ul", {}, lines.map((text) => el("li", { text }))) : null);
}
function drawBanners() {
  const out = [], status = state.data.status;
  const lost = Date.now() - (state.at || state.since) > (isLive() ? TRUSTED : PATIENCE);
  if (lost) {
    const lines = [state.error || "no answer"];
    if (state.at) lines.push("What is shown below is the last answer, not the present.");
    out.push(banner("bad", state.at ? `Not connected since ${clock(state.at)} UTC` : "Not connected", lines));
  } else if (state.error) out.push(banner("warn", "The daemon cannot answer yet", [state.error]));
  if (status) {
    const lines = [...status.unready, ...status.problems.filter((p) => !status.unready.includes(p))];
    if (!status.alive) lines.unshift("The daemon's own loops have stopped; the kubelet should restart it.");
    if (lines.length) out.push(banner(status.alive ? "warn" : "bad", status.ready ? "Problems" : "Not ready", lines));
    document.getElementById("version").textContent = status.version;
  }
  drawVisitor(state.stranger ? null : status);
  const follows = status && status.follows ? ` · this replica follows ${status.follows}` : "";
  const part = status && status.part ? ` · this replica acts for shards ${status.part}` : "";
  const text = lost ? "not connected" : !state.at ? "connecting …" : (isLive() ? "live" : "live, by asking") + follows + part;
  const link = document.getElementById("link");
  if (link.textContent !== text) link.textContent = text;
  document.getElementById("dot").className = `dot ${lost ? "bad" : state.error ? "warn" : state.at ? "good" : ""}`;
  put(document.getElementById("banners"), out);
}

function route() {
  const parts = location.hash.split("?")[0].split("/").slice(1);
  if (parts[0] !== "cases" || parts.length !== 3) return null;
  try { return parts.slice(1).map(decodeURIComponent); } catch { return null; /* a broken address: the list */ }
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
  const wanted = route(), view = document.getElementById("view"), focused = document.activeElement, place = focusedIn(view);
  if (state.stranger) {
    put(view, [loginForm()]);
    document.title = "Log in · rollbackd";
    return;
  }
  entry.form = null;
  put(view, wanted ? drawCase() : drawList());
  if (wanted && state.data.detail) follow();
  if (focused !== document.activeElement) {
    const now = focused.isConnected ? focused : place && view.querySelector(place);
    if (now) now.focus({ preventScroll: true });
  }
  document.title = wanted ? `${wanted[1]} · rollbackd` : "rollbackd";
}
async function refresh() {
  const wanted = route(), key = wanted ? wanted.join("/") : "";
  if (key !== drawn) {
    const moved = drawn !== null;
    drawn = key; delete state.data.detail; delete state.texts.detail; state.missing = null; draw();
    if (moved) toContent();
  }
  try {
    const listed = state.texts.list;
    await get("status", "api/status");
    state.skew = new Date(state.data.status.now) - Date.now();
    let changed;
    if (wanted) changed = await get("detail", `api/cases/${wanted.map(encodeURIComponent).join("/")}`);
    else changed = await get("cases", "api/cases?limit=1000");
    state.texts.list = JSON.stringify([state.data.status.workloads, state.data.status.unmatched]);
    state.at = Date.now(); state.error = null;
    const entered = state.stranger; state.stranger = null;
    if (key !== (route() || []).join("/")) return;
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
// The heading takes the focus, so that whoever hears the page knows where they are.
function toContent() {
  const heading = document.getElementById("title");
  if (heading) heading.focus();
}

// One question at a time, and a pause after it that is longer where answers take longer.
const turns = { busy: false, last: 0, cost: 0 };
async function turn() {
  if (turns.busy) return;
  const since = Date.now() - turns.last;
  const due = isLive() ? live.changed || since > AT_LEAST : since >= (document.hidden ? 5 : 1) * PERIOD - 50;
  if (!due || since < 4 * turns.cost) return;
  turns.busy = true; live.changed = false;
  const began = Date.now();
  try { await refresh(); } finally { Object.assign(turns, { busy: false, last: Date.now(), cost: Date.now() - began }); }
}
async function poke() { await turn(); listen(); drawBanners(); drawAges(); }
setInterval(poke, PERIOD);
let width = innerWidth;
// Pictures are drawn as wide as they are shown, so that their letters keep their size.
addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; draw(); } });
addEventListener("hashchange", again);
document.addEventListener("visibilitychange", () => { live.changed = true; poke(); });
document.getElementById("skip").addEventListener("click", toContent);
// A report holds everything: what is folded is unfolded for the printer, and folded again.
addEventListener("beforeprint", () => {
  document.body.dataset.printing = "yes";
  for (const node of document.querySelectorAll("details")) node.open = true;
});
addEventListener("afterprint", () => {
  delete document.body.dataset.printing;
  draw();
});
poke();
