// The work list: tick all, and say how many are ticked.
(() => {
  const form = document.querySelector("[data-work-list]");
  if (!form) return;
  const ticks = [...form.querySelectorAll("input[name=report]")];
  const all = form.querySelector("[data-all]");
  const everything = form.querySelector("[data-everything]");
  const count = form.querySelector("[data-count]");
  let last = null;

  const show = () => {
    const chosen = everything?.checked ? Number(everything.value) : ticks.filter((tick) => tick.checked).length;
    count.hidden = false;
    count.querySelector("b").textContent = chosen;
    all.checked = ticks.length > 0 && ticks.every((tick) => tick.checked);
    all.indeterminate = !all.checked && ticks.some((tick) => tick.checked);
    for (const button of form.querySelectorAll("button[name=act]")) button.disabled = chosen === 0;
  };

  all.hidden = false;
  all.addEventListener("change", () => {
    for (const tick of ticks) tick.checked = all.checked;
    show();
  });
  everything?.addEventListener("change", show);
  for (const [place, tick] of ticks.entries()) {
    // With Shift, all between this one and the last one.
    tick.addEventListener("click", (event) => {
      if (event.shiftKey && last !== null) {
        const [from, to] = [Math.min(last, place), Math.max(last, place)];
        for (const other of ticks.slice(from, to + 1)) other.checked = tick.checked;
      }
      last = place;
      show();
    });
  }
  show();
})();
