/* What is under the cursor: one click becomes {layer, id, lon, lat}; several symbols become a list to choose from. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const REACH_PX = 7;
  const LIVE_REACH_PX = 13;
  const MOST = 12;
  const rank = { Point: 0, MultiPoint: 0, LineString: 1, MultiLineString: 1, Polygon: 2, MultiPolygon: 2 };

  const nameOf = (properties, layer) => {
    const own = cc.language === "en" ? properties.name_en || properties.minor_en || properties.name || properties.minor : properties.name || properties.minor;
    return own || properties.code || cc.catalog.layers[layer].title;
  };

  const liveUnder = (point) =>
    cc
      .liveFeatures()
      .map(({ layer, feature }) => {
        const [lon, lat] = feature.geometry.coordinates;
        return { layer, feature, distance: cc.map.latLngToContainerPoint([lat, lon]).distanceTo(point) };
      })
      .filter(({ feature, distance }) => distance <= (feature.properties.many ? 18 : LIVE_REACH_PX))
      .sort((a, b) => a.distance - b.distance);

  const glUnder = (point) => {
    if (!cc.gl || !cc.gl.isStyleLoaded()) return [];
    const pad = cc.map.getSize().multiplyBy(0.05);
    const at = [point.x + pad.x, point.y + pad.y];
    const box = [[at[0] - REACH_PX, at[1] - REACH_PX], [at[0] + REACH_PX, at[1] + REACH_PX]];
    const near = cc.gl.queryRenderedFeatures(box).filter((f) => rank[f.geometry.type] < 2);
    const over = cc.gl.queryRenderedFeatures(at).filter((f) => rank[f.geometry.type] === 2);
    const seen = new Set();
    return [...near, ...over].filter((f) => {
      const layer = f.source;
      const key = `${layer}:${f.id}`;
      if (!cc.catalog.layers[layer]?.clickable || f.id === undefined || seen.has(key)) return false;
      return seen.add(key);
    });
  };

  const itemOf = (layer, id, name, latlng, geometry) => ({
    layer,
    id: Number(id),
    title: String(name),
    layer_title: cc.catalog.layers[layer].title,
    lon: latlng.lng,
    lat: latlng.lat,
    geometry,
  });

  const under = (point) => {
    const latlng = cc.map.containerPointToLatLng(point);
    const live = liveUnder(point)
      .filter(({ feature }) => !feature.properties.many)
      .map(({ layer, feature }) => {
        const [lon, lat] = feature.geometry.coordinates;
        return itemOf(layer, feature.properties.id.split(":")[1], nameOf(feature.properties, layer), { lng: lon, lat }, feature.geometry);
      });
    const heavy = glUnder(point);
    // A camera's sector is not a thing of its own: the camera is clicked at its symbol.
    const symbols = heavy.filter((f) => rank[f.geometry.type] === 0);
    const flat = heavy.filter((f) => rank[f.geometry.type] > 0 && f.sourceLayer !== "sectors");
    const made = (f) => itemOf(f.source, f.id, nameOf(f.properties, f.source), latlng, f.geometry);
    const unique = (items) => [...new Map(items.map((item) => [`${item.layer}:${item.id}`, item])).values()];
    const points = unique([...live, ...symbols.map(made)]);
    const isPoint = new Set(points.map((item) => `${item.layer}:${item.id}`));
    return { points: points.slice(0, MOST), flat: unique(flat.map(made)).filter((item) => !isPoint.has(`${item.layer}:${item.id}`)).slice(0, MOST) };
  };

  const plain = ({ geometry, ...item }) => item;

  /* Show one thing, with the others found beside it; `fly` goes to its place. */
  cc.pick = (item, others = [], { fly = false, zoom = null } = {}) => {
    cc.setPicked({ layer: item.layer, id: item.id ?? null, code: item.code ?? null, lon: item.lon ?? null, lat: item.lat ?? null });
    cc.tell("wall-picked", { data: { current: plain(item), others: others.map(plain), language: cc.language } });
    cc.byId("wall").classList.add("has-card");
    if (fly && item.lon !== null && item.lon !== undefined) cc.flyTo(item.lat, item.lon, zoom);
    cc.highlight(item);
  };

  cc.unpick = () => {
    cc.setPicked(null);
    cc.byId("wall").classList.remove("has-card");
    cc.tell("wall-picked", { data: null });
    cc.highlight(null);
    cc.map.getContainer().focus({ preventScroll: true });
  };

  cc.flyTo = (lat, lon, zoom) => {
    const target = Math.min(cc.map.getMaxZoom() || 20, zoom || Math.max(cc.map.getZoom(), 16));
    if (cc.reducedMotion()) cc.map.setView([lat, lon], target, { animate: false });
    else cc.map.setView([lat, lon], target, { animate: cc.map.getBounds().contains([lat, lon]), duration: 0.2 });
  };

  /* The outline of the picked thing, whole (a tile holds only a piece of it), as a feature of its own in its own pane. */
  const ring = (item) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates: [item.lon, item.lat] } });
  let latest = 0;
  cc.highlight = async (item) => {
    const mine = ++latest;
    const show = (features) => mine === latest && cc.tell("wall-selection", { data: { type: "FeatureCollection", features } });
    if (!item || item.lon === null || item.lon === undefined) return show([]);
    show([ring(item)]);
    const layer = cc.catalog.layers[item.layer];
    if (!layer || layer.kind === "live" || !item.id) return;
    const near = 0.00002;
    const box = [item.lon - near, item.lat - near, item.lon + near, item.lat + near].map((n) => n.toFixed(7)).join(",");
    const found = await cc.getJson(`/features/${item.layer}?bbox=${box}&zoom=18`).catch(() => null);
    const whole = found?.features.find((feature) => feature.id === `${item.layer}:${item.id}`);
    if (whole && whole.geometry.type !== "Point") show([{ ...whole, properties: {} }]);
  };
  /* An address may name the picked thing before Dash has made the pane it is drawn in. */
  const outlined = () => document.querySelector(".selection-ring, .selection-outline");
  const insist = (times) => {
    if (!cc.view.picked || outlined() || !times) return;
    cc.highlight(cc.view.picked);
    setTimeout(() => insist(times - 1), 500);
  };
  cc.on("ready", () => setTimeout(() => insist(20), 500));

  cc.selection = {
    pointToLayer: (_, latlng) => window.L.circleMarker(latlng, { radius: 14, pane: "selection", interactive: false, className: "selection-ring" }),
    onEachFeature: () => undefined,
    style: () => ({ className: "selection-outline", interactive: false, pane: "selection" }),
  };

  const act = (point) => {
    const many = liveUnder(point).find(({ feature }) => feature.properties.many);
    const { points, flat } = under(point);
    if (!points.length && many) {
      const [lon, lat] = many.feature.geometry.coordinates;
      cc.map.setView([lat, lon], cc.map.getZoom() + 2, { animate: !cc.reducedMotion() });
    } else if (points.length > 1) {
      cc.tell("wall-picked", { data: { current: null, others: points.concat(flat).map(plain), language: cc.language } });
      cc.byId("wall").classList.add("has-card");
    } else if (points.length || flat.length) {
      const [first, ...rest] = points.concat(flat);
      cc.pick(first, rest);
    } else {
      cc.unpick();
    }
  };

  /* Buttons that name a thing: queue rows, card links, search hits, the list of several. */
  const pressed = (event) => {
    const button = event.target.closest("[data-layer]");
    if (!button || !cc.byId("wall")?.contains(button)) return;
    const { layer, ref, code, lon, lat, zoom } = button.dataset;
    const item = { layer, id: ref ? Number(ref) : null, code: code || null, lon: lon ? Number(lon) : null, lat: lat ? Number(lat) : null, title: button.dataset.title || "" };
    if (layer === "here") {
      cc.flyTo(item.lat, item.lon, Number(zoom));
      cc.highlight(item);
    } else {
      if (cc.catalog.layers[layer] && layer !== "base" && !cc.view.on.has(layer)) cc.setLayer(layer, true);
      cc.pick(item, [], { fly: button.dataset.fly !== "no", zoom: zoom ? Number(zoom) : null });
    }
    cc.emit("chosen", button);
  };

  /* A number opens the rows behind it: its layer on, its filter set. */
  const opened = (event) => {
    const figure = event.target.closest("[data-opens]");
    if (!figure) return;
    const id = figure.dataset.opens;
    if (!cc.catalog.layers[id]) return;
    if (!cc.view.on.has(id)) cc.setLayer(id, true);
    for (const filter of cc.catalog.layers[id].filters) cc.setFilter(id, filter.name, []);
    for (const [name, value] of Object.entries(JSON.parse(figure.dataset.filters || "{}"))) cc.setFilter(id, name, value.split(","));
    cc.say(cc.t(`已显示图层“${cc.catalog.layers[id].title}”。`, `The layer "${cc.catalog.layers[id].title}" is shown.`));
  };

  /* A thing named by its code, or by an address without a place, gets both from its card. */
  const learn = () => {
    const card = cc.byId("wall-card").querySelector("[data-card]");
    const { picked } = cc.view;
    if (!card || !picked || (picked.id !== null && picked.lon !== null)) return;
    const [layer, id] = card.dataset.card.split(":");
    const [lon, lat] = card.dataset.at.split(",").map(Number);
    if (layer !== picked.layer) return;
    cc.setPicked({ layer, id: Number(id), code: null, lon, lat });
    cc.highlight(cc.view.picked);
  };

  cc.on("ready", (map) => {
    new MutationObserver(learn).observe(cc.byId("wall-card"), { childList: true, subtree: true });
    let single = 0;
    map.on("click", (event) => {
      if (cc.measuring) return;
      clearTimeout(single);
      single = setTimeout(() => act(event.containerPoint), 180);
    });
    map.on("dblclick", () => clearTimeout(single));
    const box = map.getContainer();
    box.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === box && !cc.measuring) act(map.getSize().divideBy(2));
    });
    let moved = 0;
    map.on("mousemove", (event) => {
      if (cc.measuring || performance.now() - moved < 60) return;
      moved = performance.now();
      box.classList.toggle("over-symbol", liveUnder(event.containerPoint).length > 0 || glUnder(event.containerPoint).some((f) => rank[f.geometry.type] === 0));
    });
    document.addEventListener("click", pressed);
    document.addEventListener("click", opened);
    if (cc.view.picked) cc.pick(cc.view.picked);
  });
})();
