/* Whose page this is: it falls back to the sign-in when that is over, begins anew when somebody else signs in, and owns up when nobody is there. */
(() => {
  "use strict";
  const cc = window.commandcenter;
  const UNATTENDED_AFTER_MS = 60000;
  const ACTING = "x-acting";
  let touched = Date.now();
  let acting = null;
  let leaving = false;

  ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"].forEach((kind) =>
    window.addEventListener(kind, () => (touched = Date.now()), { capture: true, passive: true })
  );

  /* What the page asks by itself must not keep a sign-in alive on a desk that everybody has left. */
  cc.unattended = () => (Date.now() - touched > UNATTENDED_AFTER_MS ? { "X-Unattended": "1" } : null);

  const leave = (address) => {
    if (leaving) return;
    leaving = true;
    document.documentElement.classList.add("signed-out"); // nothing is to be read behind a page that goes
    if (address) window.location.assign(address);
    else window.location.reload();
  };

  const heard = (answer) => {
    if (answer.status === 401) {
      const here = cc.address && cc.catalog ? cc.address() : window.location.pathname + window.location.search;
      leave(`/sign-in?over=1&next=${encodeURIComponent(here)}`);
    }
    const now = answer.headers.get(ACTING);
    if (!now) return;
    if (acting && now !== acting) leave(null);
    acting = now;
  };

  /* Dash keeps silent about a question that failed; the operator hears why the screen did not change. */
  const tell = async (answer) => {
    const problem = await answer.clone().json().catch(() => ({}));
    const sentence = cc.language === "en" ? problem.detail : problem.detail_zh || problem.detail;
    if (sentence && cc.say) cc.say(problem.id ? `${sentence} (${problem.id})` : sentence, 15000);
  };

  const ask = window.fetch.bind(window);
  window.fetch = async (what, how) => {
    const address = new URL(typeof what === "string" || what instanceof URL ? what : what.url, window.location.href);
    if (address.origin !== window.location.origin) return ask(what, how);
    const left = cc.unattended();
    const answer = await ask(what, left ? { ...how, headers: { ...Object.fromEntries(new Headers(how?.headers || what.headers || {})), ...left } } : how);
    heard(answer);
    if (answer.status >= 500 && address.pathname === "/_dash-update-component") tell(answer);
    return answer;
  };
})();
