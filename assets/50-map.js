/* The map: MapLibre draws the heavy layers inside the Leaflet map that Dash made. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const GL_CLASS = "gl-map";
  const FADES = {
    fill: ["fill-opacity"],
    line: ["line-opacity"],
    circle: ["circle-opacity", "circle-stroke-opacity"],
    symbol: ["icon-opacity", "text-opacity"],
  };
  const VERSION_CHECK_MS = 60000;
  const RETRY_MS = 8000;
  let style = null;

  const styleUrl = () => `/map/style.json?lang=${cc.language}&theme=${cc.theme}`;
  const catalogUrl = () => `/map/catalog.json?lang=${cc.language}&theme=${cc.theme}`;
  const asked = window.location.pathname === "/" ? { style: cc.getJson(styleUrl()), catalog: cc.getJson(catalogUrl()) } : null;
  asked?.style.then((found) => cc.fetchGlyphs(found)).catch(() => null);
  asked?.catalog.catch(() => null);

  /* A paint or layout number times a share; zoom expressions must stay outermost, so their outputs are scaled instead. */
  const scaled = (value, share) => {
    if (share === 1) return value ?? 1;
    if (value === undefined) return share;
    if (typeof value === "number") return value * share;
    if (!Array.isArray(value)) return value;
    const from = { interpolate: 4, step: 2 }[value[0]];
    if (from === undefined) return ["*", value, share];
    return value.map((part, i) => (i >= from && (i - from) % 2 === 0 ? scaled(part, share) : part));
  };

  /* In wall mode names and symbols grow, so that they are read from five metres. */
  cc.wallUnit = () => Math.max(1, Math.min(2, window.innerWidth / 1920));
  const growth = () => (cc.wallMode ? 1.67 * cc.wallUnit() : 1);
  const grown = (layout) => {
    const by = growth();
    if (by === 1 || !layout) return layout;
    const larger = { ...layout };
    if (layout["text-field"]) larger["text-size"] = scaled(layout["text-size"] ?? 16, by);
    if (layout["icon-image"]) larger["icon-size"] = scaled(layout["icon-size"] ?? 1, by ** 0.75);
    return larger;
  };

  const shows = (part) => {
    const { layer, variant } = part.metadata || {};
    if (!layer) return true;
    return cc.view.on.has(layer) && (!variant || variant === cc.variantOf(layer));
  };

  const tilesOf = (id, source) => {
    const parts = cc.filterParts(id);
    return source.tiles.map((url) => new URL(url + (parts.length ? `&${parts.join("&")}` : ""), window.location.origin).href.replaceAll("%7B", "{").replaceAll("%7D", "}"));
  };

  /* The style as the view wants it, so that nothing hidden is ever fetched. */
  const dressed = () => ({
    ...style,
    sources: Object.fromEntries(Object.entries(style.sources).map(([id, source]) => [id, { ...source, tiles: tilesOf(id, source) }])),
    layers: style.layers.map((part) => {
      const paint = { ...part.paint };
      const share = part.metadata?.layer ? cc.opacityOf(part.metadata.layer) : 1;
      for (const name of FADES[part.type] || []) if (share !== 1) paint[name] = scaled(paint[name], share);
      if (part.type === "circle" && cc.wallMode) paint["circle-radius"] = scaled(paint["circle-radius"] ?? 5, growth());
      return { ...part, paint, layout: { ...grown(part.layout), visibility: shows(part) ? "visible" : "none" } };
    }),
  });

  const partsOf = (id) => style.layers.filter((part) => part.metadata?.layer === id);
  const eachPart = (id, act) => partsOf(id).forEach((part) => cc.gl.getLayer(part.id) && act(part));

  const follow = ({ what, layer }) => {
    if (!cc.gl) return;
    if (what === "preset") {
      cc.gl.setStyle(dressed(), { diff: true });
    } else if (what === "layer" || what === "variant") {
      eachPart(layer, (part) => cc.gl.setLayoutProperty(part.id, "visibility", shows(part) ? "visible" : "none"));
    } else if (what === "opacity") {
      eachPart(layer, (part) => {
        for (const name of FADES[part.type] || []) cc.gl.setPaintProperty(part.id, name, scaled(part.paint?.[name], cc.opacityOf(layer)));
      });
    } else if (what === "filter") {
      cc.gl.getSource(layer)?.setTiles(tilesOf(layer, style.sources[layer]));
    }
  };

  /* New data has a new version in its tile address: only those sources fetch again. */
  const refreshVersions = async () => {
    const next = await cc.getJson(styleUrl()).catch(() => null);
    if (!next || !cc.gl) return;
    for (const [id, source] of Object.entries(next.sources)) {
      if (source.tiles[0] === style.sources[id]?.tiles[0]) continue;
      style.sources[id] = source;
      cc.gl.getSource(id)?.setTiles(tilesOf(id, source));
    }
  };

  cc.setTheme = async (theme) => {
    cc.theme = theme;
    cc.remember("cc_theme", theme);
    document.documentElement.setAttribute("data-mantine-color-scheme", theme);
    cc.tell("cc-mantine", { forceColorScheme: theme });
    style = await cc.getJson(styleUrl());
    cc.gl?.setStyle(dressed(), { diff: true });
    cc.redrawIcons?.();
    cc.emit("theme");
    cc.emit("view", { what: "theme" });
  };

  /* MapLibre never asks again for a tile that failed: its source is read anew, a little later and once for all its tiles. */
  const waiting = new Set();
  const askAgain = (id) => {
    if (!id || waiting.has(id)) return;
    waiting.add(id);
    setTimeout(() => {
      waiting.delete(id);
      if (cc.gl.getSource(id)) cc.gl.getSource(id).setTiles(tilesOf(id, style.sources[id]));
    }, RETRY_MS);
  };

  const attachGl = (map) => {
    const layer = window.L.maplibreGL({
      style: dressed(),
      localIdeographFontFamily: getComputedStyle(document.documentElement).getPropertyValue("--font"),
      fadeDuration: cc.reducedMotion() ? 0 : 150,
      maxTileCacheZoomLevels: 4,
      attributionControl: false,
      transformRequest: (url) => ({ url, headers: cc.unattended() || {} }),
      padding: 0.05,
    });
    // Trying costs nothing where WebGL works; asking first would make a whole context only to throw it away.
    try {
      layer.addTo(map);
    } catch {
      map.off(layer.getEvents(), layer);
      layer.getContainer()?.remove();
      return false;
    }
    cc.gl = layer.getMaplibreMap();
    cc.gl.on("styleimagemissing", (event) => cc.drawIcon?.(cc.gl, event.id));
    cc.gl.on("error", (event) => {
      cc.emit("layer-fault", { layer: event.sourceId, sentence: event.error?.message || "" });
      askAgain(event.sourceId);
    });
    cc.gl.on("sourcedata", (event) => event.sourceId && event.isSourceLoaded && cc.emit("layer-sound", { layer: event.sourceId }));
    cc.gl.once("idle", () => {
      cc.byId("wall")?.setAttribute("data-map", "idle");
      performance.mark("commandcenter:map-idle");
    });
    return true;
  };

  /* Home shows the whole city in the part of the map that no panel covers; in wall mode the map is free to its edges. */
  const homeOf = (map) => {
    const { bounds, centre, zoom } = cc.catalog.city;
    if (!bounds) return { centre: [centre[1], centre[0]], zoom };
    const [west, south, east, north] = bounds;
    const box = window.L.latLngBounds([south, west], [north, east]);
    const panels = cc.wallMode || map.getSize().x < 900 ? 0 : 680;
    const tall = (name) => document.querySelector(name)?.offsetHeight || 0;
    const [bar, strip] = [tall(".bar"), tall(".strip")];
    const nearest = Math.min(map.getBoundsZoom(box, false, window.L.point(panels + 32, bar + strip + 32)), 17);
    const middle = map.project(box.getCenter(), nearest).add([0, (strip - bar) / 2]);
    return { centre: map.unproject(middle, nearest), zoom: nearest };
  };

  const start = async (map) => {
    cc.map = map;
    try {
      cc.catalog = await (asked?.catalog || cc.getJson(catalogUrl()));
      style = await (asked?.style || cc.getJson(styleUrl()));
    } catch (fault) {
      await cc.when("wall");
      cc.byId("wall").setAttribute("data-state", fault.status === 403 ? "forbidden" : "fault");
      cc.byId("wall-fault-text").textContent = fault.message;
      cc.byId("wall-fault").hidden = false;
      return;
    }
    await cc.when("wall");
    cc.home = homeOf(map);
    cc.readAddress();
    map.setView(cc.place?.centre || cc.home.centre, cc.place?.zoom || cc.home.zoom, { animate: false });
    cc.emit("ready", map);
    if (!attachGl(map)) cc.drawWithoutWebGl?.(map);
    cc.on("view", follow);
    cc.emit("view", { what: "start" });
    setInterval(refreshVersions, VERSION_CHECK_MS);
  };

  window.L?.Map.addInitHook(function attach() {
    if (this.getContainer().classList.contains(GL_CLASS)) queueMicrotask(() => start(this));
  });
})();
