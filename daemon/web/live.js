"use strict";
// News by server-sent events: that something changed, not what. Where none come (a proxy that collects them, no
// seat, no answer) the page asks each second.
const BEAT = 5000, TRUSTED = 2.5 * BEAT, AGAIN = { end: 0, full: 60000, lost: 2000, mute: 300000 };
const live = { source: null, opened: 0, heard: 0, after: 0, changed: false };
const isLive = () => Boolean(live.source) && live.heard > 0 && Date.now() - live.heard < TRUSTED;

function hush(why) {
  if (live.source) live.source.close();
  Object.assign(live, { source: null, heard: 0, after: Date.now() + AGAIN[why], changed: true });
}
function listen() {
  const now = Date.now();
  // A hidden page listens to nothing: browsers open few connections to a host, for all of its pages together.
  if (document.hidden || state.stranger) { if (live.source) hush("end"); return; }
  if (live.source && now - Math.max(live.opened, live.heard) > TRUSTED) hush("mute");
  if (live.source || now < live.after || !state.at) return;
  Object.assign(live, { source: new EventSource("api/events"), opened: now });
  const source = live.source;
  const on = (word, act) => source.addEventListener(word, () => { if (source === live.source) act(); });
  on("beat", () => { live.heard = state.at = Date.now(); });
  on("changed", () => { live.heard = state.at = Date.now(); live.changed = true; poke(); });
  on("end", () => { hush("end"); listen(); });
  on("full", () => hush("full"));
  on("error", () => hush(live.heard ? "lost" : "full"));
}
