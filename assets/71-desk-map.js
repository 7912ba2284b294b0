/* The desk's preview map: our own base map underneath, the rows of one run above it, drawn on one canvas a pane. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  if (window.location.pathname.replace(/\/+$/, "") !== "/data") return;
  const DESK_CLASS = "desk-gl";
  const GROUND = new Set(["base", "areas"]);
  const NEAR_ZOOM = 16;
  const papers = new WeakMap();
  let map = null;
  let gl = null;
  let drawn = null; // the preview as it came, by kind
  let chosen = null;

  const colour = (kind) => cc.token({ accepted: "good", refused: "bad", proposed: "selection", noticed: "warn", chosen: "focus" }[kind]);
  const paper = (kind) => {
    if (!papers.has(map)) papers.set(map, {});
    const held = papers.get(map);
    return (held[kind] ??= window.L.canvas({ pane: `desk-${kind}`, padding: 0.2 }));
  };

  /* A cross, so that a refused row is told from an accepted one without its colour. */
  const Cross = window.L.CircleMarker.extend({
    _updatePath() {
      const pen = this._renderer?._ctx;
      if (!pen || !this._renderer._drawing || this._empty()) return;
      const { x, y } = this._point;
      const arm = this._radius;
      pen.beginPath();
      pen.moveTo(x - arm, y - arm);
      pen.lineTo(x + arm, y + arm);
      pen.moveTo(x - arm, y + arm);
      pen.lineTo(x + arm, y - arm);
      this._renderer._fillStroke(pen, this);
    },
  });

  /* A diamond marks what was noticed: a gap of millimetres would not be seen. */
  const Diamond = window.L.CircleMarker.extend({
    _updatePath() {
      const pen = this._renderer?._ctx;
      if (!pen || !this._renderer._drawing || this._empty()) return;
      const { x, y } = this._point;
      const arm = this._radius;
      pen.beginPath();
      pen.moveTo(x, y - arm);
      pen.lineTo(x + arm, y);
      pen.lineTo(x, y + arm);
      pen.lineTo(x - arm, y);
      pen.closePath();
      this._renderer._fillStroke(pen, this);
    },
  });

  const LINES = {
    accepted: () => ({ weight: 1, opacity: 0.9, fillOpacity: 0.15 }),
    refused: () => ({ weight: 2, opacity: 1, fillOpacity: 0.08, dashArray: "6 4" }),
    proposed: () => ({ weight: 3, opacity: 1, fillOpacity: 0 }),
    noticed: () => ({ weight: 2, opacity: 1, fillOpacity: 0.35, dashArray: "1 4" }),
    chosen: () => ({ weight: 3, opacity: 1, fillOpacity: 0 }),
  };
  const styled = (kind) => ({ ...LINES[kind](), color: colour(kind), fillColor: colour(kind), renderer: paper(kind), interactive: false });
  const DOTS = {
    accepted: () => ({ ...styled("accepted"), radius: 3, stroke: false, fillOpacity: 0.9 }),
    refused: () => ({ ...styled("refused"), radius: 5, weight: 2.5, fill: false, dashArray: null }),
    proposed: () => ({ ...styled("proposed"), radius: 6, fill: false }),
    noticed: () => ({ ...styled("noticed"), radius: 6, fillOpacity: 0.6, dashArray: null }),
    chosen: () => ({ ...styled("chosen"), radius: 11, fill: false }),
  };
  const isDot = (feature) => /Point$/.test(feature?.geometry?.type || "");
  const SIGNS = { refused: Cross, noticed: Diamond };
  const kindOf = (kind) => ({
    pointToLayer: (_, at) => new (SIGNS[kind] || window.L.CircleMarker)(at, DOTS[kind]()),
    style: (feature) => (isDot(feature) ? DOTS[kind]() : styled(kind)),
  });
  const kinds = Object.fromEntries(Object.keys(DOTS).map((kind) => [kind, kindOf(kind)]));

  const collection = (features) => ({ type: "FeatureCollection", features });
  const put = (kind, features) => cc.tell(`desk-drawn-${kind}`, { data: collection(features) });
  const boundsOf = (features) => (features.length ? window.L.geoJSON(collection(features)).getBounds() : null);

  const everything = () => ["accepted", "refused"].flatMap((kind) => drawn[kind].features);
  const frame = (features) => {
    const box = boundsOf(features);
    if (box?.isValid()) map.fitBounds(box, { animate: false, padding: [24, 24], maxZoom: NEAR_ZOOM });
  };
  /* From afar a refused outline is a speck: its cross stays. */
  const crossed = (features) =>
    features.flatMap((feature) => {
      if (isDot(feature)) return [feature];
      const { lng, lat } = boundsOf([feature]).getCenter();
      return [feature, { type: "Feature", properties: feature.properties, geometry: { type: "Point", coordinates: [lng, lat] } }];
    });
  const putAll = () => {
    put("accepted", drawn.accepted.features);
    put("refused", crossed(drawn.refused.features));
    put("proposed", drawn.proposed.features);
    put("noticed", crossed(drawn.noticed.features));
  };

  const styleUrl = () => `/map/style.json?lang=${cc.language}&theme=${cc.theme}`;
  const ground = (style) => ({
    ...style,
    sources: Object.fromEntries(
      Object.entries(style.sources)
        .filter(([id]) => GROUND.has(id))
        .map(([id, source]) => [id, { ...source, tiles: source.tiles.map((url) => new URL(url, window.location.origin).href.replaceAll("%7B", "{").replaceAll("%7D", "}")) }])
    ),
    layers: style.layers.filter((part) => !part.source || GROUND.has(part.source)).map((part) => ({ ...part, layout: { ...part.layout, visibility: "visible" } })),
  });

  const attach = async (here) => {
    const style = await cc.getJson(styleUrl());
    if (here !== map) return;
    const layer = window.L.maplibreGL({
      style: ground(style),
      localIdeographFontFamily: getComputedStyle(document.documentElement).getPropertyValue("--font"),
      fadeDuration: 0,
      attributionControl: false,
      padding: 0.05,
    });
    // Without WebGL the rows still stand on a plain ground.
    try {
      layer.addTo(here);
    } catch {
      here.off(layer.getEvents(), layer);
      layer.getContainer()?.remove();
      return;
    }
    gl = layer.getMaplibreMap();
    gl.on("styleimagemissing", (event) => cc.drawIcon?.(gl, event.id));
  };

  const counted = (body, afar) => {
    const part = (kind) => cc.number(body[kind].features.length);
    const accepted = cc.byId("desk-preview").dataset.dry ? cc.t(`可载入 ${part("accepted")}、`, `${part("accepted")} accepted, `) : "";
    const words = [cc.t(`画出${accepted}隔离 ${part("refused")}、建议修补 ${part("proposed")}。`, `Drawn: ${accepted}${part("refused")} refused, ${part("proposed")} proposed repairs.`)];
    if (body.noticed.features.length) words.push(cc.t(`发现 ${part("noticed")} 处。`, `${part("noticed")} places noticed.`));
    if (!body.complete) words.push(cc.t("文件很大，只画出分布均匀的一部分。", "The file is large: an evenly spread part of it is drawn."));
    if (afar) words.push(cc.t(`${cc.number(afar)} 处远在城市之外。`, `${cc.number(afar)} lie far outside the city.`));
    return words.join(cc.t("", " "));
  };

  /* The rows by kind; a place that is no number has no shape. */
  const sorted = (body) => {
    const of = (kind) => collection(body.features.filter((feature) => feature.geometry && feature.properties.kind === kind));
    return { complete: body.complete !== false, accepted: of("accepted"), refused: of("refused"), proposed: of("proposed"), noticed: of("noticed") };
  };

  const show = async (here) => {
    const run = cc.byId("desk-preview")?.dataset.run;
    try {
      const catalog = cc.catalog || (cc.catalog = await cc.getJson(`/map/catalog.json?lang=${cc.language}&theme=${cc.theme}`));
      const { bounds, centre, zoom } = catalog.city;
      if (bounds) here.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]], { animate: false });
      else here.setView([centre[1], centre[0]], zoom, { animate: false });
      attach(here).catch(() => null);
      drawn = sorted(await cc.getJson(`/data/preview/${run}.json?lang=${cc.language}`));
      if (here !== map) return;
      putAll();
      // One row with exchanged axes must not shrink all the others to a speck: what lies near the city is framed first.
      const city = bounds ? window.L.latLngBounds([bounds[1], bounds[0]], [bounds[3], bounds[2]]).pad(0.5) : null;
      const near = everything().filter((feature) => city?.contains(boundsOf([feature]).getCenter()));
      frame(near.length ? near : everything());
      const afar = near.length ? everything().length - near.length : 0;
      cc.byId("desk-drawn").textContent = counted(drawn, afar);
      cc.byId("desk-show-all").hidden = !afar;
      cc.byId("desk-preview").setAttribute("data-drawn", "yes");
      if (chosen) choose(chosen);
    } catch (fault) {
      if (cc.byId("desk-drawn")) cc.byId("desk-drawn").textContent = cc.t(`预览取不到：${fault.message}`, `The preview cannot be fetched: ${fault.message}`);
    }
  };

  /* The row that is looked at: ringed where it lies, its shape before and after the proposed repair in view. */
  const choose = (placed, among = ["refused", "proposed"]) => {
    chosen = placed;
    if (!map || !drawn) return;
    if (!placed || placed.lon === null) return put("chosen", []);
    const own = among.flatMap((kind) => drawn[kind].features.filter((feature) => String(feature.properties.id) === String(placed.id)));
    put("chosen", [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [placed.lon, placed.lat] } }]);
    const box = boundsOf(own.filter((feature) => feature.geometry.type !== "Point"));
    if (box?.isValid()) map.fitBounds(box, { animate: !cc.reducedMotion(), padding: [40, 40], maxZoom: 18 });
    else map.setView([placed.lat, placed.lon], Math.max(map.getZoom(), NEAR_ZOOM), { animate: !cc.reducedMotion() });
    return undefined;
  };

  cc.deskMap = { ...kinds, choose, showAll: () => frame(everything()), onEachFeature: () => undefined };
  cc.on("theme", async () => {
    if (!map) return;
    const here = map;
    const style = await cc.getJson(styleUrl()).catch(() => null);
    if (style && gl && here === map) gl.setStyle(ground(style), { diff: true });
    if (drawn) putAll();
    if (chosen) choose(chosen);
  });

  window.L?.Map.addInitHook(function attachDesk() {
    if (!this.getContainer().classList.contains(DESK_CLASS)) return;
    queueMicrotask(() => {
      map = this;
      [gl, drawn, chosen] = [null, null, null];
      this.getContainer().setAttribute("role", "application");
      show(this);
    });
    this.on("unload", () => map === this && ([map, gl, drawn] = [null, null, null]));
  });
})();
