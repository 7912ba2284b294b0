/* Symbols: Maki glyphs in rounded squares and our own camera shapes, drawn in token colours when the map first asks. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const PIXEL_RATIO = 2;
  const SIDE = 22;
  const drawn = new Set();
  const glyphs = new Map();
  const ready = new Map();
  const waiting = new Set();

  const canvasOf = (side) => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = side * PIXEL_RATIO;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.scale(PIXEL_RATIO, PIXEL_RATIO);
    return [canvas, pen];
  };

  const glyph = (name) => {
    if (!glyphs.has(name)) {
      glyphs.set(
        name,
        new Promise((done) => {
          const image = new Image(15, 15);
          image.onload = () => {
            ready.set(name, image);
            done(image);
          };
          image.onerror = () => done(ready.set(name, null).get(name));
          image.src = `/assets/vendor/maki/${encodeURIComponent(name)}.svg`;
        })
      );
    }
    return glyphs.get(name);
  };

  /* The glyph is black on nothing: tinted by drawing the ground colour through it. */
  const tinted = (image, colour, side) => {
    const [canvas, pen] = canvasOf(side);
    pen.drawImage(image, 0, 0, side, side);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = colour;
    pen.fillRect(0, 0, side, side);
    return canvas;
  };

  const roundedSquare = (pen, colour) => {
    pen.beginPath();
    pen.roundRect(1.5, 1.5, SIDE - 3, SIDE - 3, 5);
    pen.fillStyle = colour;
    pen.fill();
    pen.lineWidth = 1.5;
    pen.strokeStyle = cc.token("ground");
    pen.stroke();
  };

  const maki = (pen, name, colour, image) => {
    roundedSquare(pen, colour);
    if (image) pen.drawImage(tinted(image, cc.token("ground"), 14), (SIDE - 14) / 2, (SIDE - 14) / 2, 14, 14);
  };

  /* Cameras look north; the map turns them to their bearing. */
  const CAMERAS = {
    "camera-bullet": (pen) => {
      pen.roundRect(8, 8, 6, 10, 1.5);
      pen.moveTo(7, 7.5);
      pen.lineTo(11, 2.5);
      pen.lineTo(15, 7.5);
      pen.closePath();
    },
    "camera-dome": (pen) => {
      pen.arc(11, 13, 5.5, 0, Math.PI * 2);
      pen.moveTo(8, 7);
      pen.lineTo(11, 2.5);
      pen.lineTo(14, 7);
      pen.closePath();
    },
    "camera-ptz": (pen) => {
      pen.arc(11, 11, 5.5, 0, Math.PI * 2);
      for (const turn of [0, 1, 2, 3]) {
        const angle = (turn * Math.PI) / 2;
        const at = (along, across) => [11 + Math.sin(angle) * along + Math.cos(angle) * across, 11 - Math.cos(angle) * along + Math.sin(angle) * across];
        pen.moveTo(...at(7, -2.2));
        pen.lineTo(...at(9.8, 0));
        pen.lineTo(...at(7, 2.2));
        pen.closePath();
      }
    },
    "camera-panoramic": (pen) => {
      pen.arc(11, 11, 4.5, 0, Math.PI * 2);
      pen.moveTo(19.5, 11);
      pen.arc(11, 11, 8.5, 0, Math.PI * 2);
      pen.arc(11, 11, 7, Math.PI * 2, 0, true);
    },
    "camera-unknown": (pen) => pen.arc(11, 11, 5, 0, Math.PI * 2),
  };

  const shape = (pen, name, colour) => {
    pen.beginPath();
    (CAMERAS[name] || CAMERAS["camera-unknown"])(pen);
    pen.fillStyle = colour;
    pen.lineWidth = 2;
    pen.strokeStyle = cc.token("ground");
    pen.lineJoin = "round";
    pen.stroke();
    pen.fill("evenodd");
    if (name === "camera-dome" || name === "camera-ptz") {
      pen.beginPath();
      pen.arc(11, name === "camera-dome" ? 13 : 11, 2, 0, Math.PI * 2);
      pen.fillStyle = cc.token("ground");
      pen.fill();
    }
  };

  const picture = (id, image) => {
    const [kind, name, token] = id.split(":");
    const [canvas, pen] = canvasOf(SIDE);
    const colour = cc.token(token) || cc.token("component");
    if (kind === "maki") maki(pen, name, colour, image);
    else shape(pen, name, colour);
    return pen.getImageData(0, 0, canvas.width, canvas.height);
  };

  const put = (gl, id, image) => {
    const data = picture(id, image);
    if (gl.hasImage(id)) gl.updateImage(id, data);
    else gl.addImage(id, data, { pixelRatio: PIXEL_RATIO });
    drawn.add(id);
  };

  cc.drawIcon = (gl, id) => {
    if (!/^(maki|shape):/.test(id)) return;
    const name = id.startsWith("maki:") ? id.split(":")[1] : null;
    put(gl, id, name && ready.get(name));
    if (!name || ready.has(name)) return;
    waiting.add(id);
    glyph(name).then(() => catchUp(gl));
  };

  /* Each change of a picture makes its tiles anew: late glyphs are put in together, once. */
  const catchUp = (gl) => {
    const late = [...waiting];
    if (!late.every((id) => ready.has(id.split(":")[1]))) return;
    waiting.clear();
    late.forEach((id) => put(gl, id, ready.get(id.split(":")[1])));
  };

  /* The glyphs a style may ask for are fetched while the map is still being made. */
  const namesIn = (value) => (Array.isArray(value) ? value.flatMap(namesIn) : typeof value === "string" && /^[a-z][a-z0-9-]+$/.test(value) ? [value] : []);
  const outputs = (icons) => (icons[0] === "match" ? icons.filter((_, i) => i > 2 && (i % 2 === 1 || i === icons.length - 1)).flatMap(namesIn) : icons.flatMap((part) => (Array.isArray(part) ? outputs(part) : [])));
  cc.fetchGlyphs = (style) => {
    const asked = style.layers.map((part) => part.layout?.["icon-image"]).filter((icons) => Array.isArray(icons) && JSON.stringify(icons).includes("maki:"));
    return Promise.all([...new Set(asked.flatMap(outputs))].map(glyph));
  };
  cc.redrawIcons = () => {
    for (const id of drawn) if (cc.gl?.hasImage(id)) cc.drawIcon(cc.gl, id);
  };
  cc.iconPicture = async (id) => {
    const [canvas, pen] = canvasOf(SIDE);
    pen.putImageData(picture(id, id.startsWith("maki:") ? await glyph(id.split(":")[1]) : null), 0, 0);
    return canvas;
  };
})();
