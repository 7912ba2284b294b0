/* The view: what the wall shows, as one value with one way to change it. The address bar and the map follow it. */
(() => {
  "use strict";
  const cc = window.commandcenter;

  const view = { preset: "", on: new Set(), opacity: {}, variant: {}, filters: {}, picked: null };
  cc.view = view;

  const changed = (what, layer) => cc.emit("view", { what, layer });
  const layerOf = (id) => cc.catalog.layers[id];

  cc.setPreset = (id) => {
    const preset = cc.catalog.presets.find((one) => one.id === id) || cc.catalog.presets[0];
    view.preset = preset.id;
    view.on = new Set(preset.layers.filter(layerOf));
    view.filters = {};
    view.variant = {};
    if (preset.variant) view.variant.grids = preset.variant;
    changed("preset");
  };

  cc.setLayer = (id, on) => {
    if (on) view.on.add(id);
    else view.on.delete(id);
    changed("layer", id);
  };

  cc.setOpacity = (id, share) => {
    view.opacity[id] = share;
    changed("opacity", id);
  };

  cc.setVariant = (id, variant) => {
    view.variant[id] = variant;
    changed("variant", id);
  };

  cc.setFilter = (id, name, values) => {
    const own = { ...(view.filters[id] || {}) };
    if (values.length) own[name] = values;
    else delete own[name];
    view.filters[id] = own;
    changed("filter", id);
  };

  cc.setPicked = (picked) => {
    view.picked = picked;
    changed("picked");
  };

  cc.opacityOf = (id) => view.opacity[id] ?? layerOf(id)?.opacity ?? 1;
  cc.variantOf = (id) => view.variant[id] || layerOf(id)?.variants?.[0]?.id || null;
  cc.filterParts = (id, prefix = "f.") =>
    Object.entries(view.filters[id] || {}).map(([name, values]) => `${prefix}${encodeURIComponent(name)}=${values.map(encodeURIComponent).join(",")}`);

  /* Inside an English sentence a choice begins small, unless it is an abbreviation. */
  const inSentence = (word) => (cc.language === "en" && /^[A-Z][a-z]/.test(word) ? word[0].toLowerCase() + word.slice(1) : word);

  /* The sentence above the map: every filter in force, in words. */
  cc.filterSentence = () => {
    const said = [];
    for (const id of view.on) {
      for (const filter of layerOf(id)?.filters || []) {
        const chosen = view.filters[id]?.[filter.name];
        if (!chosen) continue;
        const words = filter.options.filter((o) => chosen.includes(o.value)).map((o) => inSentence(o.text));
        said.push((filter.sentence || `${filter.title} {choices}`).replace("{choices}", words.join(cc.t("、", " or "))));
      }
    }
    return said.length ? cc.t(`只显示：${said.join("；")}`, `Showing only ${said.join("; ")}`) : "";
  };
})();
