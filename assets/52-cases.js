/* The live layer: open cases as discs; up close one by one, from afar gathered by the server with their count and worst state. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const REFRESH_MS = 15000;
  const NEW_FOR_MS = 10000;
  const PANE = "live";
  const TOKENS = { ontime: "case_ontime", due_soon: "case_due_soon", overdue: "case_overdue", no_deadline: "case_no_deadline" };
  const known = new Set();
  const shown = {};
  let asking = null;

  const variable = (token) => `var(--${token.replaceAll("_", "-")})`;

  /* Shape carries the meaning too: a notch when it is getting late, a ring when it is over. */
  const disc = (state, radius, side) => {
    const middle = side / 2;
    const parts = [cc.svg("circle", { cx: middle, cy: middle, r: radius, style: `fill:${variable(TOKENS[state] || TOKENS.no_deadline)}`, class: "disc" })];
    if (state === "due_soon") {
      parts.push(cc.svg("path", { d: `M${middle} ${middle}L${middle} ${middle - radius - 1}A${radius + 1} ${radius + 1} 0 0 1 ${middle + radius + 1} ${middle}Z`, class: "notch" }));
    }
    if (state === "overdue") parts.push(cc.svg("circle", { cx: middle, cy: middle, r: radius + 3, class: "ring", style: `stroke:${variable(TOKENS.overdue)}` }));
    return cc.svg("svg", { width: side, height: side, viewBox: `0 0 ${side} ${side}`, "aria-hidden": "true" }, ...parts);
  };
  cc.caseDisc = disc;

  const single = (properties) => disc(properties.class, 6, 24);

  /* A gathering stays dark, so that many of them do not shout; its rim says the worst state inside. */
  const rim = (state, radius, middle) => {
    const style = `stroke:${variable(TOKENS[state] || TOKENS.no_deadline)}`;
    if (state !== "due_soon") return cc.svg("circle", { cx: middle, cy: middle, r: radius, class: "rim", style });
    return cc.svg("path", { d: `M${middle + radius} ${middle}A${radius} ${radius} 0 1 1 ${middle} ${middle - radius}`, class: "rim", style });
  };

  const gathered = (properties) => {
    const radius = Math.min(20, 10 + 2 * Math.log2(properties.count));
    const side = Math.ceil(radius * 2 + 12);
    const middle = side / 2;
    const parts = [cc.svg("circle", { cx: middle, cy: middle, r: radius, class: "ground" }), rim(properties.worst, radius, middle)];
    if (properties.worst === "overdue") parts.push(cc.svg("circle", { cx: middle, cy: middle, r: radius + 4, class: "ring", style: `stroke:${variable(TOKENS.overdue)}` }));
    parts.push(cc.svg("text", { x: middle, y: middle, class: "count", "text-anchor": "middle", "dominant-baseline": "central" }, cc.number(properties.count)));
    return cc.svg("svg", { width: side, height: side, viewBox: `0 0 ${side} ${side}`, "aria-hidden": "true" }, ...parts);
  };

  const isNew = (properties) => {
    if (properties.many || known.has(properties.id)) return false;
    return Boolean(properties.new);
  };

  const pointToLayer = (feature, latlng) => {
    const properties = feature.properties;
    const picture = properties.many ? gathered(properties) : single(properties);
    const side = Number(picture.getAttribute("width"));
    const fresh = isNew(properties);
    if (!properties.many) known.add(properties.id);
    const icon = window.L.divIcon({ html: picture, className: `live-symbol${properties.many ? " gathered" : ""}${fresh ? " fresh" : ""}`, iconSize: [side, side] });
    const marker = window.L.marker(latlng, { icon, pane: PANE, interactive: false, keyboard: false });
    if (fresh) setTimeout(() => marker.getElement()?.classList.remove("fresh"), NEW_FOR_MS);
    return marker;
  };

  // Dash-leaflet would bind properties as HTML popups; nothing of ours ever is.
  const onEachFeature = () => undefined;

  const tileZoom = () => Math.max(0, Math.min(22, Math.round(cc.map.getZoom() - 1)));
  /* Larger symbols need larger cells to be gathered in. */
  const liveScale = () => (cc.wallMode ? 1.25 * cc.wallUnit() : 1);
  const gatherZoom = () => Math.max(0, tileZoom() - Math.round(Math.log2(liveScale())));
  const box = () => {
    const b = cc.map.getBounds();
    const clamp = (value, most) => Math.max(-most, Math.min(most, value)).toFixed(6);
    return [clamp(b.getWest(), 180), clamp(b.getSouth(), 85), clamp(b.getEast(), 180), clamp(b.getNorth(), 85)].join(",");
  };
  cc.tileZoom = tileZoom;
  cc.box = box;

  const put = (id, features) => {
    shown[id] = features;
    cc.tell(`wall-live-${id}`, { data: { type: "FeatureCollection", features } });
  };

  const load = async () => {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    for (const layer of Object.values(cc.catalog.layers).filter((one) => one.kind === "live")) {
      if (!cc.view.on.has(layer.id) || tileZoom() < layer.min_zoom) {
        if (shown[layer.id]?.length) put(layer.id, []);
        continue;
      }
      try {
        const filters = cc.filterParts(layer.id).map((part) => `&${part}`).join("");
        const found = await cc.getJson(`/features/${layer.id}?bbox=${box()}&zoom=${gatherZoom()}&lang=${cc.language}${filters}`, signal);
        put(layer.id, found.features);
        cc.emit("layer-sound", { layer: layer.id });
      } catch (fault) {
        if (fault.name !== "AbortError") cc.emit("layer-fault", { layer: layer.id, sentence: fault.message });
      }
    }
  };

  cc.liveFeatures = () => Object.entries(shown).flatMap(([layer, features]) => features.map((feature) => ({ layer, feature })));
  cc.cases = { pointToLayer, onEachFeature };

  cc.on("ready", (map) => {
    const soon = cc.later(load, 120);
    document.documentElement.style.setProperty("--live-scale", String(liveScale()));
    map.on("moveend", soon);
    cc.on("view", ({ what }) => ["start", "preset", "layer", "filter"].includes(what) && soon());
    setInterval(() => document.visibilityState === "visible" && load(), REFRESH_MS);
  });
})();
