// Counts the reports while the conditions are typed. The page works without this script.
"use strict";

const form = document.querySelector("form[data-export]");
const count = form.querySelector("[data-reports]");
const CHOICES = ["shape", "format", "names", "title", "publisher", "licence", "findings"];
const PAUSE_MS = 300;
let timer = 0;
let asked = null;

function conditions() {
  const chosen = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value.trim() && !CHOICES.includes(name)) chosen.append(name, value.trim());
  }
  return chosen;
}

async function recount() {
  asked?.abort();
  asked = new AbortController();
  const query = conditions();
  query.append("limit", "0");
  try {
    const answer = await fetch(`/api/v1/reports?${query}`, { signal: asked.signal });
    const found = await answer.json();
    if (answer.ok) count.textContent = found.relaxed ? "0" : found.total;
    else count.textContent = "—";
  } catch (error) {
    if (error.name !== "AbortError") count.textContent = "—";
  }
}

form.addEventListener("input", (event) => {
  if (CHOICES.includes(event.target.name)) return;
  clearTimeout(timer);
  timer = setTimeout(recount, PAUSE_MS);
});
