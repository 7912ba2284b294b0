/* The address restores the whole view: place, preset, layers, colouring, filters, selection, language, theme. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const finite = (parts) => parts.length && parts.every(Number.isFinite);

  cc.readAddress = () => {
    const query = new URLSearchParams(window.location.search);
    const at = (query.get("at") || "").split(",").map(Number);
    cc.place = at.length === 3 && finite(at) && Math.abs(at[1]) <= 85 ? { centre: [at[1], at[0]], zoom: Math.max(3, Math.min(20, at[2])) } : null;
    cc.setPreset(query.get("preset"));
    const { view, catalog } = cc;
    if (query.has("layers")) {
      view.on = new Set();
      for (const part of query.get("layers").split(",")) {
        const [id, percent] = part.split("~");
        if (!catalog.layers[id]) continue;
        view.on.add(id);
        if (percent && Number.isFinite(Number(percent))) view.opacity[id] = Math.max(0, Math.min(100, Number(percent))) / 100;
      }
    }
    for (const part of (query.get("variant") || "").split(",")) {
      const [id, variant] = part.split(".");
      if (catalog.layers[id]?.variants.some((one) => one.id === variant)) view.variant[id] = variant;
    }
    for (const [name, value] of query) {
      const [mark, id, filter] = name.split(".");
      const known = mark === "f" && catalog.layers[id]?.filters.find((one) => one.name === filter);
      const values = known ? value.split(",").filter((one) => known.options.some((option) => option.value === one)) : [];
      if (values.length) view.filters[id] = { ...(view.filters[id] || {}), [filter]: values };
    }
    const [thing, where] = (query.get("pick") || "").split("@");
    const [layer, id] = thing.split(":");
    const [lon, lat] = (where || "").split(",").map(Number);
    if (catalog.layers[layer] && /^\d+$/.test(id || "")) {
      const placed = Number.isFinite(lon) && Number.isFinite(lat);
      view.picked = { layer, id: Number(id), lon: placed ? lon : null, lat: placed ? lat : null };
    }
  };

  cc.address = (changes = {}) => {
    const { view, map } = cc;
    const parts = [];
    const put = (name, value) => value && parts.push(`${name}=${value}`);
    if (map) {
      const centre = map.getCenter();
      put("at", `${centre.lng.toFixed(5)},${centre.lat.toFixed(5)},${Number(map.getZoom().toFixed(2))}`);
    }
    put("preset", view.preset);
    put("layers", [...view.on].map((id) => (view.opacity[id] === undefined ? id : `${id}~${Math.round(view.opacity[id] * 100)}`)).join(",") || "none");
    put("variant", Object.entries(view.variant).map(([id, variant]) => `${id}.${variant}`).join(","));
    for (const [id, filters] of Object.entries(view.filters)) {
      for (const [name, values] of Object.entries(filters)) put(`f.${id}.${name}`, values.map(encodeURIComponent).join(","));
    }
    const picked = view.picked;
    if (picked?.id) put("pick", `${picked.layer}:${picked.id}${picked.lon === null ? "" : `@${picked.lon.toFixed(6)},${picked.lat.toFixed(6)}`}`);
    const { lang = cc.language, theme = cc.theme, wall = cc.wallMode } = changes;
    put("lang", lang);
    put("theme", theme);
    if (wall) put("wall", "1");
    return `/?${parts.join("&")}`;
  };

  cc.on("ready", (map) => {
    const write = cc.later(() => window.history.replaceState(window.history.state, "", cc.address()), 250);
    map.on("moveend", write);
    cc.on("view", write);
  });
})();
