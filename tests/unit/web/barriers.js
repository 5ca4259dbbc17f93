(() => {
  const shown = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0;
  const parts = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const light = (colour) => colour.slice(0, 3).map((c) => c / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [], say = (what, node) => found.push(`${what}: <${node.tagName.toLowerCase()} class="${node.getAttribute("class") || ""}">`
    + ` ${(node.textContent || "").trim().slice(0, 40)}`);
  const all = [...document.body.querySelectorAll("*")].filter(shown);
  for (const node of all) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    const style = getComputedStyle(node);
    if (own && !node.disabled && style.clipPath === "none") {
      const ink = parts(node instanceof SVGElement ? style.fill : style.color), page = behind(node);
      const [low, high] = [light(ink), light(page)].sort((a, b) => a - b), ratio = (high + 0.05) / (low + 0.05);
      if (ratio < 4.5) say(`contrast ${ratio.toFixed(2)}`, node);
    }
    if (node.matches("button, a[href], input, select, textarea, summary")) {
      const labels = [...(node.labels || [])].map((label) => label.textContent).join("");
      const name = node.getAttribute("aria-label") || labels || (node.matches("input, select, textarea") ? "" : node.textContent);
      if (!name.trim()) say("no name", node);
      if (node.tabIndex < 0) say("no keyboard reaches it", node);
    }
    if (node.matches("svg[role=img]") && !node.getAttribute("aria-labelledby")) say("picture without words", node);
    if (["hidden", "auto", "scroll"].includes(style.overflowX) && style.clipPath === "none"
      && node.scrollWidth > node.clientWidth + 1) say("cut off", node);
    const right = node.getBoundingClientRect().right;
    if (style.clipPath === "none" && !node.closest("thead") && right > document.documentElement.clientWidth + 1) say("beyond the edge", node);
    if (node.id && document.querySelectorAll(`[id="${CSS.escape(node.id)}"]`).length > 1) say("id twice", node);
  }
  const heads = all.filter((node) => node.matches("h1, h2, h3")).map((node) => Number(node.tagName[1]));
  if (heads.filter((level) => level === 1).length !== 1) found.push(`headings of the first level: ${heads}`);
  heads.forEach((level, i) => { if (level > (i ? heads[i - 1] : 0) + 1) found.push(`a heading's level is left out: ${heads}`); });
  for (const one of ["main", "header", "html[lang]", "title"]) if (!document.querySelector(one)) found.push(`no ${one}`);
  return found;
})()
