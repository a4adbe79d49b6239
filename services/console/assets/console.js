// Live counts, jumps between marks, and marked cells. Every page works without this script.
"use strict";

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// Live counts. A hidden tab closes its connection.
let source = null;
function show(status) {
  for (const [name, count] of Object.entries({ ...status.counts, searchable: status.searchable_reports ?? "—" })) {
    all(`[data-count="${name}"]`).forEach((element) => { element.textContent = count; });
  }
  for (const lag of status.lag) {
    all(`[data-waiting="${lag.stage}"]`).forEach((element) => { element.textContent = lag.waiting; });
    all(`[data-flight="${lag.stage}"]`).forEach((element) => { element.textContent = lag.in_flight; });
  }
  showClock(`截至 ${new Date().toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" })}`);
}
function showClock(text) {
  all("[data-clock]").forEach((clock) => { clock.textContent = text; });
}
function listen() {
  if (document.hidden) {
    source?.close();
    source = null;
  } else if (!source && document.querySelector("[data-count]")) {
    source = new EventSource("/api/v1/events");
    source.addEventListener("status", (event) => show(JSON.parse(event.data)));
    source.addEventListener("error", () => showClock("实时数据暂时中断"));
  }
}
document.addEventListener("visibilitychange", listen);
addEventListener("pagehide", () => { source?.close(); source = null; });
addEventListener("pageshow", listen);
listen();

// A menu closes when something else is clicked, and with Escape.
const menus = () => all("details[data-menu][open]");
document.addEventListener("click", (event) => {
  menus().filter((menu) => !menu.contains(event.target)).forEach((menu) => { menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  menus().forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); });
});

all("[data-submit]").forEach((select) => select.addEventListener("change", () => select.form.requestSubmit()));
all("[data-print]").forEach((button) => { button.hidden = false; button.addEventListener("click", () => print()); });

// On a narrow screen the filters start closed.
if (matchMedia("(max-width: 60rem)").matches) {
  all("details.facets").forEach((facets) => { facets.open = false; });
}

// A click on a cell shows its location in the original.
const proof = document.getElementById("proof");
const cells = all(".form td[title]");
function showProof(lines) {
  proof.textContent = lines.join("\n");
  proof.hidden = lines.length === 0;
}
function point(cell) {
  all(".form td[tabindex='0']").forEach((other) => { other.tabIndex = -1; });
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  showProof([cell.title]);
}
all("table.form").forEach((table) => {
  const first = table.querySelector("td[title]");
  if (first) first.tabIndex = 0;
  table.addEventListener("click", (event) => {
    const cell = event.target.closest("td[title]");
    if (cell) point(cell);
  });
  table.addEventListener("focusin", (event) => {
    if (event.target.matches("td[title]")) showProof([event.target.title]);
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td[title]");
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!cell || !step) return;
    event.preventDefault();
    const rows = all("tr", table).map((row) => all("td[title]", row)).filter((row) => row.length > 0);
    const row = rows.findIndex((row) => row.includes(cell));
    const column = rows[row].indexOf(cell);
    const next = step[1] === 0 ? rows[row][column + step[0]]
      : rows[row + step[1]]?.[Math.min(column, rows[row + step[1]].length - 1)];
    if (next) { point(next); next.scrollIntoView({ block: "nearest", inline: "nearest" }); }
  });
});
addEventListener("keydown", (event) => { if (event.key === "Escape" && proof) proof.hidden = true; });
document.addEventListener("click", (event) => {
  if (proof && !event.target.closest("table.form, .finding, .proof")) proof.hidden = true;
});

// A click on a finding, or Enter, marks its cells and shows their locations.
const MAX_PLACES = 4;
function choose(finding, link) {
  all(".finding.on, .form td.on").forEach((other) => other.classList.remove("on"));
  finding.classList.add("on");
  const marked = finding.dataset.cells.split(" ").filter(Boolean).map((id) => document.getElementById(`cell-${id}`)).filter(Boolean);
  marked.forEach((cell) => cell.classList.add("on"));
  const cell = link && cells.find((cell) => `#${cell.id}` === link.getAttribute("href"));
  if (cell) return point(cell);
  const places = marked.slice(0, MAX_PLACES).map((cell) => cell.title);
  if (marked.length > MAX_PLACES) places.push(`等 ${marked.length} 格`);
  const own = finding.querySelector(".place")?.firstChild?.textContent;
  showProof(places.length > 0 ? places : [own].filter(Boolean));
  if (!link && marked.length > 0) marked[0].scrollIntoView({ block: "center", inline: "center", behavior: "smooth" });
}
if (proof) all(".finding").forEach((finding) => {
  finding.tabIndex = 0;
  finding.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link || !String(getSelection())) choose(finding, link);
  });
  finding.addEventListener("keydown", (event) => {
    if (event.target === finding && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      choose(finding, null);
    }
  });
});

// Buttons jump from one marked word to the next.
const marks = all("#text mark");
let here = -1;
all("[data-jump]").forEach((jump) => {
  jump.hidden = false;
  jump.addEventListener("click", (event) => {
    const step = Number(event.target.dataset.step);
    if (!step) return;
    marks[here]?.classList.remove("here");
    here = here < 0 && step < 0 ? marks.length - 1 : (here + step + marks.length) % marks.length;
    marks[here].classList.add("here");
    marks[here].scrollIntoView({ block: "center", behavior: "smooth" });
  });
});
