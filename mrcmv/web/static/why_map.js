/* The map of the library: fetched once it is opened, drawn on a canvas, spoken for by a list. */
(() => {
  "use strict";
  const { $, tell } = window.mrcmvStudio;
  const language = () => (document.documentElement.dataset.lang === "zh" ? 1 : 0);
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  let shown = null; // {dialog, canvas, data, words, at: index of the marked track, chosen}

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }
  const place = (x, y) => {
    const { width, height } = shown.canvas.getBoundingClientRect();
    const margin = 26;
    return [margin + ((x + 1) / 2) * (width - 2 * margin), margin + ((1 - y) / 2) * (height - 2 * margin)];
  };
  function describe(track) {
    const [, title, artist, mood, bpm, , , rank] = track;
    const facts = [mood[language()], bpm ? `${bpm} bpm` : ""].filter(Boolean).join(", ");
    return `${rank ? `${rank}. ` : ""}${title} – ${artist}${facts ? ` (${facts})` : ""}`;
  }

  function draw() {
    if (!shown) return;
    const { canvas, data } = shown;
    const box = canvas.getBoundingClientRect();
    const scale = devicePixelRatio || 1;
    canvas.width = Math.round(box.width * scale);
    canvas.height = Math.round(box.height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.clearRect(0, 0, box.width, box.height);
    const many = data.tracks.length > 1500;
    const size = many ? 2 : 6;
    pen.fillStyle = style("--tune");
    for (const track of data.tracks) {
      const [x, y] = place(track[5], track[6]);
      if (many) pen.fillRect(x - 1, y - 1, size, size);
      else { pen.beginPath(); pen.arc(x, y, size / 2 + 1, 0, 7); pen.fill(); }
    }
    pen.font = "600 13px system-ui, sans-serif";
    pen.textAlign = "center";
    for (const cluster of data.clusters) {
      const [x, y] = place(cluster.x, cluster.y);
      const words = cluster.words.map((word) => word[language()]).join(", ");
      const wide = pen.measureText(words).width / 2 + 6;
      const inside = Math.min(Math.max(x, wide), box.width - wide);
      pen.globalAlpha = 0.85;
      pen.fillStyle = style("--card");
      pen.fillRect(inside - wide, y - 28, 2 * wide, 20);
      pen.globalAlpha = 1;
      pen.fillStyle = style("--soft");
      pen.fillText(words, inside, y - 13);
    }
    for (const track of data.tracks.filter((each) => each[7])) {
      const [x, y] = place(track[5], track[6]);
      pen.fillStyle = style("--accent");
      pen.beginPath(); pen.arc(x, y, 9, 0, 7); pen.fill();
      pen.fillStyle = style("--on-accent");
      pen.fillText(String(track[7]), x, y + 4.5);
    }
    const [x, y] = place(...data.clip);
    pen.strokeStyle = style("--ink");
    pen.lineWidth = 2.5;
    pen.beginPath(); pen.arc(x, y, 14, 0, 7); pen.stroke();
    pen.beginPath(); pen.moveTo(x - 20, y); pen.lineTo(x - 8, y); pen.moveTo(x + 8, y); pen.lineTo(x + 20, y);
    pen.moveTo(x, y - 20); pen.lineTo(x, y - 8); pen.moveTo(x, y + 8); pen.lineTo(x, y + 20); pen.stroke();
    pen.fillStyle = style("--ink");
    pen.fillText(shown.words.clip[language()], Math.min(Math.max(x, 34), box.width - 34), y + 36);
    const marked = data.tracks[shown.at];
    if (marked) {
      const [mx, my] = place(marked[5], marked[6]);
      pen.strokeStyle = style("--accent");
      pen.lineWidth = 2;
      pen.beginPath(); pen.arc(mx, my, 12, 0, 7); pen.stroke();
    }
  }
  function nearest(x, y, reach) {
    let best = -1, least = reach * reach;
    shown.data.tracks.forEach((track, index) => {
      const [px, py] = place(track[5], track[6]);
      const far = (px - x) ** 2 + (py - y) ** 2;
      if (far < least || (far === least && track[7])) { least = far; best = index; }
    });
    return best;
  }
  function mark(index) {
    shown.at = index;
    draw();
    const tip = $(".maptip", shown.dialog);
    const track = shown.data.tracks[index];
    tip.hidden = !track;
    if (!track) return;
    tip.textContent = describe(track);
    const [x, y] = place(track[5], track[6]);
    const wide = tip.parentElement.clientWidth;
    tip.style.left = `${Math.min(Math.max(x - tip.offsetWidth / 2, 4), wide - tip.offsetWidth - 4)}px`;
    tip.style.top = `${y > 64 ? y - 20 - tip.offsetHeight : y + 20}px`;
    shown.canvas.setAttribute("aria-label", describe(track));
  }
  function choose(index) {
    const track = shown.data.tracks[index];
    if (!track) return;
    mark(index);
    const box = $(".mapchosen", shown.dialog);
    box.replaceChildren(element("b", describe(track)));
    const like = element("button", shown.words.like[language()], { type: "button", class: "btn" });
    like.addEventListener("click", () => act("like", { like: track[0] }));
    box.append(like);
    if (track[7]) {
      const use = element("button", shown.words.use[language()], { type: "button", class: "btn primary" });
      use.addEventListener("click", () => act("select", { track: track[0] }));
      box.append(use);
    }
  }
  function act(event, wish) {
    const cards = $("#cards .card");
    close();
    if (cards) tell(cards, event, wish);
  }
  function close() {
    shown?.dialog.close();
    shown = null;
    $('[data-steer="map"]')?.focus();
  }
  /* the next track in the direction of an arrow: near, and not far off the line */
  function step(dx, dy) {
    const from = shown.data.tracks[shown.at];
    const [x, y] = from ? place(from[5], from[6]) : place(...shown.data.clip);
    let best = -1, least = Infinity;
    shown.data.tracks.forEach((track, index) => {
      if (index === shown.at) return;
      const [px, py] = place(track[5], track[6]);
      const along = (px - x) * dx + (py - y) * dy;
      const off = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
      if (along > 0.5 && along + 2 * off < least) { least = along + 2 * off; best = index; }
    });
    if (best >= 0) mark(best);
  }

  function list() {
    const near = shown.data.near.map((id) => shown.data.tracks.findIndex((track) => track[0] === id));
    $(".maplist ol", shown.dialog).replaceChildren(...near.map((index) => {
      const item = element("li");
      const button = element("button", describe(shown.data.tracks[index]), { type: "button", class: "btn quiet" });
      button.addEventListener("click", () => choose(index));
      item.append(button);
      return item;
    }));
  }
  async function open(dialog) {
    dialog.dataset.opened = "yes";
    const answer = await fetch(dialog.dataset.map);
    if (!answer.ok) return;
    const data = await answer.json();
    shown = { dialog, canvas: $("canvas", dialog), data, words: JSON.parse(dialog.dataset.words), at: -1 };
    dialog.showModal();
    list();
    draw();
    shown.canvas.focus();
  }

  document.addEventListener("click", (event) => { if (event.target.closest("[data-map-close]")) close(); });
  document.addEventListener("mousemove", (event) => {
    if (!shown || event.target !== shown.canvas) return;
    const index = nearest(event.offsetX, event.offsetY, 24);
    if (index !== shown.at) mark(index);
    shown.canvas.style.cursor = index >= 0 ? "pointer" : "";
  });
  document.addEventListener("click", (event) => {
    if (shown && event.target === shown.canvas) choose(nearest(event.offsetX, event.offsetY, 32));
  });
  document.addEventListener("keydown", (event) => {
    if (!shown || event.target !== shown.canvas) return;
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (arrows[event.key]) step(...arrows[event.key]);
    else if (event.key === "Enter") choose(shown.at);
    else return;
    event.preventDefault();
  });
  addEventListener("resize", () => draw());
  new MutationObserver(() => {
    const dialog = $("#map dialog.map:not([data-opened])");
    if (dialog) open(dialog);
    else if (shown && !shown.dialog.isConnected) shown = null;
  }).observe(document, { childList: true, subtree: true });
  document.addEventListener("close", (event) => { if (shown && event.target === shown.dialog) shown = null; }, true);
})();
