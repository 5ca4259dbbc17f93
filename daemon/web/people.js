"use strict";
// Who looks at the page, and what they may do: the login, and the buttons of a case.
// `el`, `state`, `draw`, `refresh` and the drawing of banners and ages are the page's.
const MARK = { "X-Rollbackd": "1", "Content-Type": "application/json" };
const ASKS = {
  approve: ["Approve the rollback", "Have the daemon roll this revision back?"],
  hold: ["Hold", "Keep the daemon from rolling this revision back?"],
};

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
  drawBanners(); drawAges();
}

// Whatever was shown is a visitor's no more.
function stranger(reason) {
  state.data = {}; state.texts = {}; state.error = null;
  if (state.stranger === reason) return;
  state.stranger = reason;
  draw();
}
function loginForm() {
  const token = el("textarea", { id: "token", name: "token", rows: "5", autocomplete: "off", spellcheck: "false", required: "" });
  const said = el("div", { class: "small", role: "alert", text: state.stranger });
  const button = el("button", { type: "submit", text: "Log in" });
  const form = el("form", { class: "card pad login" }, el("h1", { text: "Log in" }),
    el("label", { class: "small", for: "token", text: "A token of the cluster: what it may list is shown, what it may patch can be approved and held." }),
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
  return form;
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

// The page is drawn anew each second: what somebody is typing stays, and so does the answer.
const desk = { key: "", node: null };
function actions(summary, allowed) {
  const key = [summary.namespace, summary.name, ...allowed].join("/");
  if (desk.key !== key) Object.assign(desk, { key, node: allowed.length ? actionsOf(summary, allowed) : null });
  return desk.node;
}
function actionsOf(summary, allowed) {
  const said = el("span", { class: "small", role: "status" });
  const reason = el("input", { type: "text", maxlength: "500", placeholder: "Why (goes into the timeline)", "aria-label": "Why" });
  const buttons = allowed.map((action) => {
    const [text, question] = ASKS[action];
    const button = el("button", { type: "button", class: action, text });
    button.addEventListener("click", async () => {
      if (!confirm(question)) return;
      button.disabled = true;
      const path = `api/cases/${encodeURIComponent(summary.namespace)}/${encodeURIComponent(summary.name)}/${action}`;
      try { said.textContent = (await post(path, { reason: reason.value })).done; } catch (error) { said.textContent = error.message; }
      button.disabled = false;
    });
    return button;
  });
  return el("div", { class: "actions" }, reason, buttons, said);
}
