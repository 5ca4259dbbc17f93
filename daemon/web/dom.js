"use strict";
// What the page's parts are made of: elements, times, and the words for phases.
// Everything that comes from the API reaches the document as text, never as markup.
const TONES = {
  Progressing: "busy", Watching: "busy", Failing: "bad", AwaitingApproval: "warn", Held: "warn", RollingBack: "bad",
  Verifying: "busy", Healthy: "good", RolledBack: "good", Unrecovered: "bad", Superseded: "idle", Advised: "warn",
};
const VERDICTS = { healthy: "good", unknown: "idle", degraded: "warn", failing: "bad" };
const WORDS = { AwaitingApproval: "Awaiting approval", RollingBack: "Rolling back", RolledBack: "Rolled back" };
// Of configuration that was changed with no rollout.
const RESTORING = { ...WORDS, RollingBack: "Restoring", RolledBack: "Restored" };
const state = { at: null, since: Date.now(), error: null, missing: null, skew: 0, texts: {}, data: {}, stranger: null };
// What a person opened stays open when the page is drawn anew.
const opened = new Set();

function el(tag, options, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options || {})) {
    if (value === undefined || value === null) continue;
    if (key === "class") node.className = value; else if (key === "text") node.textContent = value;
    else node.setAttribute(key, value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined));
  return node;
}
// Have a box hold these nodes. What is equal stays where it is, with its focus, its selection and what is open.
function put(box, nodes) {
  nodes.forEach((node, i) => {
    const old = box.childNodes[i];
    if (old === node || (old && !nodes.includes(old) && !node.isConnected && old.isEqualNode(node))) return;
    if (old && !nodes.includes(old)) old.replaceWith(node); else box.insertBefore(node, old || null);
  });
  while (box.childNodes.length > nodes.length) box.lastChild.remove();
}
// A selector that finds the focused element again after it was drawn anew.
function focusedIn(box) {
  const node = document.activeElement;
  if (!box.contains(node)) return null;
  const name = ["id", "data-key", "href"].find((key) => node.getAttribute(key));
  return name ? `[${name}="${CSS.escape(node.getAttribute(name))}"]` : null;
}

// Times are shown in UTC, as in the messages and the log; those of another day with their date.
const iso = (time) => new Date(time).toISOString();
function clock(time) {
  if (isNaN(new Date(time))) return "–";
  const text = iso(time), today = iso(Date.now() + state.skew).slice(0, 10);
  return (text.startsWith(today) ? "" : `${text.slice(0, 10)} `) + text.slice(11, 19);
}
function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}
const sinceWords = (time) => span((Date.now() + state.skew - new Date(time)) / 1000).split(" ").slice(0, 2).join(" ") + " ago";
function ago(time) { return el("time", { datetime: iso(time), "data-ago": time, title: `${iso(time).slice(0, 19).replace("T", " ")} UTC`, text: sinceWords(time) }); }
function drawAges() {
  for (const node of document.querySelectorAll("[data-ago]")) {
    const text = sinceWords(node.dataset.ago);
    if (node.textContent !== text) node.textContent = text;
  }
}
function offset(seconds) {
  const sign = seconds < 0 ? "−" : "+", s = Math.abs(seconds);
  return sign + (s < 60 ? `${s.toFixed(1)} s` : span(s));
}

const phaseWords = (summary) => (summary.subject ? RESTORING : WORDS)[summary.phase] || summary.phase;
function phase(summary) {
  if (summary.trouble) return el("span", { class: "pill bad", text: "Not well" });
  const unproven = summary.phase === "Healthy" && summary.finished && !summary.proven;
  const text = phaseWords(summary) + (unproven ? " (unproven)" : "");
  return el("span", { class: `pill ${unproven ? "idle" : TONES[summary.phase] || ""}`, text });
}
function caseLink(c) { return `#/cases/${encodeURIComponent(c.namespace)}/${encodeURIComponent(c.name)}`; }
function revision(r) { return r ? `revision ${r.number} · ${r.tag}` : "no revision yet"; }
function named(r) { return `revision ${r.number} (${r.tag})`; }
function section(title, node, note) {
  return [el("h2", { text: title }, note ? el("span", { class: "faint", text: note }) : null), node];
}
function list(items) { return el("ul", { class: "card list" }, items); }
const MARKS = { "✓": "holds: ", "✗": "does not hold: ", "?": "not known: ", "!": "", "…": "" };
function item(mark, tone, title, text) {
  return el("li", {}, el("span", { class: `mark ${tone}`, "aria-hidden": "true", text: mark }), el("div", {},
    el("div", {}, MARKS[mark] ? el("span", { class: "unseen", text: MARKS[mark] }) : null, title),
    text ? el("div", { class: "small", text }) : null));
}
function empty(text) { return el("div", { class: "card empty", text }); }
// Something that opens, and stays open when it is drawn anew.
function folded(key, title, kind, ...children) {
  const node = el("details", { class: kind, open: opened.has(key) || document.body.dataset.printing ? "" : null },
    el("summary", { "data-key": `fold-${key}`, text: title }), children);
  node.addEventListener("toggle", () => { if (!document.body.dataset.printing) opened[node.open ? "add" : "delete"](key); });
  return node;
}
