/* Distance and area: click points, double click or Shift+Enter ends, Escape puts the tool away. Metres on the WGS 84 ellipsoid. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  let points = [];
  let drawn = null;
  let done = false;
  cc.measuring = null;

  const metres = (value) => (value < 1000 ? `${value.toFixed(value < 100 ? 1 : 0)} m` : `${(value / 1000).toLocaleString(cc.locale, { maximumFractionDigits: 2 })} km`);
  const squareMetres = (value) => (value < 1e6 ? `${Math.round(value).toLocaleString(cc.locale)} m²` : `${(value / 1e6).toLocaleString(cc.locale, { maximumFractionDigits: 3 })} km²`);

  const result = () => {
    if (cc.measuring === "area") {
      return points.length < 3 ? cc.t("至少三个点围成面积", "Three points or more enclose an area") : `${squareMetres(cc.datum.area_m2(points))} · ${metres(cc.datum.length_m([...points, points[0]]))}`;
    }
    return points.length < 2 ? cc.t("在地图上点击各点", "Click points on the map") : metres(cc.datum.length_m(points));
  };

  const show = () => {
    drawn?.remove();
    const style = { className: "measure-stroke", interactive: false, pane: "selection" };
    const stroke = cc.measuring === "area" && points.length > 2 ? window.L.polygon(points, style) : window.L.polyline(points, style);
    const knots = points.map((point) => window.L.circleMarker(point, { radius: 4, className: "measure-knot", interactive: false, pane: "selection" }));
    drawn = window.L.layerGroup([stroke, ...knots]).addTo(cc.map);
    const end = done ? "" : cc.t("　双击结束（键盘：回车加点，Shift+回车结束），Esc 退出", "  double click ends (keys: Enter adds, Shift+Enter ends), Esc leaves");
    cc.byId("wall-measure").textContent = result() + end;
  };

  const stop = () => {
    drawn?.remove();
    drawn = null;
    points = [];
    cc.measuring = null;
    cc.byId("wall-measure").hidden = true;
    cc.map.doubleClickZoom.enable();
    cc.map.getContainer().classList.remove("measuring");
    for (const button of document.querySelectorAll("[data-measure]")) button.setAttribute("aria-pressed", "false");
  };
  cc.stopMeasuring = stop;

  cc.measure = (kind) => {
    const same = cc.measuring === kind;
    stop();
    if (same) return;
    cc.measuring = kind;
    done = false;
    cc.map.doubleClickZoom.disable();
    cc.map.getContainer().classList.add("measuring");
    cc.byId("wall-measure").hidden = false;
    document.querySelector(`[data-measure="${kind}"]`)?.setAttribute("aria-pressed", "true");
    show();
  };

  const add = (latlng) => {
    if (done) {
      points = [];
      done = false;
    }
    points.push(latlng);
    show();
  };

  cc.on("ready", (map) => {
    map.on("click", (event) => cc.measuring && add(event.latlng));
    map.on("dblclick", () => {
      if (!cc.measuring) return;
      done = true;
      show();
    });
    map.getContainer().addEventListener("keydown", (event) => {
      if (!cc.measuring || event.key !== "Enter") return;
      if (event.shiftKey) done = true;
      else if (event.target === map.getContainer()) points.push(map.getCenter());
      show();
    });
  });
})();
