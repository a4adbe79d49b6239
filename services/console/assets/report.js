// The desk: what is chosen on one side is marked on the other. Every link works without this script.
"use strict";

(() => {
  const find = (selector, within = document) => [...within.querySelectorAll(selector)];
  const left = document.getElementById("figures");
  const right = document.getElementById("evidence");
  const proof = document.getElementById("proof");
  const byName = (name) => document.getElementById(name);
  const cells = find(".form td[title]");
  const findings = find("#findings .finding");

  // The elements of the original by the names of what stands there.
  const places = new Map();
  for (const place of find("[data-at]")) {
    for (const name of place.dataset.at.split(" ")) {
      places.set(name, [...(places.get(name) ?? []), place]);
    }
  }
  // What has a finding is tinted in the original too.
  for (const cell of find("td.blamed[data-severity=error], td.blamed[data-severity=warning]")) {
    (places.get(cell.id) ?? []).forEach((place) => place.classList.add("blamed"));
  }

  function say(lines) {
    if (!proof) return;
    proof.textContent = lines.join("\n");
    proof.hidden = lines.length === 0;
  }
  function clear() {
    find(".on").forEach((element) => element.classList.remove("on"));
    say([]);
  }
  const isInView = (element, pane) => {
    const [inner, outer] = [element.getBoundingClientRect(), pane.getBoundingClientRect()];
    return inner.top >= outer.top + 44 && inner.bottom <= outer.bottom - 8 && inner.left >= outer.left && inner.right <= outer.right;
  };
  function bring(element, pane) {
    // Panes scroll by themselves on a wide screen; on a narrow one the page would jump away from what was clicked.
    const scrolls = getComputedStyle(pane).overflowY !== "visible" && pane.scrollHeight > pane.clientHeight;
    const scroller = scrolls ? pane : element.closest("#original");
    if (!scroller || isInView(element, scroller)) return;
    const [inner, outer] = [element.getBoundingClientRect(), scroller.getBoundingClientRect()];
    const by = (start, size, from, room) => start + size / 2 - from - room / 2;
    scroller.scrollBy({
      top: by(inner.top, inner.height, outer.top, outer.height),
      left: inner.left < outer.left || inner.right > outer.right ? by(inner.left, inner.width, outer.left, outer.width) : 0,
      behavior: "instant",
    });
  }
  function mark(names) {
    find(".on").forEach((element) => element.classList.remove("on"));
    const shown = names.flatMap((name) => places.get(name) ?? []);
    names.map(byName).filter(Boolean).forEach((element) => element.classList.add("on"));
    shown.forEach((place) => place.classList.add("on"));
    return shown;
  }

  const MAX_PLACES = 4;
  function chooseCell(cell, from) {
    const shown = mark([cell.id]);
    find(".form td[tabindex='0']").forEach((other) => { other.tabIndex = -1; });
    cell.tabIndex = 0;
    if (from !== "original") {
      cell.focus({ preventScroll: true });
      if (shown.length > 0) bring(shown[0], right);
    } else {
      bring(cell, left);
    }
    say([cell.title]);
  }
  function chooseFinding(finding, from) {
    const ids = finding.dataset.cells.split(" ").filter(Boolean).map((id) => `cell-${id}`);
    const shown = mark([finding.id, ...ids]);
    const own = places.get(finding.id) ?? [];
    const first = own[0] ?? shown[0];
    if (first && from !== "original") bring(first, right);
    if (from !== "click") bring(finding, left);
    const lines = ids.slice(0, MAX_PLACES).map((id) => byName(id)?.title).filter(Boolean);
    if (ids.length > MAX_PLACES) lines.push(`等 ${ids.length} 格`);
    const words = finding.querySelector(".place")?.firstChild?.textContent.trim();
    say(lines.length > 0 ? lines : [words].filter(Boolean));
  }
  function choose(name, from) {
    const element = byName(name);
    if (!element) return false;
    if (element.matches(".finding")) chooseFinding(element, from);
    else if (element.matches("td[title]")) chooseCell(element, from);
    else return false;
    return true;
  }

  // Cells: a click, or the arrow keys.
  find("table.form").forEach((table) => {
    const first = table.querySelector("td[title]");
    if (first) first.tabIndex = 0;
    table.addEventListener("click", (event) => {
      const cell = event.target.closest("td[title]");
      if (!cell) return;
      event.preventDefault();
      chooseCell(cell, "click");
    });
    table.addEventListener("keydown", (event) => {
      const cell = event.target.closest("td[title]");
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!cell) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        chooseCell(cell, "key");
        return;
      }
      if (!step) return;
      event.preventDefault();
      const rows = find("tr", table).map((row) => find("td[title]", row)).filter((row) => row.length > 0);
      const row = rows.findIndex((row) => row.includes(cell));
      const column = rows[row].indexOf(cell);
      const next = step[1] === 0 ? rows[row][column + step[0]]
        : rows[row + step[1]]?.[Math.min(column, rows[row + step[1]].length - 1)];
      if (next) {
        chooseCell(next, "key");
        bring(next, left);
        if (getComputedStyle(left).overflowY === "visible") next.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    });
  });

  // Findings: a click, Enter, and n and p for the next and the one before.
  findings.forEach((finding) => {
    finding.tabIndex = 0;
    finding.addEventListener("click", (event) => {
      const link = event.target.closest("a, button, input, select, textarea, summary, label");
      const name = link?.getAttribute("href");
      if (name?.startsWith("#cell-")) {
        event.preventDefault();
        const cell = byName(name.slice(1));
        if (cell) { chooseCell(cell, "link"); bring(cell, left); }
      } else if (name?.startsWith("#at-")) {
        event.preventDefault();
        chooseFinding(finding, "click");
      } else if (!link && !String(getSelection())) {
        chooseFinding(finding, "click");
      }
    });
    finding.addEventListener("keydown", (event) => {
      if (event.target === finding && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        chooseFinding(finding, "key");
      }
    });
  });
  find("#findings .repair a[href^='#cell-']").forEach((link) => link.addEventListener("click", (event) => {
    if (link.closest(".finding")) return;
    event.preventDefault();
    const cell = byName(link.getAttribute("href").slice(1));
    if (cell) { chooseCell(cell, "link"); bring(cell, left); }
  }));

  // The original: a click on a place chooses the first of what stands there; another click the next.
  right?.addEventListener("click", (event) => {
    const place = event.target.closest("[data-at]");
    if (!place || String(getSelection())) return;
    event.preventDefault();
    const names = place.dataset.at.split(" ");
    const chosen = names.findIndex((name) => byName(name)?.classList.contains("on"));
    const isSole = names.filter((name) => byName(name)?.classList.contains("on")).length === 1;
    choose(names[isSole ? (chosen + 1) % names.length : 0], "original");
  });

  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");
  addEventListener("keydown", (event) => {
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") clear();
    const step = { n: 1, p: -1 }[event.key];
    if (!step || findings.length === 0) return;
    const at = findings.findIndex((finding) => finding.classList.contains("on"));
    const next = at < 0 ? (step > 0 ? 0 : findings.length - 1) : (at + step + findings.length) % findings.length;
    findings[next].focus({ preventScroll: true });
    chooseFinding(findings[next], "key");
  });

  // An address with a cell, a finding or a place opens on it.
  function follow() {
    const name = decodeURIComponent(location.hash.slice(1));
    if (!name) return;
    const wanted = name.replace(/^at-/, "");
    if (choose(wanted, "address")) { const element = byName(wanted); if (element) bring(element, left); }
  }
  addEventListener("hashchange", follow);
  follow();

  // Pages: the number of the page in view, and zoom.
  const ZOOMS = [0.6, 0.8, 1, 1.25, 1.5, 2];
  let zoom = 2;
  const sheets = find(".sheet");
  const sheetsPane = document.querySelector(".sheets");
  find("[data-zoom]").forEach((buttons) => {
    buttons.hidden = sheets.length === 0;
    buttons.addEventListener("click", (event) => {
      const step = Number(event.target.dataset.step);
      if (!step) return;
      zoom = Math.min(Math.max(zoom + step, 0), ZOOMS.length - 1);
      const room = sheetsPane.clientWidth - 28;
      sheets.forEach((sheet) => { sheet.style.width = zoom === 2 ? "" : `${Math.round(room * ZOOMS[zoom])}px`; });
      sheetsPane.style.justifyContent = ZOOMS[zoom] > 1 ? "start" : "";
      const chosen = document.querySelector(".sheet .place.on");
      if (chosen) bring(chosen, right);
    });
  });
  if (sheets.length > 1 && "IntersectionObserver" in window) {
    const links = find(".tools .pages a");
    const watcher = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const link = links[Number(entry.target.dataset.page) - 1];
        if (!link) continue;
        if (entry.isIntersecting) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }, { threshold: 0.4 });
    sheets.forEach((sheet) => watcher.observe(sheet));
  }
  find("[data-keys]").forEach((keys) => { keys.hidden = findings.length === 0; });

  // Buttons jump from one marked word of the text to the next.
  const marks = find("#text mark");
  let here = -1;
  find("[data-jump]").forEach((jump) => {
    jump.hidden = false;
    jump.addEventListener("click", (event) => {
      const step = Number(event.target.dataset.step);
      if (!step) return;
      marks[here]?.classList.remove("here");
      here = here < 0 && step < 0 ? marks.length - 1 : (here + step + marks.length) % marks.length;
      marks[here].classList.add("here");
      marks[here].scrollIntoView({ block: "center" });
    });
  });
})();
