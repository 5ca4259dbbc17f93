"use strict";
// A case's evidence over time: a picture, its words and its numbers for each signal.
// What comes from the API stays text here as well.
// The names of the axes are the same in every picture, also in those that the commands draw.
const SHARE_AXIS = "bad share", EVIDENCE_AXIS = "evidence (odds)", TIME_AXIS = "time since";
// Above the panels: a line for what was decided, then one for the axis.
const LEFT = 54, RIGHT = 14, TOP = 38, PANEL = 118, BETWEEN = 34, BOTTOM = 40;
const LOWER = TOP + PANEL + BETWEEN, FLOOR = LOWER + PANEL, HEIGHT = FLOOR + BOTTOM;
const BLOCK = 480, GAP = 12, FRAME = 38;
// Evidence is drawn up to so many times the higher line: what lies far beyond it would flatten the rest.
const SEEN = 4;
const SIZES = [-4, -3, -2, -1, 0, 1, 2].flatMap((power) => [1, 2, 5].map((n) => n * 10 ** power));
const TIMES = [15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400, 604800];

function mark(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children.flat(3).filter((child) => child !== null));
  return node;
}
const share = (rate) => `${Number((100 * rate).toPrecision(3))} %`;
const round = (n) => Math.round(n).toLocaleString("en");
function power(n) {
  return n === 0 ? "1" : "10" + String(Math.round(n)).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
}
const odds = (n) => n < 0 ? `1 : ${power(-n)}` : `${power(n)} : 1`;
function after(seconds) {
  const size = Math.abs(seconds);
  return (seconds < 0 ? "−" : "+") + (size < 120 ? `${Math.round(size)} s` : span(size));
}
// Round numbers from one value to another, at most so many of them apart.
function steps(from, to, most, sizes) {
  const size = sizes.find((s) => (to - from) / s <= most) || sizes[sizes.length - 1], out = [];
  for (let n = Math.ceil(from / size - 1e-9); n * size <= to + size * 1e-9; n += 1) out.push(n * size);
  return out;
}

// One of the two panels: `x` maps seconds, and the panel's own `y` what it shows.
function panel(x, right, top, low, high) {
  const y = (value) => top + PANEL - (Math.min(Math.max(value, low), high) - low) / (high - low || 1) * PANEL;
  const line = (kind, value) => mark("line", { class: kind, x1: LEFT, x2: right, y1: y(value), y2: y(value) });
  return {
    level: (kind, value) => line(`${kind} level`, value),
    grid: (values, name) => values.map((value) => [line("grid", value),
      mark("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, name(value))]),
    curve: (kind, rounds, value, words) => {
      const path = rounds.map((r, i) => `${i ? "L" : "M"}${x(r.offset).toFixed(1)} ${y(value(r)).toFixed(1)}`).join(" ");
      return [mark("path", { class: kind, d: path }), rounds.map((r) =>
        mark("circle", { class: kind, cx: x(r.offset).toFixed(1), cy: y(value(r)).toFixed(1), r: kind === "usual" ? 3.2 : 2.4 }, mark("title", {}, words(r))))];
    },
  };
}
function heading(x, y, anchor, text, kind = "head") {
  return mark("text", { class: kind, x, y, "text-anchor": anchor }, text);
}
function roundWords(r) {
  const seen = r.rate === null ? "no requests" : `${round(r.bad)} of ${round(r.total)} (${share(r.rate)})`;
  return `${after(r.offset)}: ${seen}, evidence 10^${r.overLimit.toFixed(2)} and 10^${r.overBaseline.toFixed(2)}`;
}
function shares(s, x, right) {
  const counted = s.rounds.filter((r) => r.rate !== null);
  const high = Math.min(1.02, 1.2 * Math.max(s.limit, s.beforeRate || 0, ...counted.map((r) => r.rate)));
  const area = panel(x, right, TOP, 0, high);
  return [area.grid(steps(0, high * 100, 5, SIZES).map((v) => v / 100), share),
    area.level("limit", s.limit), s.beforeRate === null ? null : area.level("usual", s.beforeRate),
    area.curve("share", counted, (r) => r.rate, roundWords)];
}
function proofs(s, x, right) {
  const compared = s.baselineLine > 0, line = Math.max(s.limitLine, s.baselineLine);
  const values = s.rounds.flatMap((r) => compared ? [r.overLimit, r.overBaseline] : [r.overLimit]);
  const highest = Math.max(...values), lowest = Math.min(0, ...values);
  const high = Math.min(Math.max(line * 1.3, highest), line * SEEN), low = Math.max(lowest, -line);
  const area = panel(x, right, LOWER, low, high);
  return [area.grid(steps(low, high, 4, [1, 2, 5, 10, 20, 50, 100]), odds),
    area.level("limit", s.limitLine), compared ? area.level("usual", s.baselineLine) : null,
    compared ? area.curve("usual", s.rounds, (r) => r.overBaseline, roundWords) : null,
    area.curve("limit", s.rounds, (r) => r.overLimit, roundWords),
    highest > high ? heading(right, LOWER - 9, "end", `up to ${odds(highest)}`) : null];
}
function moments(all, x, from, to, right) {
  const upright = (kind, at) => mark("line", { class: kind, x1: x(at), x2: x(at), y1: TOP, y2: FLOOR });
  const name = (at) => to <= 180 ? `${at} s` : span(at).replace(/ 0 (s|min|h)$/, "");
  return [steps(from, to, (right - LEFT) / 64, TIMES).map((at) => heading(x(at), FLOOR + 17, "middle", name(at), "")),
    upright("began", 0), all.decided === null ? null : [upright("decided", all.decided),
      heading(x(all.decided), TOP - 25, x(all.decided) < (LEFT + right) / 2 ? "start" : "end", `decided ${after(all.decided)}`, "decided")]];
}
function picture(all, s, width, id) {
  const right = width - RIGHT, last = s.rounds[s.rounds.length - 1];
  const times = [0, 60, ...s.rounds.map((r) => r.offset), ...(all.onset || []), ...(all.decided === null ? [] : [all.decided])];
  const from = Math.min(...times), to = Math.max(...times);
  const x = (at) => LEFT + (at - from) / (to - from) * (right - LEFT);
  const begun = all.onset && { x: x(all.onset[0]), y: TOP, height: FLOOR - TOP, width: Math.max(2, x(all.onset[1]) - x(all.onset[0])) };
  return mark("svg", { class: "plot", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-labelledby": `${id}-title ${id}-desc` },
    mark("title", { id: `${id}-title` }, `${s.title}: evidence over time`),
    mark("desc", { id: `${id}-desc` }, `Rounds of scrapes: ${s.rounds.length}, from ${after(s.rounds[0].offset)} to ${after(last.offset)}; ` +
      `limit ${s.limitText}. ${s.neededWords} ${all.onsetWords} The table below has the numbers.`),
    begun ? mark("rect", { class: "onset", ...begun }) : null,
    shares(s, x, right), proofs(s, x, right), moments(all, x, from, to, right),
    heading(0, TOP - 9, "start", SHARE_AXIS), heading(0, LOWER - 9, "start", EVIDENCE_AXIS),
    heading((LEFT + right) / 2, FLOOR + 33, "middle", `${TIME_AXIS} ${all.beginning}`));
}

function key(kind, text) {
  const sample = kind === "onset" ? mark("rect", { class: kind, x: 2, y: 0, width: 18, height: 10 }) :
    mark("line", { class: kind, x1: 0, x2: 22, y1: 5, y2: 5 });
  return el("span", {}, mark("svg", { viewBox: "0 0 22 10", "aria-hidden": "true", class: "plot key" }, sample), text);
}
function keys(all, s) {
  const needs = (line) => line >= 6 ? power(line) : round(10 ** line);
  return el("div", { class: "keys small" }, key("share", "bad share, new pods"), key("limit", "evidence: over the limit"),
    key("limit level", `the limit; ${needs(s.limitLine)} is needed`),
    s.baselineLine > 0 ? [key("usual", "evidence: worse than before"),
      key("usual level", `before; ${needs(s.baselineLine)} is needed`)] : [],
    all.onset ? key("onset", "failure began") : null, all.decided === null ? null : key("decided", "decided"));
}
function numbers(s) {
  const before = (value) => s.baselineLine > 0 ? value.toFixed(2) : "–";
  const rows = s.rounds.map((r) => [after(r.offset), `${round(r.bad)} of ${round(r.total)}`, r.rate === null ? "–" : share(r.rate),
    r.overLimit.toFixed(2), before(r.overBaseline), r.reached ? "yes" : ""]);
  rows.push(["needed", "", "", s.limitLine.toFixed(2), before(s.baselineLine), s.baselineLine > 0 ? "at once" : ""]);
  const heads = ["After", "Bad of all", "Share", "Over the limit", "Worse than before", "Enough"];
  const table = el("table", {}, el("thead", {}, el("tr", {}, heads.map((text) => el("th", { text, scope: "col" })))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((text) => el("td", { text }))))));
  return folded(`numbers-${s.name}`, `The numbers, round by round: ${s.title}; evidence as log10 of the odds`, "numbers", el("div", { class: "fit" }, table));
}
function story(all, s, width, id) {
  const words = [s.missing, s.baselineWords, s.neededWords].filter(Boolean).map((text) => el("p", { class: "small", text }));
  return el("section", { class: "card pad" },
    el("div", { class: "line" }, el("h3", { text: s.title }), el("span", { class: `pill ${VERDICTS[s.verdict] || ""}`, text: s.verdict })),
    s.rounds.length ? [picture(all, s, width, id), keys(all, s), ...words, numbers(s)] : words);
}
// `room` is the width of all blocks together, in CSS pixels.
function stories(all, room) {
  const columns = all.signals.length > 1 && room >= 2 * BLOCK + GAP ? 2 : 1;
  const width = Math.max(220, Math.floor((room - (columns - 1) * GAP) / columns) - FRAME);
  if (!all.signals.length) return empty(all.missing);
  return el("div", {}, [all.lesson, all.missing, all.onsetWords].filter(Boolean).map((text) => el("p", { class: "small", text })),
    el("div", { class: columns > 1 ? "stories two" : "stories" }, all.signals.map((s, i) => story(all, s, width, `plot-${i}`))));
}
