/* The frame: presets, search keys, panels, tools, language, theme, full screen, wall mode, coordinates. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const FADE_MS = 10000;

  const go = (changes) => window.location.assign(cc.address(changes));

  const brand = () => {
    const { city } = cc.catalog;
    cc.byId("wall-city").textContent = city.name;
    cc.byId("wall-synthetic").hidden = !city.synthetic;
    document.title = `${city.name} · ${cc.t("城市指挥中心", "City command center")}`;
  };

  const presets = () => {
    const choices = cc.catalog.presets.map((preset) => {
      const button = cc.element("button", { type: "button", role: "radio", "aria-checked": "false", "data-preset": preset.id, title: preset.centre || preset.title }, preset.title);
      button.addEventListener("click", () => cc.setPreset(preset.id));
      return button;
    });
    const place = cc.byId("wall-presets");
    place.replaceChildren(...choices);
    place.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = choices[(choices.indexOf(document.activeElement) + step + choices.length) % choices.length];
      next.focus();
      next.click();
    });
    const follow = () => {
      for (const button of choices) {
        const chosen = button.dataset.preset === cc.view.preset;
        button.setAttribute("aria-checked", String(chosen));
        button.tabIndex = chosen ? 0 : -1;
      }
      const preset = cc.catalog.presets.find((one) => one.id === cc.view.preset);
      cc.byId("wall-centre").textContent = cc.wallMode ? preset?.title || "" : preset?.centre || "";
    };
    cc.on("view", follow);
  };

  /* Search: typing asks (debounced), arrows walk the findings, Enter goes there. */
  const search = () => {
    const field = cc.byId("wall-search");
    const results = cc.byId("wall-results");
    const ask = cc.later((text) => cc.tell("wall-query", { data: { text, language: cc.language } }), 90);
    const close = () => {
      results.hidden = true;
      field.setAttribute("aria-expanded", "false");
    };
    const open = () => {
      results.hidden = !field.value.trim();
      field.setAttribute("aria-expanded", String(!results.hidden));
    };
    field.addEventListener("input", () => {
      open();
      ask(field.value.trim());
    });
    field.addEventListener("focus", open);
    const hits = () => [...results.querySelectorAll("[data-layer]")];
    const walk = (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) {
        event.preventDefault();
        const all = hits();
        const next = all.indexOf(document.activeElement) + step;
        (next < 0 ? field : all[Math.min(next, all.length - 1)])?.focus();
      } else if (event.key === "Enter" && event.target === field) {
        hits()[0]?.click();
      } else if (event.key === "Escape") {
        event.stopPropagation();
        close();
        field.blur();
      }
    };
    field.addEventListener("keydown", walk);
    results.addEventListener("keydown", walk);
    document.addEventListener("pointerdown", (event) => !event.target.closest("#wall-search-box") && close());
    cc.on("chosen", (button) => results.contains(button) && close());
  };

  const fold = (side, folded) => {
    cc.byId("wall").classList.toggle(`folded-${side}`, folded);
    document.querySelector(`[data-fold="${side}"]`)?.setAttribute("aria-expanded", String(!folded));
    setTimeout(() => cc.map.invalidateSize({ pan: false }), 200);
  };
  const folded = (side) => cc.byId("wall").classList.contains(`folded-${side}`);

  const fullScreen = () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen());

  const zoomBy = (step) => cc.map.setZoom(cc.map.getZoom() + step, { animate: !cc.reducedMotion() });
  const ACTS = {
    "zoom-in": () => zoomBy(1),
    "zoom-out": () => zoomBy(-1),
    home: () => cc.map.setView(cc.home.centre, cc.home.zoom, { animate: !cc.reducedMotion() }),
    "full-screen": fullScreen,
    language: () => go({ lang: cc.language === "en" ? "zh" : "en" }),
    theme: () => cc.setTheme(cc.theme === "dark" ? "light" : "dark"),
    wall: () => go({ wall: !cc.wallMode }),
    "close-card": () => cc.unpick(),
    "clear-filters": () => Object.entries(cc.view.filters).forEach(([id, own]) => Object.keys(own).forEach((name) => cc.setFilter(id, name, []))),
    "switch-role": () => window.location.assign(`/sign-in?next=${encodeURIComponent(cc.catalog ? cc.address() : "/")}`),
    retry: () => window.location.reload(),
  };
  const pressed = (event) => {
    const button = event.target.closest("[data-act],[data-fold],[data-measure]");
    if (!button) return;
    const { act, measure } = button.dataset;
    if (act) ACTS[act]?.();
    if (button.dataset.fold) fold(button.dataset.fold, !folded(button.dataset.fold));
    if (measure) cc.measure(measure);
  };

  const typing = (target) => target.matches?.("input:not([type=checkbox]):not([type=range]), textarea, select");
  const keys = (event) => {
    const field = cc.byId("wall-search");
    if (!field || cc.wallMode) return cc.wallMode && event.key === "Escape" ? go({ wall: false }) : undefined;
    if ((event.key === "/" && !typing(event.target)) || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape") {
      if (cc.measuring) cc.stopMeasuring();
      else if (cc.view.picked || cc.byId("wall").classList.contains("has-card")) cc.unpick();
    } else if (event.key === "l" && !typing(event.target) && !event.ctrlKey && !event.metaKey) {
      fold("layers", !folded("layers"));
    }
  };

  const coordinates = (map) => {
    const place = cc.byId("wall-coordinates");
    const show = ({ lat, lng }) => {
      const plain = `WGS 84  ${lng.toFixed(5)}, ${lat.toFixed(5)}`;
      if (!cc.datum.inChina(lng, lat)) return (place.textContent = plain);
      const [lon2, lat2] = cc.datum.toGcj02(lng, lat);
      place.textContent = `${plain}　GCJ-02  ${lon2.toFixed(5)}, ${lat2.toFixed(5)}`;
    };
    show(map.getCenter());
    map.on("mousemove", (event) => show(event.latlng.wrap()));
    map.on("moveend", () => show(map.getCenter()));
  };

  const rest = () => {
    if (!cc.wallMode) return;
    const wall = cc.byId("wall");
    const quiet = cc.later(() => wall.classList.add("resting"), FADE_MS);
    const wake = () => {
      wall.classList.remove("resting");
      quiet();
    };
    for (const name of ["pointermove", "keydown", "pointerdown"]) document.addEventListener(name, wake);
    wake();
  };

  const byKeyboard = (yes) => document.documentElement.classList.toggle("by-keyboard", yes);
  document.addEventListener("keydown", () => byKeyboard(true), true);
  document.addEventListener("pointerdown", () => byKeyboard(false), true);
  document.addEventListener("click", pressed);
  document.addEventListener("keydown", keys);

  cc.on("ready", (map) => {
    brand();
    presets();
    search();
    coordinates(map);
    rest();
    const box = map.getContainer();
    box.setAttribute("role", "application");
    box.setAttribute("aria-label", cc.t("电子地图：方向键平移，加减号缩放，回车查看中心处的对象", "Map: arrow keys pan, plus and minus zoom, Enter shows what is at the centre"));
    if (window.matchMedia("(max-width: 900px)").matches) {
      fold("layers", true);
      fold("side", true);
    }
    cc.on("view", ({ what }) => what === "picked" && cc.view.picked && folded("side") && fold("side", false));
    cc.byId("wall").setAttribute("data-shell", "usable");
    performance.mark("commandcenter:shell-usable");
  });
})();
