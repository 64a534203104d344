/* Listening: the picture runs silently, and the sound of the chosen mix comes from here, so that another
   track goes on at the very place where the last one was. Mixes are decoded as soon as they are made
   (the deck lists them); a long clip's would need too much memory and play from elements instead. */
(() => {
  "use strict";
  const { $, all, tell, clock, memory } = window.mrcmvStudio;
  const CROSS_S = 0.015; // crossfade between two tracks
  const MOST_BYTES = (navigator.deviceMemory || 4) >= 4 ? 400e6 : 150e6; // of decoded sound, six mixes of a clip
  const JUMP_S = 2;

  const player = () => $("#player");
  const deck = () => $("#deck .deck");
  const mixed = () => Boolean($(".stage.mixed"));
  const duration = () => +($(".stage.mixed")?.dataset.duration || 0) || player()?.duration || 0;

  /* one clock for everything that sounds */
  let context = null, master = null;
  let volume = Math.min(1, Math.max(0, +(memory.get("mrcmv-volume") ?? 1)));
  let muted = false;
  function audio() {
    if (!context) {
      const Context = window.AudioContext || window.webkitAudioContext;
      context = new Context({ latencyHint: "interactive" });
      master = context.createGain();
      master.connect(context.destination);
      setVolume();
    }
    return context;
  }
  function setVolume() {
    const loud = muted ? 0 : volume * volume; // ears hear in decibels
    if (master) master.gain.setTargetAtTime(loud, context.currentTime, 0.01);
    for (const sound of sounds.values()) if (sound.element) sound.element.volume = loud;
    const video = player();
    if (video && !mixed()) { video.volume = loud; video.muted = muted; }
    if (video && mixed() && !video.muted) video.muted = true;
    const button = $("#mute"), slider = $("#volume");
    button?.setAttribute("aria-pressed", String(muted || volume === 0));
    if (slider && +slider.value !== volume) slider.value = volume;
  }

  /* sounds that have arrived, by address */
  const sounds = new Map(); // {buffer} or {element} once "there"
  const inMemory = () => duration() * 48000 * 2 * 4 * 6 <= MOST_BYTES;
  function load(address) {
    if (sounds.has(address)) return;
    const sound = { there: false };
    sounds.set(address, sound);
    const arrived = () => {
      if (sounds.get(address) !== sound) return;
      sound.there = true;
      settle();
    };
    if (!inMemory()) {
      sound.element = new Audio();
      sound.element.preload = "auto";
      sound.element.addEventListener("canplay", arrived, { once: true });
      sound.element.addEventListener("ended", () => { if (now.sound === sound) ended(); });
      sound.element.addEventListener("error", () => sounds.delete(address), { once: true });
      sound.element.src = address;
      setVolume();
      return;
    }
    fetch(address)
      .then((answer) => { if (!answer.ok) throw new Error(answer.status); return answer.arrayBuffer(); })
      .then((bytes) => new Promise((done, failed) => { audio().decodeAudioData(bytes, done, failed); }))
      .then((buffer) => { sound.buffer = buffer; arrived(); })
      .catch(() => sounds.delete(address)); // the next look at the deck tries again
  }

  /* what sounds now */
  const now = { playing: false, at: 0, since: 0, sound: null, address: "", source: null, gain: null };
  function position() {
    if (!mixed()) return player()?.currentTime || 0;
    if (!now.playing) return now.at;
    if (now.sound?.element) return now.sound.element.currentTime;
    return Math.min(duration(), now.at + Math.max(0, context.currentTime - now.since));
  }
  function silence(when) {
    const { source, gain } = now;
    now.source = now.gain = null;
    if (now.sound?.element) now.sound.element.pause();
    if (!source) return;
    source.onended = null;
    gain.gain.setValueAtTime(1, when);
    gain.gain.linearRampToValueAtTime(0, when + CROSS_S);
    source.stop(when + CROSS_S);
  }
  function sound(at) { // the current sound from here; returns the time on the clock at which it starts
    if (now.sound.element) {
      now.sound.element.currentTime = at;
      now.sound.element.play().catch(() => pause());
      now.at = at;
      return context?.currentTime || 0;
    }
    const when = context.currentTime + 0.005;
    const source = context.createBufferSource(), gain = context.createGain();
    source.buffer = now.sound.buffer;
    source.connect(gain);
    gain.connect(master);
    gain.gain.setValueAtTime(0, when);
    gain.gain.linearRampToValueAtTime(1, when + CROSS_S);
    source.start(when, Math.min(at, source.buffer.duration));
    source.onended = () => { if (now.source === source) ended(); };
    Object.assign(now, { source, gain, at, since: when });
    return when;
  }
  function ended() {
    now.source = now.gain = null;
    now.playing = false;
    now.at = duration();
    player()?.pause();
    draw();
  }
  function swap(address, since) { // to another sound, in place; `since` is when it was asked for
    const at = position();
    const before = context?.currentTime || 0;
    if (now.playing) silence(before + 0.005);
    now.sound = sounds.get(address);
    now.address = address;
    now.at = at;
    if (!now.playing) return;
    const when = sound(at);
    if (since === undefined) return;
    const wait = 1000 * (Math.max(0, when - context.currentTime) + (context.baseLatency || 0));
    performance.measure("mrcmv-switch", { start: since, end: performance.now() + wait, detail: address });
  }

  /* play, pause, seek: the video makes the sound itself until there are mixes */
  function play() {
    const video = player();
    if (!video) return;
    track.pause();
    if (!mixed()) {
      setVolume();
      video.play().catch(() => draw());
      return;
    }
    if (now.playing) return;
    if (!now.sound?.there) { // it begins as soon as there is something to hear
      eager = true;
      return;
    }
    if (position() >= duration() - 0.05) now.at = 0;
    now.playing = true;
    const running = now.sound.element ? Promise.resolve() : audio().resume();
    running.then(() => {
      if (!now.playing || now.source) return;
      if (!now.sound.element && context.state !== "running") { now.playing = false; draw(); return; }
      sound(now.at);
      show(now.at);
      video.play().catch(() => {});
      follow();
    }).catch(() => { now.playing = false; draw(); });
  }
  function pause() {
    const video = player();
    eager = false;
    if (mixed() && now.playing) {
      const at = position();
      silence(context?.currentTime || 0);
      now.playing = false;
      now.at = at;
    }
    video?.pause();
    draw();
  }
  function seek(at) {
    const video = player();
    if (!video) return;
    const to = Math.min(Math.max(0, at), duration() || at);
    if (!mixed()) { video.currentTime = to; draw(); return; }
    if (now.playing) {
      silence(context?.currentTime || 0);
      sound(to);
    } else now.at = to;
    show(to);
    draw();
  }
  const playing = () => (mixed() ? now.playing : Boolean(player() && !player().paused));
  const toggle = () => (playing() ? pause() : play());
  let eager = false;

  /* the picture follows the sound */
  let expected = -1;
  function show(at) {
    const video = player();
    if (!video || video.readyState < 1) return;
    expected = Math.min(at, Math.max(0, (video.duration || at) - 0.01));
    video.currentTime = expected;
  }
  function steer() {
    const video = player();
    if (!video || video.readyState < 2 || video.seeking) return;
    const heard = position() - (context?.outputLatency || context?.baseLatency || 0);
    const off = video.currentTime - heard;
    if (Math.abs(off) > 0.25 && heard < (video.duration || heard)) show(heard);
    else video.playbackRate = Math.abs(off) > 0.03 ? (off > 0 ? 0.95 : 1.05) : 1;
    if (video.paused && !video.ended) video.play().catch(() => {});
  }
  let following = false;
  function follow() {
    if (following) return;
    following = true;
    const step = () => {
      draw();
      if (playing()) {
        if (mixed()) steer();
        requestAnimationFrame(step);
      } else following = false;
    };
    requestAnimationFrame(step);
  }
  const isPlayer = (event) => event.target.id === "player";
  document.addEventListener("seeking", (event) => { // somebody else moved the picture: the sound goes along
    if (!isPlayer(event) || !mixed() || Math.abs(event.target.currentTime - expected) < 0.05) return;
    const video = event.target, to = video.currentTime;
    expected = to;
    if (now.playing) { silence(context?.currentTime || 0); sound(to); } else now.at = to;
    draw();
  }, true);
  document.addEventListener("play", (event) => {
    if (isPlayer(event)) {
      track.pause();
      if (mixed() && !now.playing) play();
      if (mixed() && !now.playing) event.target.pause();
      follow();
    }
    for (const other of all("video, audio")) if (other !== event.target && !other.paused) other.pause();
    if (!isPlayer(event) && event.target.closest?.(".voiceready")) pause();
  }, true);
  document.addEventListener("pause", (event) => { // by the system's own keys, or another part of the page
    const video = event.target;
    if (isPlayer(event) && mixed() && now.playing && !video.ended && document.visibilityState === "visible") pause();
  }, true);
  document.addEventListener("loadedmetadata", (event) => {
    if (!isPlayer(event)) return;
    if (mixed()) show(position());
    else setVolume();
    draw();
  }, true);
  document.addEventListener("loadstart", (event) => {
    if (isPlayer(event)) $(".cannot", event.target.parentElement)?.setAttribute("hidden", "");
  }, true);
  document.addEventListener("error", (event) => {
    if (isPlayer(event)) $(".cannot", event.target.parentElement)?.removeAttribute("hidden");
  }, true);
  for (const name of ["pause", "ended", "timeupdate"]) {
    document.addEventListener(name, (event) => { if (isPlayer(event)) draw(); }, true);
  }

  /* what is chosen: at once when it is here, else when it comes */
  let wanted = null; // number of the slot, or null for what the deck says
  let turn = 0;
  let of = "", left = ""; // whose deck this is, and whose was left for good
  let asked = ""; // what the server was last asked to make ahead
  function slots() {
    return all("[data-slot]", deck() || document.createElement("i"));
  }
  function nextTurn() {
    turn = Math.max(turn + 1, Date.now());
    return turn;
  }
  function choose(number, since) {
    const slot = slots().find((one) => +one.dataset.slot === number);
    if (!slot) return;
    track.pause();
    wanted = number;
    const address = slot.dataset.sound;
    if (address && sounds.get(address)?.there) swap(address, since);
    play();
    nextTurn();
    tell(slot, "select", { track: slot.dataset.track || null, turn });
    mark();
  }
  function settle() { // the sound follows the deck, and the deck's sounds are fetched
    const shown = deck();
    if (!shown || shown.dataset.of === left) return;
    const list = slots();
    if (shown.dataset.of !== of) { // other suggestions, or another clip: its count is its own
      of = shown.dataset.of;
      turn = 0;
    }
    const answered = +shown.dataset.turn >= turn;
    if (answered) {
      turn = +shown.dataset.turn;
      const named = shown.dataset.wanted || shown.dataset.chosen;
      wanted = named === "" ? null : +named;
    }
    const first = list.find((slot) => +slot.dataset.slot === wanted);
    const addresses = [first, ...list].map((slot) => slot?.dataset.sound).filter(Boolean);
    for (const address of addresses) load(address);
    for (const [address, old] of sounds) {
      if (addresses.includes(address) || address === now.address) continue;
      old.element?.removeAttribute("src");
      sounds.delete(address);
    }
    const address = first?.dataset.sound;
    if (mixed() && address && address !== now.address && sounds.get(address)?.there) {
      swap(address);
      if (eager) { eager = false; play(); }
    }
    mark();
    const section = $("#cards .cards");
    const key = section ? [shown.dataset.key, ...all(".card", section).map((card) => card.dataset.track)].join(" ") : "";
    if (key && key !== asked && shown.dataset.chosen !== "") { // the first is made by whoever chose it
      asked = key;
      tell(shown, "submit", {});
    }
  }
  function mark() { // which choice is heard, and which one is waited for
    const list = slots();
    const heard = list.find((slot) => slot.dataset.sound && slot.dataset.sound === now.address);
    const shown = deck();
    for (const slot of list) {
      const number = +slot.dataset.slot;
      const chosen = heard ? slot === heard : String(number) === shown?.dataset.chosen;
      const waits = number === wanted && !chosen;
      set(slot, "aria-pressed", String(chosen));
      slot.classList.toggle("wanted", waits);
      const card = number && $(`#cards .card[data-rank="${number}"]`);
      if (!card || card.dataset.track !== slot.dataset.track) continue;
      card.classList.toggle("chosen", chosen);
      card.classList.toggle("making", waits);
      card.classList.toggle("ready", Boolean(slot.dataset.sound));
      const use = $(".use", card);
      if (use) set(use, "aria-pressed", String(chosen));
    }
  }
  const set = (part, name, value) => { if (part.getAttribute(name) !== value) part.setAttribute(name, value); };

  /* what is seen of it */
  function draw() {
    const at = position(), whole = duration();
    const button = $("#toggle");
    if (button) set(button, "aria-pressed", String(playing() || eager));
    const place = $("#place"), text = $("[data-at]"), of = $("[data-of]");
    if (place && document.activeElement !== place) place.value = at;
    if (place && whole && Math.abs(+place.max - whole) > 0.01) place.max = whole.toFixed(2);
    if (place) set(place, "aria-valuetext", clock(at));
    if (text && text.textContent !== clock(at)) text.textContent = clock(at);
    if (of && whole && of.textContent !== clock(whole)) of.textContent = clock(whole);
    const strip = $(".strip");
    if (strip) {
      const length = +strip.dataset.duration || whole || 1;
      $(".head", strip).style.left = `${Math.min(100, (100 * at) / length)}%`;
      set(strip, "aria-valuenow", String(Math.round(at)));
      set(strip, "aria-valuetext", clock(at));
    }
  }

  /* a track on its own, one at a time, from its best moment */
  const track = new Audio();
  track.preload = "auto";
  let trackButton = null; // {address, start, length}
  function drawTrack() {
    for (const button of all("#cards [data-play]")) {
      const on = trackButton && !track.paused && button.dataset.play === trackButton.address;
      set(button, "aria-pressed", String(Boolean(on)));
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
    pause();
    track.volume = muted ? 0 : volume * volume;
    if (!same) {
      track.src = wish.address;
      track.addEventListener("loadedmetadata", () => { track.currentTime = wish.start; }, { once: true });
    }
    track.play().catch(() => drawTrack());
  }
  for (const name of ["play", "pause", "timeupdate", "ended", "error"]) track.addEventListener(name, drawTrack);
  track.addEventListener("ended", () => { track.currentTime = trackButton?.start || 0; });

  function reset() {
    if (now.playing) silence(context?.currentTime || 0);
    wanted = null;
    asked = of = "";
    turn = 0;
    sounds.clear();
    Object.assign(now, { playing: false, at: 0, sound: null, address: "" });
  }
  function forget() { // another clip, or none
    pause();
    track.pause();
    track.removeAttribute("src");
    trackButton = null;
    left = deck()?.dataset.of || "";
    reset();
  }

  function full() {
    const stage = $(".stage"), video = player();
    if (document.fullscreenElement || document.webkitFullscreenElement) {
      (document.exitFullscreen || document.webkitExitFullscreen).call(document);
    } else if (stage?.requestFullscreen) stage.requestFullscreen().catch(() => {});
    else if (stage?.webkitRequestFullscreen) stage.webkitRequestFullscreen();
    else video?.webkitEnterFullscreen?.();
  }

  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const slot = on("[data-slot]"), act = on("[data-listen]"), alone = on("[data-play]"), link = on("#download");
    if (slot) choose(+slot.dataset.slot, event.timeStamp);
    else if (alone) playTrack(alone);
    else if (link) download(event, link);
    else if (act?.dataset.listen === "toggle" || on(".stage .screen")) toggle();
    else if (act?.dataset.listen === "mute") { muted = !muted; setVolume(); }
    else if (act?.dataset.listen === "full") full();
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "place") seek(+event.target.value);
    if (event.target.id === "volume") {
      volume = +event.target.value;
      muted = false;
      memory.set("mrcmv-volume", String(volume));
      setVolume();
    }
  });

  /* the MP4 is made when it is asked for: say so until it is there */
  async function download(event, link) {
    if (link.dataset.made === link.href) return;
    event.preventDefault();
    if (link.classList.contains("done")) return;
    link.classList.add("done");
    $("#download-failed")?.setAttribute("hidden", "");
    const answer = await fetch(link.href, { method: "HEAD" }).catch(() => null);
    link.classList.remove("done");
    if (!answer?.ok) { $("#download-failed")?.removeAttribute("hidden"); return; }
    link.dataset.made = link.href;
    link.click();
  }

  /* the strip under the player: click, drag, arrows */
  let dragged = null;
  function seekAt(strip, x) {
    const box = strip.getBoundingClientRect();
    seek(Math.max(0, Math.min(1, (x - box.left) / box.width)) * +strip.dataset.duration);
  }
  document.addEventListener("pointerdown", (event) => {
    const strip = event.target.closest?.(".strip");
    if (!strip || event.button !== 0) return;
    dragged = strip;
    try { strip.setPointerCapture(event.pointerId); } catch { /* it went already */ }
    seekAt(strip, event.clientX);
  });
  document.addEventListener("pointermove", (event) => { if (dragged?.isConnected) seekAt(dragged, event.clientX); });
  for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, () => { dragged = null; });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target;
    const typing = target.closest("textarea, select, [contenteditable], input:not([type=range]):not([type=radio]):not([type=checkbox])");
    if ((typing && !typing.readOnly) || !player()) return;
    const arrow = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (/^[0-5]$/.test(event.key) && deck()) {
      choose(+event.key, event.timeStamp);
    } else if (event.key === " " && !target.closest("button, a, summary, input, audio")) {
      event.preventDefault();
      toggle();
    } else if (arrow && !target.closest("input, audio, [role=slider]:not(.strip), [role=application], details.map")) {
      event.preventDefault();
      seek(position() + arrow * JUMP_S);
    } else if (target.closest(".strip") && (event.key === "Home" || event.key === "End")) {
      event.preventDefault();
      seek(event.key === "Home" ? 0 : duration());
    }
  });

  let settling = false;
  new MutationObserver(() => {
    if (settling) return;
    settling = true;
    queueMicrotask(() => {
      settling = false;
      if (player() && !mixed() && now.address) reset();
      settle();
      draw();
      drawTrack();
      setVolume();
    });
  }).observe(document, {
    childList: true, subtree: true, // what the server draws anew is changed in place where it can be
    attributeFilter: ["data-sound", "data-chosen", "data-wanted", "data-turn", "data-of", "data-key", "src"],
  });

  window.mrcmvStudio.listen = {
    play, pause, toggle, seek, position, playing, choose, forget,
    nextTurn,
    address: () => now.address,
    turn: () => turn,
    ready: () => slots().filter((slot) => sounds.get(slot.dataset.sound)?.there).map((slot) => +slot.dataset.slot),
  };
})();
