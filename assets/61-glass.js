/* Broken glass: counts down in the banner, and takes the wider view off the screen when it is over, here or anywhere else. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const ID = "cc-glass";
  const TICK_MS = 1000;
  const RETRY_MS = 5000;
  const SETTLED_MS = 10000;
  let over_at = null;
  let leaving = false;

  /* Everything that was drawn goes with the page; a page that cannot come anew stays dark until it can. */
  const leave = async () => {
    if (leaving) return;
    leaving = true;
    document.documentElement.classList.add("glass-over");
    for (;;) {
      const answer = await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(4000) }).catch(() => null);
      if (answer?.ok) return window.location.reload();
      await new Promise((go) => setTimeout(go, RETRY_MS));
    }
  };

  const tick = () => {
    const banner = cc.byId(ID);
    if (!banner) return;
    over_at ??= performance.now() + Number(banner.dataset.left) * 1000;
    const left_s = Math.max(0, Math.ceil((over_at - performance.now()) / 1000));
    banner.querySelector(".glass-left").textContent = `${Math.floor(left_s / 60)}:${String(left_s % 60).padStart(2, "0")}`;
    if (left_s === 0) leave();
  };
  setInterval(tick, TICK_MS);

  /* Begun or ended in another window, or by the security administrator: the wall hears it with its status. */
  cc.on("glass", (ends) => {
    if (performance.now() > SETTLED_MS && (ends || "") !== (cc.byId(ID)?.dataset.ends || "")) leave();
  });
})();
