/* Honesty and pulse: how old each layer is, whether the link lives, what time it is in the city. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const STATUS_MS = 30000;
  const PULSE_MS = 5000;
  const LOST_AFTER = 2;
  const FIGURES_MS = 30000;
  let asking = null;
  let missed = 0;
  let wasLost = false;

  const status = async () => {
    asking?.abort();
    asking = new AbortController();
    const ids = [...cc.view.on];
    if (!ids.length) return;
    const filters = ids.flatMap((id) => cc.filterParts(id, `f.${id}.`)).map((part) => `&${part}`).join("");
    try {
      const said = await cc.getJson(`/map/status.json?bbox=${cc.box()}&zoom=${cc.tileZoom()}&layers=${ids.join(",")}&lang=${cc.language}${filters}`, asking.signal);
      cc.showHonesty(said.layers);
      cc.emit("glass", said.glass);
    } catch (fault) {
      // Signed out or taken away: what is drawn must not stay on the screen, and the way back in is the page's.
      if (fault.status === 401) window.location.reload();
      else if (fault.name !== "AbortError") ids.forEach((layer) => cc.emit("layer-fault", { layer, sentence: fault.message }));
    }
  };

  const showLink = (state, sentence) => {
    const place = cc.byId("wall-link");
    place.dataset.state = state;
    place.querySelector("span").textContent = sentence;
    cc.byId("wall").classList.toggle("link-lost", state === "lost");
  };

  const pulse = async () => {
    try {
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(4000) });
      if (!answer.ok) throw new Error(String(answer.status));
      missed = 0;
      showLink("live", cc.t("已连接", "Connected"));
      if (wasLost) {
        wasLost = false;
        status();
        cc.emit("view", { what: "start" });
      }
    } catch {
      missed += 1;
      if (missed < LOST_AFTER) return;
      wasLost = true;
      showLink("lost", cc.t("连接中断，画面停在断开前，正在重连", "Link lost: the picture stands still, reconnecting"));
    }
  };

  const clock = () => {
    const zone = cc.catalog.city.time_zone;
    const time = new Intl.DateTimeFormat(cc.locale, { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    const day = new Intl.DateTimeFormat(cc.locale, { timeZone: zone, month: "short", day: "numeric", weekday: "short" });
    const tick = () => {
      const now = new Date();
      cc.byId("wall-time").textContent = time.format(now);
      cc.byId("wall-day").textContent = day.format(now);
    };
    tick();
    setInterval(tick, 1000);
    cc.byId("wall-clock").title = zone;
  };

  const askFigures = () => cc.tell("wall-ask", { data: { preset: cc.view.preset, language: cc.language, at: Date.now() } });

  cc.on("ready", (map) => {
    clock();
    pulse();
    const soon = cc.later(status, 300);
    map.on("moveend", soon);
    cc.on("view", ({ what }) => {
      if (["start", "preset", "layer", "filter"].includes(what)) soon();
      if (["start", "preset"].includes(what)) askFigures();
    });
    setInterval(() => document.visibilityState === "visible" && status(), STATUS_MS);
    setInterval(pulse, PULSE_MS);
    setInterval(() => document.visibilityState === "visible" && askFigures(), FIGURES_MS);
  });
})();
