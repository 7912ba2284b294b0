/* Without WebGL: a notice, and the layers that are on drawn plainly from the viewport's GeoJSON. Fewer features, same meanings. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const PLAIN = { grids: "grid_edge", unit_cells: "unit_cell", compounds: "compound", areas: "area_edge", cameras: "camera_working", service_points: "service_public", components: "component", key_sites: "key_site", base: "road_trunk", buildings: "building_edge" };
  const drawn = {};
  let asking = null;
  let paper = null; // one canvas for all layers: each renderer of its own would stay behind at every move

  const styled = (id) => {
    const colour = cc.token(PLAIN[id] || "accent");
    return { color: colour, weight: id === "areas" ? 2 : 1, fillColor: colour, fillOpacity: id === "base" || id === "areas" ? 0 : 0.12, opacity: cc.opacityOf(id), interactive: false };
  };

  const draw = async (map) => {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    for (const layer of Object.values(cc.catalog.layers)) {
      if (layer.kind === "live") continue;
      if (!cc.view.on.has(layer.id) || cc.tileZoom() < layer.min_zoom) {
        drawn[layer.id]?.remove();
        continue;
      }
      try {
        const filters = cc.filterParts(layer.id).map((part) => `&${part}`).join("");
        const found = await cc.getJson(`/features/${layer.id}?bbox=${cc.box()}&zoom=${cc.tileZoom()}&lang=${cc.language}${filters}`, signal);
        drawn[layer.id]?.remove();
        drawn[layer.id] = window.L.geoJSON(found, {
          renderer: (paper ??= window.L.canvas()),
          style: () => styled(layer.id),
          pointToLayer: (_, latlng) => window.L.circleMarker(latlng, { radius: 4, ...styled(layer.id), fillOpacity: 0.9 }),
        }).addTo(map);
        if (found.complete === false) cc.emit("layer-fault", { layer: layer.id, sentence: cc.t("此范围要素过多，请放大。", "Too many features here: zoom in.") });
        else cc.emit("layer-sound", { layer: layer.id });
      } catch (fault) {
        if (fault.name === "AbortError") return;
        cc.emit("layer-fault", { layer: layer.id, sentence: fault.message });
      }
    }
    cc.byId("wall").setAttribute("data-map", "idle");
  };

  cc.drawWithoutWebGl = (map) => {
    cc.byId("wall").classList.add("without-webgl");
    cc.byId("wall-webgl").hidden = false;
    const soon = cc.later(() => draw(map), 200);
    map.on("moveend", soon);
    cc.on("view", ({ what }) => what !== "picked" && soon());
  };
})();
