/* The page's own script: theme, language, players, keys. Everything else is drawn by the server.
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

  /* a track on its own, one at a time */
  const track = new Audio();
  track.preload = "auto";
  let trackButton = null; // {address, start, length}
  let trackHeard = false;

  function cardOfTrack() {
    return trackButton && $(`#cards [data-play="${CSS.escape(trackButton.address)}"]`);
  }
  function drawTrack() {
    for (const button of all("#cards [data-play]")) {
      const on = trackButton && !track.paused && button.dataset.play === trackButton.address;
      const pressed = String(Boolean(on));
      if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
      const head = $(".head", button.closest(".card"));
      const time = track.readyState > 0 ? track.currentTime : trackButton?.start;
      const at = on ? `${(100 * time) / trackButton.length}%` : "";
      if (head && head.style.left !== at) head.style.left = at;
      button.closest(".card").classList.toggle("sounding", Boolean(on));
    }
  }
  function playTrack(button) {
    const wish = { address: button.dataset.play, start: +button.dataset.start, length: +button.dataset.length };
    if (trackButton?.address === wish.address && !track.paused) {
      track.pause();
      return;
    }
    const same = trackButton?.address === wish.address;
    trackButton = wish;
    $("#player")?.pause();
    if (!same) {
      track.src = wish.address;
      track.addEventListener("loadedmetadata", () => { track.currentTime = wish.start; }, { once: true });
    }
    track.play().catch(() => drawTrack());
  }
  for (const name of ["play", "pause", "timeupdate", "ended", "error"]) track.addEventListener(name, drawTrack);
  track.addEventListener("ended", () => { track.currentTime = trackButton?.start || 0; });

  /* the player and the strip that follows it */
  let place = 0;
  let going = false;
  let shownMix = false;
  let wanted = null;
  function drawHead() {
    const player = $("#player");
    const strip = $(".strip");
    if (!player || !strip) return;
    const length = +strip.dataset.duration || player.duration || 1;
    $(".head", strip).style.left = `${Math.min(100, (100 * player.currentTime) / length)}%`;
    strip.setAttribute("aria-valuenow", String(Math.round(player.currentTime)));
    strip.setAttribute("aria-valuetext", clock(player.currentTime));
  }
  function follow() {
    drawHead();
    const player = $("#player");
    if (player && !player.paused) requestAnimationFrame(follow);
  }
  const isPlayer = (event) => event.target.id === "player";
  document.addEventListener("timeupdate", (event) => {
    if (!isPlayer(event)) return;
    if (event.target.readyState > 1) place = event.target.currentTime;
    drawHead();
  }, true);
  document.addEventListener("play", (event) => {
    if (event.target !== track && event.target.closest?.(".tile") === null) track.pause();
    for (const other of all("video, audio")) if (other !== event.target && !other.paused) other.pause();
    if (isPlayer(event)) { going = true; follow(); }
  }, true);
  document.addEventListener("pause", (event) => {
    if (isPlayer(event) && !event.target.ended && event.target.readyState > 1) going = false;
    drawTrack();
  }, true);
  document.addEventListener("ended", (event) => { if (isPlayer(event)) going = false; }, true);
  document.addEventListener("loadstart", (event) => {
    if (!isPlayer(event)) return;
    const mixed = Boolean(event.target.closest(".mixed"));
    wanted = mixed && shownMix ? { at: place, play: going } : { at: 0, play: mixed && going };
    shownMix = mixed;
    $(".cannot", event.target.parentElement)?.setAttribute("hidden", "");
  }, true);
  document.addEventListener("loadedmetadata", (event) => {
    if (!isPlayer(event)) return;
    if (wanted) {
      if (wanted.at) event.target.currentTime = Math.min(wanted.at, event.target.duration || wanted.at);
      if (wanted.play) event.target.play().catch(() => {});
    }
    wanted = null;
    drawHead();
  }, true);
  document.addEventListener("error", (event) => {
    if (isPlayer(event)) $(".cannot", event.target.parentElement)?.removeAttribute("hidden");
  }, true);
  function seek(strip, x) {
    const box = strip.getBoundingClientRect();
    const player = $("#player");
    if (!player) return;
    player.currentTime = Math.max(0, Math.min(1, (x - box.left) / box.width)) * +strip.dataset.duration;
    drawHead();
  }

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
    const player = $("#player");
    if (player && player.paused) player.currentTime = moved === from ? start : Math.max(0, end - 0.05);
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
    const language = on("[data-language]"), theme = on("[data-theme-toggle]"), play = on("[data-play]");
    const copied = on("[data-copy]"), strip = on(".strip"), act = on("[data-do]");
    if (language) {
      memory.set("mrcmv-language", root.dataset.lang === "zh" ? "en" : "zh");
      showLanguage();
    } else if (theme) {
      memory.set("mrcmv-theme", root.dataset.theme === "dark" ? "light" : "dark");
      showTheme();
    } else if (play) {
      playTrack(play);
    } else if (copied) {
      copy(copied);
    } else if (strip) {
      seek(strip, event.clientX);
    } else if (act && act.tagName !== "INPUT" && !act.disabled) {
      const data = act.dataset;
      if (data.do === "select" && data.track) {
        track.pause();
        going = true;
        tell(act, "select", { track: data.track });
      } else if (data.do === "select") {
        tell(act, "select", { example: data.example });
      } else if (data.do === "submit") {
        $("#player")?.pause();
        track.pause();
        going = false;
        tell(act, "submit", part(act));
      } else if (data.do === "release") {
        tell(act, "release", { level: +data.level });
      } else {
        if (data.do === "clear" || data.do === "delete") {
          track.pause();
          track.removeAttribute("src");
          trackButton = null;
          shownMix = going = false;
          drawers.clear();
        }
        tell(act, data.do, {});
      }
    }
  });
  document.addEventListener("input", (event) => {
    const field = event.target.closest(".part");
    if (field) drawPart(field, event.target);
    if (event.target.id === "level") {
      const level = +event.target.dataset.flip - +event.target.value;
      for (const text of all(".knob output span")) text.textContent = text.textContent.replace(/\d+/, level);
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "level") {
      tell(event.target, "release", { level: +event.target.dataset.flip - +event.target.value });
    } else if (event.target.name === "keep") {
      tell(event.target, "input", { keep: event.target.value });
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target;
    const strip = target.closest(".strip");
    if (strip && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      const player = $("#player");
      if (player) player.currentTime += event.key === "ArrowLeft" ? -2 : 2;
      event.preventDefault();
      return;
    }
    const typing = target.closest("textarea, select, [contenteditable], input:not([type=range]):not([type=radio])");
    if (typing && !typing.readOnly) return;
    if (/^[1-5]$/.test(event.key)) {
      $(`#cards .card[data-rank="${event.key}"] [data-do="select"]`)?.click();
    } else if (event.key === " " && !target.closest("button, a, summary, input, audio, video")) {
      const player = $("#player");
      if (!player) return;
      event.preventDefault();
      if (player.paused) player.play().catch(() => {});
      else player.pause();
    }
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

  /* what the server draws anew keeps what the browser knows: open drawers, the sounding track;
     and a radio button follows the server's choice also after it was clicked */
  const drawers = new Map();
  document.addEventListener("click", (event) => {
    const drawer = event.target.closest("summary")?.parentElement;
    if (drawer) drawers.set(drawer.className, !drawer.open);
  }, true);
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.attributeName === "checked") change.target.checked = change.target.hasAttribute("checked");
    }
    for (const drawer of all("#studio details")) {
      if (drawers.get(drawer.className) && !drawer.open) drawer.open = true;
    }
    drawTrack();
  }).observe(document, { childList: true, subtree: true, attributeFilter: ["checked", "open"] });
})();
