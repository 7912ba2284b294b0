/* Legend keys: each class in its colour and its shape, so that colour is never alone. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const SIDE = 20;
  const variable = (token) => `var(--${token.replaceAll("_", "-")})`;

  const svg = (...parts) => cc.svg("svg", { width: SIDE, height: SIDE, viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true", class: "key" }, ...parts);
  const stroke = (token, dashes) => svg(cc.svg("line", { x1: 1, y1: 10, x2: 19, y2: 10, style: `stroke:${variable(token)}`, "stroke-width": 2.5, "stroke-dasharray": dashes }));
  const circle = (token, filled) => svg(cc.svg("circle", { cx: 10, cy: 10, r: filled ? 4.5 : 5, style: filled ? `fill:${variable(token)}` : `fill:none;stroke:${variable(token)}`, "stroke-width": 2 }));
  const square = (token, corner) => svg(cc.svg("rect", { x: 3, y: 3, width: 14, height: 14, rx: corner, style: `fill:${variable(token)}`, class: "swatch" }));

  const camera = (name, token) => {
    const place = cc.element("span", { class: "key" });
    cc.iconPicture(`shape:${name}:${token}`).then((canvas) => place.append(canvas));
    cc.on("theme", () => cc.iconPicture(`shape:${name}:${token}`).then((canvas) => place.replaceChildren(canvas)));
    return place;
  };

  const picture = ({ shape, token }) => {
    if (shape.startsWith("camera")) return camera(shape, token);
    if (shape.startsWith("disc")) {
      const state = token.replace(/^case_/, "");
      return svg(...cc.caseDisc(state, 5.5, SIDE).childNodes);
    }
    if (shape === "line") return stroke(token, null);
    if (shape === "dashed") return stroke(token, "4 3");
    if (shape === "dot") return circle(token, true);
    if (shape === "ring") return circle(token, false);
    return square(token, shape === "rounded-square" ? 4 : 2);
  };

  const step = (token) => cc.svg("svg", { viewBox: "0 0 10 10", preserveAspectRatio: "none", "aria-hidden": "true", class: "key" }, cc.svg("rect", { width: 10, height: 10, style: `fill:${variable(token)}` }));
  const isRamp = (legend) => legend.classes.length === 5 && legend.variant;

  /* A choropleth reads as one bar with its breaks, anything else as a list. */
  cc.legend = (layer) => {
    const shown = layer.legends.filter((legend) => !legend.variant || legend.variant === cc.variantOf(layer.id));
    return cc.element(
      "div",
      { class: "legend" },
      ...shown.map((legend) =>
        cc.element(
          "figure",
          {},
          cc.element("figcaption", {}, legend.title),
          cc.element("ul", { class: isRamp(legend) ? "ramp" : "keys" }, ...legend.classes.map((one) => cc.element("li", {}, isRamp(legend) ? step(one.token) : picture(one), cc.element("span", {}, one.text)))),
          legend.note ? cc.element("p", { class: "note" }, legend.note) : null
        )
      )
    );
  };
})();
