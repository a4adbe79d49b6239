// Completion while typing, and the form that searches by figure. Both inputs work without this script.
"use strict";

(() => {
  const DELAY_MS = 150;
  let boxes = 0;

  // A combobox with a listbox, as ARIA describes it. `data-complete` names what is completed; empty is a whole query.
  function attach(input) {
    const kind = input.dataset.complete;
    const isFocused = document.activeElement === input;
    const holder = document.createElement("span");
    holder.className = "completing";
    input.replaceWith(holder);
    const list = document.createElement("ul");
    list.className = "completions";
    list.id = `completions-${boxes += 1}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "可选的名称");
    list.hidden = true;
    holder.append(input, list);
    if (isFocused) input.focus();
    input.autocomplete = "off";
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-expanded", "false");
    input.setAttribute("aria-controls", list.id);

    let suggestions = [];
    let active = -1;
    let timer = 0;
    let asking = null;

    function close() {
      clearTimeout(timer);
      asking?.abort();
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }
    function activate(index) {
      active = index;
      [...list.children].forEach((item, position) => item.setAttribute("aria-selected", String(position === index)));
      const item = list.children[index];
      if (item) {
        input.setAttribute("aria-activedescendant", item.id);
        item.scrollIntoView({ block: "nearest" });
      } else {
        input.removeAttribute("aria-activedescendant");
      }
    }
    function accept(index) {
      const { value, q } = suggestions[index];
      // Of several names only the last one is being typed.
      const before = kind === "agency" ? input.value.replace(/[^、]*$/u, "") : "";
      input.value = kind ? before + value : q;
      close();
      input.focus();
      input.setSelectionRange(input.value.length, input.value.length);
    }
    function show(found) {
      suggestions = found;
      list.replaceChildren(...found.map(({ value, detail }, index) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${index}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        for (const text of [value, detail]) {
          const part = document.createElement("span");
          part.textContent = text;
          item.append(part);
        }
        item.addEventListener("mousedown", (event) => { event.preventDefault(); accept(index); });
        return item;
      }));
      list.hidden = found.length === 0;
      active = -1;
      input.setAttribute("aria-expanded", String(!list.hidden));
    }
    async function ask() {
      const text = kind === "agency" ? input.value.split("、").pop() : input.value;
      asking?.abort();
      if (!text.trim()) return close();
      asking = new AbortController();
      const query = new URLSearchParams({ q: text });
      if (kind) query.set("kind", kind);
      try {
        const answer = await fetch(`/api/v1/complete?${query}`, { signal: asking.signal });
        if (answer.ok && document.activeElement === input) show((await answer.json()).suggestions);
      } catch {
        // A later key stroke has asked again, or the server does not answer: the input works without suggestions.
      }
    }
    input.addEventListener("input", (event) => {
      clearTimeout(timer);
      if (!event.isComposing) timer = setTimeout(ask, DELAY_MS);
    });
    input.addEventListener("compositionend", () => { timer = setTimeout(ask, DELAY_MS); });
    input.addEventListener("keydown", (event) => {
      if (list.hidden || event.isComposing) return;
      const last = suggestions.length - 1;
      if (event.key === "ArrowDown") activate(active === last ? 0 : active + 1);
      else if (event.key === "ArrowUp") activate(active <= 0 ? last : active - 1);
      else if (event.key === "Enter" && active >= 0) accept(active);
      else if (event.key === "Escape") close();
      else return;
      event.preventDefault();
    });
    input.addEventListener("blur", close);
  }
  document.querySelectorAll("[data-complete]").forEach(attach);

  // Rows and columns of the chosen table only.
  document.querySelectorAll("[data-figure-search]").forEach((form) => {
    const { table, row, column } = form.elements;
    const groups = [row, column].map((select) => [select, [...select.querySelectorAll("optgroup")]]);
    function narrow() {
      for (const [select, all] of groups) {
        const chosen = select.value;
        select.replaceChildren(...all.filter((group) => !table.value || group.dataset.table === table.value));
        if ([...select.options].some((option) => option.value === chosen)) select.value = chosen;
      }
    }
    table.addEventListener("change", narrow);
    narrow();
  });
})();
