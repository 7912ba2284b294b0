/* Outside raster maps, where the city file names some: laid under everything, each tile moved from its declared datum to WGS 84. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const PANE = "raster-ground";
  const GCJ02 = "GCJ-02";
  const METRES_PER_DEGREE = 111320;

  const fromGcj02 = (lon, lat) => {
    let [x, y] = [lon, lat];
    for (let step = 0; step < 5; step += 1) {
      const [there, up] = cc.datum.toGcj02(x, y);
      x += lon - there;
      y += lat - up;
    }
    return [x, y];
  };

  /* A tile is moved as a whole by the shift at its middle; what its corners miss is the residual. */
  const shifted = () =>
    window.L.TileLayer.extend({
      _middle(coords) {
        const bounds = this._tileCoordsToBounds(coords);
        return bounds.getCenter();
      },
      _getTilePos(coords) {
        const place = window.L.TileLayer.prototype._getTilePos.call(this, coords);
        const middle = this._middle(coords);
        if (!cc.datum.inChina(middle.lng, middle.lat)) return place;
        const [lon, lat] = fromGcj02(middle.lng, middle.lat);
        const zoom = coords.z;
        return place.add(this._map.project([lat, lon], zoom).subtract(this._map.project(middle, zoom)).round());
      },
      _getTiledPixelBounds(centre) {
        const [lon, lat] = cc.datum.inChina(centre.lng, centre.lat) ? cc.datum.toGcj02(centre.lng, centre.lat) : [centre.lng, centre.lat];
        return window.L.TileLayer.prototype._getTiledPixelBounds.call(this, window.L.latLng(lat, lon));
      },
      residual_m(map) {
        const zoom = Math.round(map.getZoom());
        const at = map.project(map.getCenter(), zoom).divideBy(256).floor();
        const bounds = this._tileCoordsToBounds(Object.assign(at, { z: zoom }));
        const middle = bounds.getCenter();
        const shift = (p) => {
          const [lon, lat] = fromGcj02(p.lng, p.lat);
          return [(lon - p.lng) * METRES_PER_DEGREE * Math.cos((p.lat * Math.PI) / 180), (lat - p.lat) * METRES_PER_DEGREE];
        };
        const here = shift(middle);
        const corners = [bounds.getNorthWest(), bounds.getNorthEast(), bounds.getSouthWest(), bounds.getSouthEast()].map(shift);
        return Math.max(...corners.map((c) => Math.hypot(c[0] - here[0], c[1] - here[1])));
      },
    });

  const layerOf = (raster) => {
    const options = { pane: PANE, maxNativeZoom: raster.max_zoom, maxZoom: 22, attribution: "" };
    return raster.datum === GCJ02 ? new (shifted())(raster.url, options) : window.L.tileLayer(raster.url, options);
  };

  const note = (raster, layer, map) =>
    raster.datum === GCJ02
      ? cc.t(`GCJ-02 已逐片纠正，残差不超过 ${layer.residual_m(map).toFixed(2)} 米`, `GCJ-02, moved per tile; residual up to ${layer.residual_m(map).toFixed(2)} m`)
      : raster.datum;

  const switchOf = (raster, map) => {
    const layer = layerOf(raster);
    const words = cc.element("span", { class: "raster-note" });
    const tell = () => (words.textContent = map.hasLayer(layer) ? ` ${note(raster, layer, map)} · ${raster.attribution}` : "");
    const box = cc.element("input", {
      type: "checkbox",
      onchange: (event) => {
        if (event.target.checked) layer.addTo(map);
        else layer.remove();
        cc.gl?.setLayoutProperty("ground", "visibility", event.target.checked ? "none" : "visible");
        tell();
      },
    });
    map.on("zoomend", tell);
    return cc.element("label", { class: "raster-switch" }, box, ` ${raster.title}`, words);
  };

  cc.on("ready", (map) => {
    const rasters = cc.catalog.rasters || [];
    if (!rasters.length) return;
    map.createPane(PANE).style.zIndex = 150;
    const control = window.L.control({ position: "bottomleft" });
    control.onAdd = () => cc.element("div", { class: "raster-switches", role: "group", "aria-label": cc.t("外部影像底图", "Outside raster maps") }, ...rasters.map((raster) => switchOf(raster, map)));
    control.addTo(map);
  });
})();
