/* The data desk: its address, its buttons, the file that travels, and what is said when something was done. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const PATH = "/data";
  if (window.location.pathname.replace(/\/+$/, "") !== PATH) return;
  const LARGEST_BYTES = 2 * 2 ** 30;
  const SAID_MS = 12000;
  let where = {};
  let file = null;
  let sending = null;
  let silence = 0;

  const readAddress = (search) => {
    const query = new URLSearchParams(search);
    where = { source: query.get("source"), run: query.get("run"), rule: query.get("rule") };
  };
  const address = (next) => {
    const query = new URLSearchParams(Object.entries(next).filter(([, value]) => value !== null && value !== undefined && value !== ""));
    return query.size ? `${PATH}?${query}` : PATH;
  };

  const say = (sentence, good = true) => {
    const place = cc.byId("desk-notice");
    clearTimeout(silence);
    place.classList.toggle("bad", !good);
    place.setAttribute("role", good ? "status" : "alert");
    place.replaceChildren(...(sentence ? [cc.element("span", {}, sentence), cc.element("button", { type: "button", class: "tool", "aria-label": cc.t("关闭", "Close"), onclick: () => say("") }, cc.element("span", { class: "icon icon-x", "aria-hidden": "true" }))] : []));
    if (good && sentence) silence = setTimeout(() => say(""), SAID_MS);
  };

  const asked = () => ({ ...where, language: cc.language, at: Date.now() });
  const ask = () => cc.tell("desk-ask", { data: asked() });
  /* Another rule of the same rows, or the same rows anew: the rest of the view stays as it is. */
  const narrow = () => (cc.byId("desk-refused-place") ? cc.tell("desk-narrow", { data: asked() }) : ask());

  /* Scroll to a part of the view, which may still be on its way. */
  const reveal = (id, tries = 120) => {
    const place = cc.byId(id);
    if (place) place.scrollIntoView({ block: "start", behavior: cc.reducedMotion() ? "auto" : "smooth" });
    else if (tries) requestAnimationFrame(() => reveal(id, tries - 1));
  };

  const go = (search, then) => {
    if (sending) return say(cc.t("文件还在上传，请等它结束或取消上传。", "The file is still on its way: wait for it or cancel the upload."), false);
    const before = where;
    readAddress(search);
    window.history.pushState(null, "", address(where));
    file = null;
    // Nobody wants to be thrown to the top of a view that stays.
    const same = before.run === where.run && (before.source === where.source || where.run);
    if (!same) cc.byId("desk-view").scrollTo(0, 0);
    if (same && where.rule) narrow();
    else if (!same || before.rule !== where.rule) ask();
    if (then) reveal(then);
    return undefined;
  };
  const order = (act, given) => cc.tell("desk-command", { data: { act, ...given, language: cc.language, at: Date.now() } });

  /* A question before what cannot be taken back lightly: the browser's own dialog keeps the keyboard inside. */
  const sure = (sentence) =>
    new Promise((decided) => {
      const dialog = cc.element("dialog", { class: "desk-dialog" });
      const close = (answer) => () => {
        dialog.close();
        dialog.remove();
        decided(answer);
      };
      dialog.append(
        cc.element("p", {}, sentence),
        cc.element("div", { class: "desk-acts" }, cc.element("button", { type: "button", class: "desk-button", onclick: close(false) }, cc.t("不，返回", "No, go back")), cc.element("button", { type: "button", class: "desk-button first", "data-sure": "yes", onclick: close(true) }, cc.t("继续", "Continue")))
      );
      dialog.addEventListener("cancel", close(false));
      cc.byId("desk").append(dialog);
      dialog.showModal();
    });

  const said_bytes = (bytes) => (bytes < 1024 ** 2 ? `${cc.number(Math.ceil(bytes / 1024))} KB` : `${cc.number(Math.round((bytes / 1024 ** 2) * 10) / 10)} MB`);

  const choose = (chosen) => {
    if (!chosen || sending) return;
    if (chosen.size === 0) return say(cc.t("这个文件是空的。", "This file is empty."), false);
    if (chosen.size > LARGEST_BYTES) return say(cc.t("文件超过 2 GB，请分成几份交付。", "The file is over 2 GB: deliver it in parts."), false);
    file = chosen;
    showChosen();
    cc.byId("desk-ready").querySelector("button").focus();
    return undefined;
  };
  /* The form as it was, also after the view was drawn anew because another run ended meanwhile. */
  const showChosen = () => {
    if (!file || !cc.byId("desk-ready")) return;
    cc.byId("desk-file").textContent = `${file.name} · ${said_bytes(file.size)}`;
    cc.byId("desk-ready").hidden = sending !== null;
    cc.byId("desk-upload").hidden = sending === null;
  };

  const pick = () => {
    const input = cc.element("input", { type: "file" });
    input.addEventListener("change", () => choose(input.files[0]));
    input.click();
  };

  const problem = (request) => {
    try {
      const body = JSON.parse(request.responseText);
      const sentence = (cc.language === "en" ? body.detail : body.detail_zh) || body.detail;
      return body.id ? cc.t(`${sentence}（编号 ${body.id}）`, `${sentence} (id ${body.id})`) : sentence;
    } catch {
      return cc.t("服务器没有接受这个文件，请重试。", "The server did not take the file; try again.");
    }
  };

  const moved = (sent, whole, since) => {
    const share = whole ? sent / whole : 0;
    const seconds = (Date.now() - since) / 1000;
    const left = share > 0.02 ? Math.ceil((seconds / share) * (1 - share)) : null;
    cc.byId("desk-upload-bar").value = Math.round(share * 100);
    const words = `${Math.floor(share * 100)} % · ${said_bytes(sent)} / ${said_bytes(whole)}`;
    cc.byId("desk-upload-words").textContent = left === null ? words : `${words} · ${cc.t(`约剩 ${left} 秒`, `about ${left} s left`)}`;
  };

  /* The file goes as it is, streamed by the browser; nothing of it is held in the page. */
  const deliver = (dry) => {
    if (!file || sending) return;
    const mapping = cc.byId("desk-drop").dataset.mapping;
    const accept = cc.byId("desk-accept-vanished")?.checked === true;
    const request = new XMLHttpRequest();
    const since = Date.now();
    const whole = file.size;
    const end = (sentence) => {
      sending = null;
      if (cc.byId("desk-upload")) cc.byId("desk-upload").hidden = true;
      if (cc.byId("desk-ready")) cc.byId("desk-ready").hidden = !file;
      if (sentence) say(sentence, false);
    };
    sending = request;
    cc.byId("desk-upload").hidden = false;
    cc.byId("desk-ready").hidden = true;
    moved(0, whole, since);
    request.open("POST", `/data/upload?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.addEventListener("progress", (event) => moved(event.loaded, whole, since));
    request.addEventListener("load", () => {
      if (request.status >= 400) return end(problem(request));
      end("");
      order("run", { mapping, upload: JSON.parse(request.responseText).id, dry_run: dry, accept_vanished: accept });
      return undefined;
    });
    request.addEventListener("error", () => end(cc.t("上传中断：连接断开。文件还在您这里，请重试。", "The upload broke off: the link was lost. The file is still with you; try again.")));
    request.addEventListener("abort", () => end(cc.t("已取消上传，服务器没有保留任何内容。", "The upload was cancelled; the server kept nothing.")));
    request.send(file);
  };

  /* Which rows a button means: those it names, or all of its run's rule. */
  const rowsOf = ({ ids, run, rule }) => ({ ids: ids ? ids.split(",") : [], run: run || null, rule: rule || null });
  const changedFields = () =>
    Object.fromEntries([...cc.byId("desk-editor").querySelectorAll("input[data-field]")].filter((input) => input.value !== (input.dataset.was || "")).map((input) => [input.dataset.field, input.value]));
  const valueOf = (id) => cc.byId(id)?.value || "";
  const needsField = (act) => {
    const field = valueOf("desk-many-field");
    if (!field) return say(cc.t("请先选择字段。", "Choose the field first."), false);
    return act(field);
  };

  const ACTS = {
    language: () => {
      const query = new URLSearchParams(Object.entries(where).filter(([, value]) => value));
      query.set("lang", cc.language === "en" ? "zh" : "en");
      window.location.assign(`${PATH}?${query}`);
    },
    theme: () => cc.setTheme(cc.theme === "dark" ? "light" : "dark"),
    "show-map": () => reveal("desk-preview"),
    "show-finding": ({ id, lon, lat }) => {
      cc.deskMap.choose({ id, lon: Number(lon), lat: Number(lat) }, ["noticed"]);
      reveal("desk-preview");
    },
    "show-all": () => cc.deskMap.showAll(),
    "choose-file": pick,
    "cancel-upload": () => sending?.abort(),
    "dry-run": () => deliver(true),
    load: () => deliver(false),
    "load-now": ({ mapping, upload }) => order("run", { mapping, upload, dry_run: false, accept_vanished: cc.byId("desk-accept-vanished")?.checked === true }),
    "load-again": ({ mapping, upload, kept }) => order("run", { mapping, upload, dry_run: kept === "dry_run" }),
    "cancel-run": ({ run }) => order("cancel", { run }),
    rerun: ({ source }) => order("rerun", { source }),
    withdraw: ({ run }) => order("withdraw", { run }),
    correct: (given) => order("correct", { ...rowsOf(given), changes: changedFields() }),
    "accept-repair": (given) => order("correct", { ...rowsOf(given), accept_repair: true }),
    dismiss: (given) => order("dismiss", rowsOf(given)),
    "set-field": (given) => needsField((field) => order("correct", { ...rowsOf(given), changes: { [field]: valueOf("desk-set-value") } })),
    "replace-value": (given) => needsField((field) => order("correct", { ...rowsOf(given), replace: [field, valueOf("desk-old-value"), valueOf("desk-new-value")] })),
  };

  const plainClick = (event) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  const pressed = async (event) => {
    const led = event.target.closest("a[data-go]");
    if (led && plainClick(event)) {
      event.preventDefault();
      return go(led.dataset.go, led.dataset.then);
    }
    if (event.target.closest("[data-act=switch-role]")) return window.location.assign(`/sign-in?next=${encodeURIComponent(address(where))}`);
    const button = event.target.closest("[data-desk]");
    if (!button || button.disabled) return undefined;
    const given = { ...button.dataset };
    if (given.confirm && !(await sure(given.confirm))) return undefined;
    return ACTS[given.desk]?.(given);
  };

  const overDrop = (event) => event.target.closest?.("#desk-drop");
  const drop = (event) => {
    const place = overDrop(event);
    cc.byId("desk-drop")?.classList.remove("over");
    if (!place) return;
    event.preventDefault();
    choose(event.dataTransfer.files[0]);
  };

  /* Dash calls these when an answer has come. */
  window.dash_clientside = Object.assign(window.dash_clientside || {}, {
    desk: {
      follow: (done) => {
        if (done) {
          if (done.sentence) say(done.sentence, done.good);
          if (done.go) go(`?${new URLSearchParams(Object.entries(done.go).filter(([, value]) => value))}`);
          else if (done.only_rows) narrow();
          else if (done.good) ask();
        }
        return String(done?.at || "");
      },
      place: (placed) => {
        cc.deskMap?.choose(placed);
        return String(placed?.id || "");
      },
    },
  });

  document.addEventListener("click", pressed);
  document.addEventListener("dragover", (event) => {
    if (!overDrop(event)) return;
    event.preventDefault();
    cc.byId("desk-drop").classList.add("over");
  });
  document.addEventListener("dragleave", (event) => overDrop(event) && cc.byId("desk-drop").classList.remove("over"));
  document.addEventListener("drop", drop);
  window.addEventListener("popstate", () => {
    readAddress(window.location.search);
    ask();
  });
  window.addEventListener("beforeunload", (event) => sending && event.preventDefault());

  readAddress(window.location.search);
  cc.when("desk").then(() => {
    new MutationObserver(showChosen).observe(cc.byId("desk-view"), { childList: true });
    ask();
    document.title = cc.t("数据台", "Data desk");
  });
})();
