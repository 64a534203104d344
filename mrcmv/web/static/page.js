/* The page's own script: theme, language, what is clicked. listen.js plays, shape.js shapes.
   Parts hand over a function that reports to the server (see HAND_OVER in page.py). */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  const memory = {
    get(key) { try { return localStorage.getItem(key); } catch { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch { /* private window */ } },
  };

  /* theme and language */
  const system = matchMedia("(prefers-color-scheme: dark)");
  function showTheme() {
    const theme = memory.get("mrcmv-theme") || (system.matches ? "dark" : "light");
    root.dataset.theme = theme;
    document.body?.classList.toggle("dark", theme === "dark");
  }
  function showLanguage() {
    const wanted = memory.get("mrcmv-language") || navigator.languages?.[0] || navigator.language || "en";
    const chinese = wanted.toLowerCase().startsWith("zh");
    root.dataset.lang = chinese ? "zh" : "en";
    root.lang = chinese ? "zh-CN" : "en";
  }
  showTheme();
  showLanguage();
  system.addEventListener("change", showTheme);
  document.addEventListener("DOMContentLoaded", showTheme);

  /* to the server */
  function tell(from, event, data) {
    let part = from;
    while (part && !part.studioTrigger) part = part.parentElement;
    part?.studioTrigger(event, data || {});
  }

  const clock = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds));
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
  };

  /* what the other scripts of the page use */
  window.mrcmvStudio = { $, all, memory, tell, clock };

  /* the part of the clip to go by */
  function part(from) {
    const field = from.closest(".find")?.querySelector(".part");
    if (!field) return {};
    return { start: +$("input.from", field).value, end: +$("input.to", field).value };
  }
  function drawPart(field, moved) {
    const from = $("input.from", field), to = $("input.to", field);
    const whole = +field.dataset.duration, most = +field.dataset.most, least = Math.min(1, whole);
    let start = +from.value, end = +to.value;
    if (moved === from) {
      start = Math.min(start, whole - least);
      end = Math.min(Math.max(end, start + least), start + most);
    } else {
      end = Math.max(end, least);
      start = Math.max(Math.min(start, end - least), end - most);
    }
    from.value = start;
    to.value = end;
    start = +from.value;
    end = +to.value;
    $("output.from", field).textContent = clock(start);
    $("output.to", field).textContent = clock(end);
    const fill = $(".fill", field);
    fill.style.left = `${(100 * start) / whole}%`;
    fill.style.right = `${100 - (100 * end) / whole}%`;
    from.setAttribute("aria-valuetext", clock(start));
    to.setAttribute("aria-valuetext", clock(end));
    const { listen } = window.mrcmvStudio;
    if (!listen.playing()) listen.seek(moved === from ? start : Math.max(0, end - 0.05));
  }

  async function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try { await navigator.clipboard.writeText(field.value); } catch { document.execCommand("copy"); }
    button.classList.add("done");
    setTimeout(() => button.classList.remove("done"), 1600);
  }

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const language = on("[data-language]"), theme = on("[data-theme-toggle]");
    const copied = on("[data-copy]"), act = on("[data-do]");
    if (language) {
      memory.set("mrcmv-language", root.dataset.lang === "zh" ? "en" : "zh");
      showLanguage();
    } else if (theme) {
      memory.set("mrcmv-theme", root.dataset.theme === "dark" ? "light" : "dark");
      showTheme();
    } else if (copied) {
      copy(copied);
    } else if (act && act.tagName !== "INPUT" && !act.disabled) {
      const name = act.dataset.do;
      if (name === "select") tell(act, "select", { example: act.dataset.example });
      else if (name === "submit") {
        window.mrcmvStudio.listen.pause();
        tell(act, "submit", part(act));
      } else {
        if (name === "clear" || name === "delete") {
          window.mrcmvStudio.listen.forget();
          drawers.clear();
        }
        tell(act, name, {});
      }
    }
  });
  document.addEventListener("input", (event) => {
    const field = event.target.closest(".part");
    if (field) drawPart(field, event.target);
  });

  /* a file dropped beside the zone must not make the browser leave the page */
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    const input = $("#upload input[type=file]");
    if (event.defaultPrevented || event.target.closest?.("#dropzone")) return;
    event.preventDefault();
    if (!input || !event.dataTransfer?.files.length) return;
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  /* what the server draws anew keeps what the browser knows: open drawers and the place of the keyboard;
     and a button that follows the server's choice does so also after it was clicked */
  const drawers = new Map();
  let held = null; // {id} of what has the focus
  document.addEventListener("click", (event) => {
    const drawer = event.target.closest("summary")?.parentElement;
    if (drawer) drawers.set(drawer.className, !drawer.open);
  }, true);
  document.addEventListener("focusin", (event) => {
    held = event.target.closest?.("#studio") && event.target.id ? event.target : null;
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.isConnected && event.relatedTarget) held = null;
  });
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.attributeName === "checked") change.target.checked = change.target.hasAttribute("checked");
    }
    for (const drawer of all("#studio details")) {
      if (drawers.get(drawer.className) && !drawer.open) drawer.open = true;
    }
    if (held && !held.isConnected && (!document.activeElement || document.activeElement === document.body)) {
      const again = document.getElementById(held.id);
      held = again;
      again?.focus({ preventScroll: true });
    }
  }).observe(document, { childList: true, subtree: true, attributeFilter: ["checked", "open"] });
})();
