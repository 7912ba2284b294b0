/* The layer panel: groups, switches, colouring, filters, opacity, legend and the honest line of each layer. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const rows = {};

  const choice = (layer, filter, option) => {
    const chosen = () => cc.view.filters[layer.id]?.[filter.name] || [];
    const box = cc.element("input", { type: "checkbox", value: option.value });
    box.checked = chosen().includes(option.value);
    box.addEventListener("change", () => {
      const others = chosen().filter((value) => value !== option.value);
      cc.setFilter(layer.id, filter.name, box.checked ? [...others, option.value] : others);
    });
    return cc.element("label", { class: "chip" }, box, cc.element("span", {}, option.text));
  };

  const filters = (layer) =>
    layer.filters.map((filter) => cc.element("fieldset", {}, cc.element("legend", {}, filter.title), cc.element("div", { class: "chips" }, ...filter.options.map((option) => choice(layer, filter, option)))));

  const variants = (layer) => {
    if (layer.variants.length < 2) return null;
    const choose = cc.element("select", { "aria-label": cc.t(`${layer.title}的着色`, `Colouring of ${layer.title}`) }, ...layer.variants.map((one) => cc.element("option", { value: one.id }, one.title)));
    choose.value = cc.variantOf(layer.id);
    choose.addEventListener("change", () => {
      cc.setVariant(layer.id, choose.value);
      refreshBody(layer);
    });
    return cc.element("label", { class: "field" }, cc.element("span", {}, cc.t("着色", "Colour")), choose);
  };

  const opacity = (layer) => {
    const slide = cc.element("input", { type: "range", min: 10, max: 100, step: 5, "aria-label": cc.t(`${layer.title}的不透明度`, `Opacity of ${layer.title}`) });
    slide.value = Math.round(cc.opacityOf(layer.id) * 100);
    const said = cc.element("output", {}, `${slide.value}%`);
    slide.addEventListener("input", () => {
      said.textContent = `${slide.value}%`;
      cc.setOpacity(layer.id, slide.value / 100);
    });
    return cc.element("label", { class: "field" }, cc.element("span", {}, cc.t("不透明度", "Opacity")), slide, said);
  };

  const refreshBody = (layer) => {
    const { body, more } = rows[layer.id];
    const open = more.open;
    body.replaceChildren(cc.legend(layer));
    more.replaceChildren(cc.element("summary", {}, layer.filters.length ? cc.t("筛选与显示", "Filter and display") : cc.t("显示", "Display")), ...filters(layer), ...(layer.kind === "live" ? [] : [opacity(layer)]));
    more.open = open || Object.values(cc.view.filters[layer.id] || {}).length > 0;
    const select = variants(layer);
    if (select) body.prepend(select);
    if (layer.id === "base") body.replaceChildren();
  };

  const row = (layer) => {
    const toggle = cc.element("input", { type: "checkbox", role: "switch", id: `layer-${layer.id}` });
    toggle.addEventListener("change", () => cc.setLayer(layer.id, toggle.checked));
    const head = cc.element("div", { class: "layer-head" }, cc.element("label", { for: `layer-${layer.id}` }, layer.title), toggle);
    const line = cc.element("p", { class: "honest", "aria-live": "off" });
    const body = cc.element("div", { class: "layer-body" });
    const more = cc.element("details", { class: "more" });
    const item = cc.element("li", { class: "layer", "data-row": layer.id }, head, cc.element("div", { class: "layer-open" }, line, body, more));
    rows[layer.id] = { item, toggle, line, body, more };
    return item;
  };

  const group = ({ title, layers }) => cc.element("section", { class: "layer-group" }, cc.element("h3", {}, title), cc.element("ul", {}, ...layers.map((id) => row(cc.catalog.layers[id]))));

  const follow = ({ what, layer }) => {
    for (const [id, { item, toggle }] of Object.entries(rows)) {
      toggle.checked = cc.view.on.has(id);
      item.classList.toggle("on", toggle.checked);
    }
    if (what === "preset" || what === "start") Object.values(cc.catalog.layers).forEach(refreshBody);
    if (layer && what !== "opacity") refreshBodyKeepingFocus(cc.catalog.layers[layer]);
    cc.byId("wall-sentence").textContent = cc.filterSentence();
  };

  const refreshBodyKeepingFocus = (layer) => {
    const { item } = rows[layer.id];
    if (!item.contains(document.activeElement)) refreshBody(layer);
  };

  const age = (seconds) => {
    const said = (count, zh, en) => cc.t(`${count} ${zh}前`, `${count} ${en} ago`);
    if (seconds < 90) return cc.t("刚刚", "just now");
    if (seconds < 5400) return said(Math.round(seconds / 60), "分钟", "min");
    if (seconds < 129600) return said(Math.round(seconds / 3600), "小时", "h");
    return said(Math.round(seconds / 86400), "天", "days");
  };
  cc.age = age;

  const lineText = (line) => {
    const parts = [line.source || cc.t("没有接入数据", "no data connected")];
    const admit = (holds, word) => holds && !line.source.includes(word) && parts.push(word);
    admit(line.synthetic, cc.t("合成", "synthetic"));
    admit(line.estimated, cc.t("估算", "estimated"));
    if (line.age_s !== null) parts.push(line.late ? cc.t(`迟到：${age(line.age_s)}`, `late: ${age(line.age_s)}`) : age(line.age_s));
    if (cc.tileZoom() < line.from_zoom) parts.push(cc.t("放大后显示", "shown when zoomed in"));
    else if (line.total !== null) parts.push(cc.t(`画出 ${cc.number(line.drawn)} / 共 ${cc.number(line.total)}`, `${cc.number(line.drawn)} of ${cc.number(line.total)} drawn`));
    return parts.join(" · ");
  };

  cc.showHonesty = (lines) => {
    for (const [id, line] of Object.entries(lines)) {
      const place = rows[id];
      if (!place) continue;
      place.item.classList.toggle("late", line.late);
      if (line.error) fault({ layer: id, sentence: line.error });
      else if (!place.item.classList.contains("fault")) place.line.textContent = lineText(line);
      place.lastLine = line;
    }
  };

  const fault = ({ layer, sentence }) => {
    const place = rows[layer];
    if (!place) return;
    place.item.classList.add("fault");
    place.line.textContent = cc.t(`这一层没有画全：${sentence} 稍后会自动重试。`, `This layer is not fully drawn: ${sentence} It will be tried again.`);
  };
  const sound = ({ layer }) => {
    const place = rows[layer];
    if (!place?.item.classList.contains("fault")) return;
    place.item.classList.remove("fault");
    if (place.lastLine) place.line.textContent = lineText(place.lastLine);
  };

  cc.on("ready", () => {
    cc.byId("wall-layer-list").replaceChildren(...cc.catalog.groups.filter((one) => one.layers.length).map(group));
    cc.on("view", follow);
    cc.on("layer-fault", fault);
    cc.on("layer-sound", sound);
  });
})();
