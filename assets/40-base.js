/* The wall's ground: one namespace, one bus, both languages, DOM made without HTML. */
(() => {
  "use strict";
  const cc = (window.commandcenter = window.commandcenter || {});
  const query = new URLSearchParams(window.location.search);

  const cookie = (name) => {
    const found = document.cookie.split("; ").find((part) => part.startsWith(`${name}=`));
    return found ? decodeURIComponent(found.slice(name.length + 1)) : null;
  };
  const remember = (name, value) => {
    document.cookie = `${name}=${encodeURIComponent(value)}; path=/; max-age=31536000; samesite=strict`;
  };
  const oneOf = (allowed, ...wishes) => wishes.find((wish) => allowed.includes(wish)) || allowed[0];
  const spoken = (navigator.languages || []).map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag === "zh" || tag === "en");

  cc.language = oneOf(["zh", "en"], query.get("lang"), cookie("cc_language"), spoken);
  cc.theme = oneOf(["dark", "light"], query.get("theme"), cookie("cc_theme"));
  cc.wallMode = query.get("wall") === "1";
  // The server reads the cookie when it lays the page out, which happens after this script has run.
  remember("cc_language", cc.language);
  remember("cc_theme", cc.theme);
  document.documentElement.lang = cc.language === "en" ? "en" : "zh-CN";
  document.documentElement.setAttribute("data-mantine-color-scheme", cc.theme);
  if (cc.wallMode) document.documentElement.classList.add("wall-mode");

  cc.remember = remember;
  cc.t = (zh, en) => (cc.language === "en" ? en : zh);
  cc.locale = cc.language === "en" ? "en-GB" : "zh-CN";
  cc.number = (value) => Number(value).toLocaleString(cc.locale);
  cc.reducedMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  const bus = new EventTarget();
  cc.emit = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));
  cc.on = (name, act) => bus.addEventListener(name, (event) => act(event.detail));

  cc.byId = (id) => document.getElementById(id);
  cc.when = (id) =>
    new Promise((found) => {
      const look = () => (cc.byId(id) ? found(cc.byId(id)) : requestAnimationFrame(look));
      look();
    });

  const fill = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  cc.element = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  cc.svg = (tag, attributes, ...children) => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  cc.token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name.replaceAll("_", "-")}`).trim();

  cc.later = (act, wait_ms) => {
    let timer = 0;
    return (...parts) => {
      clearTimeout(timer);
      timer = setTimeout(() => act(...parts), wait_ms);
    };
  };

  cc.getJson = async (url, signal) => {
    const answer = await fetch(url, { signal, credentials: "same-origin" });
    if (answer.ok) return answer.json();
    let problem = {};
    try {
      problem = await answer.json();
    } catch {
      problem = {};
    }
    const fault = new Error((cc.language === "en" ? problem.detail : problem.detail_zh || problem.detail) || `${answer.status}`);
    fault.status = answer.status;
    throw fault;
  };

  cc.tell = (id, properties) => window.dash_clientside?.set_props?.(id, properties);

  /* One polite sentence for a moment: for screen readers and for the eye. */
  let silence = 0;
  cc.say = (sentence, stays_ms = 5000) => {
    const place = cc.byId("wall-notice");
    if (!place) return;
    place.textContent = sentence;
    clearTimeout(silence);
    silence = setTimeout(() => (place.textContent = ""), stays_ms);
  };
})();
