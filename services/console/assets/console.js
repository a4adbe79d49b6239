// Live counts, and what all pages share. Every page works without this script.
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
