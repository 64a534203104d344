/* The link to a session. Its key stands behind the "#", which no browser sends to a server, and is kept
   in this tab only, so that the page comes back after it is loaded anew. */
(() => {
  "use strict";
  const { $, all, tell } = window.mrcmvStudio;
  const NAME = "mrcmv-session";
  const store = {
    get() { try { return sessionStorage.getItem(NAME); } catch { return null; } },
    set(key) { try { if (key) sessionStorage.setItem(NAME, key); else sessionStorage.removeItem(NAME); } catch { /* private window */ } },
  };
  const given = /^#session=([\w-]{10,80})$/.exec(location.hash)?.[1];
  if (given) { // not left in the address bar, where it would end up in pictures and histories
    store.set(given);
    history.replaceState(null, "", location.pathname + location.search);
  }
  let waiting = store.get();
  let tries = 0;

  function restore() {
    const part = $("[data-link]");
    let from = part;
    while (from && !from.studioTrigger) from = from.parentElement;
    if (from) {
      document.documentElement.dataset.restoring = "";
      tell(part, "submit", { key: waiting });
      waiting = null;
    } else if (tries++ < 600) setTimeout(restore, 50);
  }
  if (waiting) restore();

  let known = null;
  function follow() {
    const key = $("[data-session]")?.dataset.session || null;
    if (key !== known) { // a session has begun or ended
      if (key || known) store.set(key);
      known = key;
    }
    for (const field of all("[data-key]")) {
      const link = `${location.origin}${location.pathname}${location.search}#session=${field.dataset.key}`;
      if (field.value !== link) field.value = link;
    }
    if (known || $("#notice .notice")) {
      if (!known && waiting === null && $("#notice .notice")) store.set(null);
      delete document.documentElement.dataset.restoring;
    }
  }
  new MutationObserver(follow).observe(document, { childList: true, subtree: true });
})();
