// 报送: sends files a few at a time, a row a file, and shows what becomes of each. Without this script the form of the
// page sends its files by itself.
"use strict";

(() => {
  const form = document.getElementById("drop");
  const rowsList = document.getElementById("rows");
  const sending = document.getElementById("sending");
  if (!form || !rowsList || !sending) return;
  const find = (selector) => document.querySelector(selector);

  // Uploads at a time: a browser has six connections to a site, and the page needs two others.
  const UPLOADS = 3;
  // Larger files are not hashed before they are sent, because that reads them into memory.
  const HASHED_BYTES = 64e6;
  // A file is tried so often, with a pause that doubles, before its row offers to try again.
  const TRIES = 6;
  const FIRST_PAUSE_MS = 1000;
  const LONGEST_PAUSE_MS = 60000;
  // States are asked for in one request for at most so many rows, oldest first, and less often while nothing changes.
  const ASKED = 200;
  const FIRST_POLL_MS = 700;
  const LONGEST_POLL_MS = 6000;
  // Rows that are added at once, so that thousands of files do not block the page.
  const CHUNK = 200;
  // What a computer leaves in folders.
  const LITTER = /(^|\/)(\.|~\$|Thumbs\.db$|desktop\.ini$|__MACOSX\/)/i;

  const STATES = {
    waiting: "等待上传", uploading: "正在上传", submitted: "已收到，正在读取", parsed: "已读取，正在校核",
    validated: "已校核，正在入库", indexed: "可检索", refused: "未接收", failed: "上传失败", cancelled: "已取消",
    archive: "已收到", unknown: "已收到",
  };
  const VERDICTS = { pass: ["pass", "通过"], warn: ["warn", "有警告"], fail: ["fail", "有错误"] };
  const OPEN = new Set(["waiting", "uploading", "submitted", "parsed", "validated", "unknown"]);

  const rows = [];
  const queue = [];
  const following = [];
  const submissions = new Set();
  let active = 0;
  let skipped = 0;

  // Rows.

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function sizeOf(bytes) {
    if (bytes < 1e3) return `${bytes} 字节`;
    return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;
  }

  function newRow(name, size, file) {
    const row = { name, size, file, state: "waiting", key: keyOf(), tries: 0 };
    row.item = element("li");
    row.parts = {
      name: element("span", "name", name), size: element("span", "size", size === null ? "" : sizeOf(size)),
      state: element("span", "state"), verdict: element("span", "verdict"), links: element("span", "links"),
    };
    row.item.append(...Object.values(row.parts));
    rows.push(row);
    show(row);
    return row;
  }

  // Every request of one file has the same key, so a file that is sent again after a lost answer is not sent twice.
  function keyOf() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return `page-${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  }

  function show(row, why, whyClass) {
    const { item, parts } = row;
    item.dataset.state = row.state;
    item.toggleAttribute("data-open", OPEN.has(row.state));
    item.toggleAttribute("data-problems", row.verdict === "fail" || row.verdict === "warn");
    if (row.state === "uploading" && row.sent !== undefined) {
      const bar = parts.state.querySelector("progress") ?? element("progress");
      bar.max = 1;
      bar.value = row.sent;
      bar.setAttribute("aria-label", "正在上传");
      if (!bar.isConnected) parts.state.replaceChildren(bar);
    } else {
      const words = row.state === "archive" ? archiveWords(row) : STATES[row.state];
      if (parts.state.textContent !== words || parts.state.firstElementChild) parts.state.textContent = words;
    }
    if (row.verdict && !parts.verdict.firstChild) {
      const [className, title] = VERDICTS[row.verdict];
      parts.verdict.append(element("span", `badge ${className}`, title));
      if (row.problems > 0) parts.verdict.append(` 问题${row.problems}项`);
    }
    if (row.report && !parts.links.firstChild) {
      const link = element("a", "", "年度报告");
      link.href = `/reports/${encodeURIComponent(row.id)}`;
      parts.links.append(link);
      if (row.verdict !== "pass") {
        const letter = element("a", "", "整改意见");
        letter.href = `/api/v1/reports/${encodeURIComponent(row.id)}/letter`;
        parts.links.append(letter);
      }
    }
    if (row.state === "failed") {
      const again = element("button", "", "重试");
      again.type = "button";
      again.addEventListener("click", () => retry(row));
      parts.links.replaceChildren(again);
    } else if (parts.links.querySelector("button")) {
      parts.links.replaceChildren();
    }
    let note = item.querySelector(".why");
    if (why) {
      note ??= item.appendChild(element("span", "why"));
      note.className = `why ${whyClass ?? ""}`;
      note.textContent = why;
    } else if (why === "") {
      note?.remove();
    }
    summarise();
  }

  function archiveWords(row) {
    return `${row.members}份${row.notTaken > 0 ? `，未接收${row.notTaken}` : ""}`;
  }

  // The line above the rows; it changes at most five times a second.
  let summaryTimer = null;
  function summarise() {
    summaryTimer ??= setTimeout(() => { summaryTimer = null; writeSummary(); }, 200);
  }
  function writeSummary() {
    const count = (test) => rows.reduce((total, row) => total + (test(row) ? 1 : 0), 0);
    const files = count((row) => row.file);
    const over = count((row) => row.file && !["waiting", "uploading"].includes(row.state));
    const reports = count((row) => row.id);
    const done = count((row) => row.state === "indexed");
    const refused = count((row) => row.state === "refused");
    const failed = count((row) => row.state === "failed");
    const processing = reports - done - count((row) => row.id && row.state === "refused");
    let text = `已上传${over}/${files}个文件；可检索${done}份`;
    if (processing > 0) text += `，处理中${processing}份`;
    if (refused > 0) text += `，未接收${refused}份`;
    if (failed > 0) text += `，上传失败${failed}个`;
    if (skipped > 0) text += `；略过系统文件${skipped}个`;
    if (!navigator.onLine) text = `网络已断开，恢复后自动继续。${text}`;
    find("[data-summary]").textContent = text;
    const bar = sending.querySelector(".progress-line > progress");
    const all = files + reports;
    bar.value = all > 0 ? (over + reports - processing) / all : 0;
    find("[data-retry]").disabled = failed === 0;
    find("[data-cancel]").disabled = queue.length === 0 && active === 0;
    find("[data-receipt]").disabled = submissions.size === 0;
  }

  // Choosing files.

  function add(files) {
    const taken = files.filter(({ name }) => !LITTER.test(name));
    skipped += files.length - taken.length;
    sending.hidden = false;
    const next = () => {
      const fragment = document.createDocumentFragment();
      for (const { file, name } of taken.splice(0, CHUNK)) {
        const row = newRow(name, file.size, file);
        fragment.append(row.item);
        queue.push(row);
      }
      rowsList.append(fragment);
      pump();
      if (taken.length > 0) setTimeout(next);
    };
    next();
    summarise();
  }

  const chosen = (list) => [...list].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
  const input = form.querySelector("#file");
  const folder = form.querySelector("#folder");
  const folderButton = form.querySelector("[data-folder]");
  form.querySelector("[data-plain]").hidden = true;
  input.required = false;
  input.addEventListener("change", () => { add(chosen(input.files)); input.value = ""; });
  folderButton.hidden = !("webkitdirectory" in folder);
  folderButton.addEventListener("click", () => folder.click());
  folder.addEventListener("change", () => { add(chosen(folder.files)); folder.value = ""; });
  form.addEventListener("submit", (event) => { event.preventDefault(); if (input.files.length > 0) add(chosen(input.files)); });

  // The files of a dropped entry with their paths; a folder tells its entries a hundred at a time.
  async function below(entry, path) {
    if (entry.isFile) {
      const file = await new Promise((done, fail) => entry.file(done, fail));
      return [{ file, name: path + entry.name }];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) {
      const entries = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (entries.length === 0) return found;
      for (const inner of entries) found.push(...await below(inner, `${path}${entry.name}/`));
    }
  }
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) form.classList.remove("over"); });
  addEventListener("drop", async (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.remove("over");
    // The entries have to be taken before this handler returns for the first time.
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = chosen(event.dataTransfer.files);
    if (entries.length === 0) return add(files);
    for (const entry of entries) {
      try {
        add(await below(entry, ""));
      } catch (error) {
        const row = newRow(entry.name, null, null);
        rowsList.append(row.item);
        row.state = "refused";
        show(row, "浏览器读不到这个文件或文件夹，请检查它是否被占用或已移动。");
      }
    }
  });

  // Uploading.

  function pump() {
    while (active < UPLOADS && queue.length > 0) {
      const row = queue.shift();
      if (row.state !== "waiting") continue;
      active += 1;
      upload(row).finally(() => { active -= 1; pump(); summarise(); });
    }
  }

  async function hashOf(file) {
    if (!crypto.subtle || file.size > HASHED_BYTES) return null;
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  async function upload(row) {
    row.state = "uploading";
    row.sent = 0;
    show(row, "");
    try {
      row.hash ??= await hashOf(row.file);
    } catch (error) {
      row.state = "refused";
      return show(row, "读不到这个文件。它可能已被移动、删除或正被其他程序占用，请关闭后重新选择。");
    }
    const answer = await post(row);
    if (row.state === "cancelled") return show(row);
    if (answer.status === 202) return accepted(row, answer.body);
    if (answer.submission) submissions.add(answer.submission);
    const isTemporary = answer.status === 0 || answer.status === 408 || answer.status === 429 || answer.status >= 500;
    const words = [answer.body?.detail, answer.body?.hint].filter(Boolean).join("");
    if (!isTemporary) {
      row.state = "refused";
      return show(row, words || (answer.status === 413 ? "文件超过了服务器允许的大小。请去掉图片等附件后重新报送。" : `服务器没有接收（${answer.status}）。请刷新页面，重新登录后再试。`));
    }
    row.tries += 1;
    if (row.tries >= TRIES) {
      row.state = "failed";
      return show(row, words || "网络中断，没有传到。文件没有丢失，请在网络恢复后点“重试”。");
    }
    row.state = "waiting";
    show(row, answer.status === 0 ? "网络中断，稍后自动重试。" : `${words}稍后自动重试。`, "quiet");
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (row.tries - 1));
    const wait = Math.max(pause, 1000 * answer.retryAfter);
    setTimeout(() => { if (row.state === "waiting") { queue.unshift(row); pump(); } }, wait);
  }

  // A request with its progress. The status is 0 where there was no answer.
  function post(row) {
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      row.request = request;
      request.open("POST", `/api/v1/reports?file_name=${encodeURIComponent(row.name)}`);
      request.setRequestHeader("Idempotency-Key", row.key);
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.upload.addEventListener("progress", (event) => {
        if (!event.lengthComputable || row.state !== "uploading") return;
        row.sent = event.loaded / event.total;
        show(row);
      });
      request.addEventListener("loadend", () => {
        row.request = null;
        let body = null;
        try { body = JSON.parse(request.responseText); } catch (error) { /* A proxy answered, or nobody did. */ }
        const submission = request.getResponseHeader("Location")?.match(/\/api\/v1\/submissions\/([0-9a-f]+)$/)?.[1];
        const retryAfter = Number(request.getResponseHeader("Retry-After")) || 0;
        done({ status: request.status, body, submission, retryAfter });
      });
      request.send(row.file);
    });
  }

  function accepted(row, receipt) {
    submissions.add(receipt.submission);
    const isArchive = receipt.reports.length + receipt.refused.length !== 1 || receipt.reports[0]?.file_name !== row.name;
    if (!isArchive) {
      const [report] = receipt.reports;
      if (row.hash && row.hash !== report.original) {
        row.state = "failed";
        return show(row, "服务器收到的内容与本机文件不一致，请重试。");
      }
      forget(row);
      return follow(row, report);
    }
    forget(row);
    row.state = "archive";
    row.members = receipt.reports.length;
    row.notTaken = receipt.refused.length;
    let last = row.item;
    const behind = (member) => { member.item.classList.add("member"); last.after(member.item); last = member.item; };
    for (const report of receipt.reports) {
      const member = newRow(report.file_name, null, null);
      behind(member);
      follow(member, report);
    }
    for (const refused of receipt.refused) {
      const member = newRow(refused.file_name, null, null);
      behind(member);
      member.state = "refused";
      show(member, refused.message);
    }
    show(row);
  }

  // What was accepted is not sent again.
  function forget(row) {
    row.file = { size: row.file.size };
  }

  function follow(row, report) {
    row.id = report.id;
    row.state = "submitted";
    show(row, report.duplicate ? "此前已收到相同的文件，没有重复处理。" : undefined, "quiet");
    following.push(row);
    poll(0);
  }

  function retry(row) {
    if (row.state !== "failed" || !(row.file instanceof Blob)) return;
    row.state = "waiting";
    row.tries = 0;
    queue.push(row);
    show(row, "");
    pump();
  }

  find("[data-retry]").addEventListener("click", () => rows.forEach(retry));
  find("[data-cancel]").addEventListener("click", () => {
    queue.length = 0;
    rows.filter((row) => row.state === "waiting" || row.state === "uploading").forEach((row) => {
      row.state = "cancelled";
      row.request?.abort();
      show(row, "");
    });
  });
  addEventListener("online", () => {
    rows.filter((row) => row.state === "waiting" && row.tries > 0).forEach((row) => { if (!queue.includes(row)) queue.unshift(row); });
    pump();
    poll(0);
    summarise();
  });
  addEventListener("offline", summarise);
  addEventListener("beforeunload", (event) => { if (active > 0 || queue.length > 0) event.preventDefault(); });

  // What became of the reports.

  let pollTimer = null;
  let pollPause = FIRST_POLL_MS;
  let isAsking = false;
  function poll(sooner) {
    if (sooner === 0) pollPause = FIRST_POLL_MS;
    if (pollTimer !== null && sooner === undefined) return;
    pollTimer ??= setTimeout(ask, pollPause);
  }

  async function ask() {
    pollTimer = null;
    if (isAsking || following.length === 0) return;
    isAsking = true;
    const asked = following.slice(0, ASKED);
    let isChanged = false;
    try {
      const ids = [...new Set(asked.map((row) => row.id))];
      const response = await fetch("/api/v1/states", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(ids),
      });
      if (response.ok) {
        const states = new Map((await response.json()).map((state) => [state.id, state]));
        isChanged = asked.filter((row) => learn(row, states.get(row.id))).length > 0;
      }
    } catch (error) {
      // The network is away; the next question may be answered.
    }
    isAsking = false;
    const open = following.filter((row) => OPEN.has(row.state) || row.state === "indexed" && !row.isSettled);
    // Rows that did not move stand behind the others, so that each is asked for in turn.
    const still = new Set(asked);
    following.length = 0;
    following.push(...open.filter((row) => !still.has(row)), ...open.filter((row) => still.has(row)));
    if (following.length === 0) return;
    pollPause = isChanged ? FIRST_POLL_MS : Math.min(LONGEST_POLL_MS, pollPause * 1.5);
    poll();
  }

  function learn(row, state) {
    if (!state || state.state === "unknown") return false;
    if (row.state === "indexed") {
      // What it lacks beside last year's report is found just after it can be searched, so it is asked for once more.
      row.isSettled = true;
      if (state.verdict === row.verdict && (state.problems ?? 0) === (row.problems ?? 0)) return false;
      row.parts.verdict.replaceChildren();
      row.parts.links.replaceChildren();
    } else if (state.state === row.state) {
      return false;
    }
    row.state = state.state;
    row.verdict = state.verdict ?? undefined;
    row.problems = state.problems ?? 0;
    row.report = state.report ?? undefined;
    show(row, state.state === "refused" ? state.message : undefined);
    return true;
  }

  // Which rows are shown, and the receipt.

  const choices = [...document.querySelectorAll(".shown button")];
  choices.forEach((choice) => choice.addEventListener("click", () => {
    choices.forEach((other) => other.setAttribute("aria-pressed", String(other === choice)));
    rowsList.dataset.show = choice.dataset.show;
  }));
  find("[data-receipt]").closest("form").addEventListener("submit", () => {
    find("[data-submissions]").value = [...submissions].join(" ");
  });
})();
