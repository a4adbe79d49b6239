// A form with one file: a file that is dropped on the page is chosen and sent. The form works without this script.
"use strict";

(() => {
  const form = document.getElementById("drop");
  const input = form?.querySelector("input[type=file]");
  if (!form || !input) return;
  const sending = () => {
    form.querySelector("button").disabled = true;
    form.querySelector("[data-working]").hidden = false;
  };
  form.addEventListener("submit", sending);
  // The browser shows the form as it was left when the reader comes back to the page.
  addEventListener("pageshow", () => {
    form.querySelector("button").disabled = false;
    form.querySelector("[data-working]").hidden = true;
  });
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    form.classList.remove("over");
    input.files = event.dataTransfer.files;
    form.requestSubmit();
  });
})();
