/* The Library page: a list that draws only what is seen, its filter, player, packs and own files.
   On the page of suggestions: answers the Library when a clip is open, and reports the one-line filter. */
(() => {
  "use strict";
  const { $, all, tell, clock } = window.mrcmvStudio;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("mrcmv-clip") : null;
  const tab = Math.random().toString(36).slice(2);

  /* on the page of suggestions */
  const cards = () => $("#cards .card");
  channel?.addEventListener("message", ({ data }) => {
    if (data?.ask && cards()) channel.postMessage({ clip: tab });
    if (data?.use && data.to === tab && cards() && $("#words")) {
      tell($("#words"), "submit", { use: String(data.use) });
      channel.postMessage({ using: data.use });
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-nav]");
    if (link && $("#panel > *, #stage video")) link.target = "_blank"; // the open clip stays where it is
  }, true);
  const TEMPI = { slow: [["tempo_max", 90]], medium: [["tempo_min", 90], ["tempo_max", 120]], fast: [["tempo_min", 120]] };
  document.addEventListener("change", (event) => {
    const bar = event.target.closest?.("[data-filterbar]");
    if (!bar) return;
    const query = new URLSearchParams(new FormData(bar));
    for (const [name, value] of TEMPI[query.get("tempo")] || []) query.set(name, value);
    query.delete("tempo");
    if (!query.get("mood")) query.delete("mood");
    tell(bar, "submit", { filter: query.toString() });
  });
  document.addEventListener("click", (event) => { // another clip, another search: the filter begins anew
    const act = event.target.closest?.("[data-do]");
    if (act && (["submit", "clear", "delete"].includes(act.dataset.do) || act.dataset.example)) $("[data-filterbar]")?.reset();
  });

  /* what cannot hold two languages at once */
  function speak(from = document) {
    const chinese = document.documentElement.dataset.lang === "zh";
    for (const part of all("[data-en]", from)) {
      const text = chinese ? part.dataset.zh : part.dataset.en;
      if (part.tagName === "OPTION") { if (part.textContent !== text) part.textContent = text; }
      else if (part.placeholder !== text) part.placeholder = text;
    }
    for (const part of all("[data-label-en]", from)) part.label = chinese ? part.dataset.labelZh : part.dataset.labelEn;
  }
  new MutationObserver(() => speak()).observe(document.documentElement, { attributeFilter: ["data-lang"] });

  document.addEventListener("DOMContentLoaded", () => {
    speak();
    if ($("#shelf")) start($("#shelf"));
  });

  function start(shelf) {
    const rows = $("#rows");
    const word = (key, values = {}) => {
      const chinese = document.documentElement.dataset.lang === "zh";
      const text = $(`#sentences [data-word="${key}"] .${chinese ? "zh" : "en"}`)?.textContent || "";
      return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
    };
    const say = (text) => { $("#live").textContent = ""; setTimeout(() => { $("#live").textContent = text; }, 50); };

    async function ask(address, options) {
      let answer;
      try { answer = await fetch(address, options); } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Error(word("shelf_lost_server"), { cause: error });
      }
      if (answer.ok) return answer;
      const html = (await answer.json().catch(() => ({}))).error || "";
      const wrong = new Error(plainText(html));
      wrong.html = html;
      throw wrong;
    }
    const send = (address, data) => ask(address, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(data),
    });
    function plainText(html) {
      const box = document.createElement("template");
      box.innerHTML = html;
      const lang = document.documentElement.dataset.lang === "zh" ? "zh" : "en";
      return (box.content.querySelector(`.${lang}`) || box.content).textContent;
    }

    /* ---- the player ---- */
    const sound = new Audio();
    sound.preload = "auto";
    let playing = null; // { id, title, artist, length }
    let wish = null; // a place to begin at, 0..1
    const known = new Map();
    function about(id, from) {
      const who = $(".who", from), title = $("h3, b", who)?.textContent || "";
      const length = +($("[data-hear]", from)?.dataset.length || 0);
      known.set(id, { id, title, artist: $(".artist, span", who)?.textContent || "", length });
      return known.get(id);
    }
    function hear(id, from, at = null) {
      if (playing?.id === id && at === null) {
        if (sound.paused) sound.play().catch(drawPlayer); else sound.pause();
        return;
      }
      const same = playing?.id === id;
      playing = about(id, from);
      $("#now").hidden = false;
      if (same && sound.duration) sound.currentTime = at * sound.duration;
      else { wish = at; sound.src = `library/sound/${encodeURIComponent(id)}`; }
      sound.play().catch(drawPlayer);
      drawPlayer();
    }
    sound.addEventListener("loadedmetadata", () => { if (wish) sound.currentTime = wish * sound.duration; wish = null; });
    sound.addEventListener("error", () => { if (playing) say(word("shelf_cannot_play")); drawPlayer(); });
    function drawPlayer() {
      const length = (Number.isFinite(sound.duration) && sound.duration) || playing?.length || 1;
      const at = sound.currentTime / length;
      for (const button of all("[data-hear]")) {
        const mine = button.dataset.hear === playing?.id, on = String(mine && !sound.paused);
        if (button.getAttribute("aria-pressed") !== on) button.setAttribute("aria-pressed", on);
        const row = button.closest("li"), head = $(".wavebox .head", row);
        row.classList.toggle("sounding", mine);
        if (mine && head) head.style.left = `${100 * at}%`;
      }
      if (!playing) return;
      const now = $("#now");
      $(".who b", now).textContent = playing.title;
      $(".who span", now).textContent = playing.artist;
      $("#now-play").setAttribute("aria-pressed", String(!sound.paused));
      $("#now-time").textContent = `${clock(sound.currentTime)} / ${clock(length)}`;
      const seek = $("#now-seek");
      if (document.activeElement !== seek || !sound.paused) seek.value = String(Math.round(1000 * at));
      seek.setAttribute("aria-valuetext", clock(sound.currentTime));
    }
    for (const name of ["play", "pause", "timeupdate", "ended", "seeked"]) sound.addEventListener(name, drawPlayer);
    $("#now-play").addEventListener("click", () => playing && hear(playing.id, document));
    $("#now-seek").addEventListener("input", (event) => {
      if (sound.duration) sound.currentTime = (+event.target.value / 1000) * sound.duration;
    });

    /* ---- one track in its window ---- */
    const details = $("#details");
    async function open(id) {
      try {
        details.innerHTML = await (await ask(`library/track/${encodeURIComponent(id)}`)).text();
      } catch (error) { say(error.message); return; }
      if (!details.open) details.showModal();
      $("[data-close]", details)?.focus();
    }
    async function copy(button) {
      const text = button.dataset.credit;
      try { await navigator.clipboard.writeText(text); } catch {
        const field = document.createElement("textarea");
        field.value = text;
        (button.closest("dialog") || document.body).append(field);
        field.select();
        document.execCommand("copy");
        field.remove();
      }
      button.classList.add("done");
      say(plainText($(".on", button)?.innerHTML || ""));
      setTimeout(() => button.classList.remove("done"), 1600);
    }
    async function remove(id) {
      try { await send("library/do/remove", { name: id }); } catch (error) { say(error.message); alertIn(details, error); return; }
      if (playing?.id === id) { sound.pause(); sound.removeAttribute("src"); playing = null; $("#now").hidden = true; }
      if (details.open) details.close();
      if (rows) { await apply(null); }
      else if (shelf.dataset.view === "twins") location.reload();
      say(word("shelf_removed"));
    }
    function alertIn(place, error) {
      const note = document.createElement("p");
      note.className = "notice bad";
      note.setAttribute("role", "alert");
      if (error.html) note.innerHTML = error.html; else note.textContent = error.message;
      if (place.id === "own-said") place.replaceChildren(note);
      else { $(".notice", place)?.remove(); place.append(note); }
    }

    /* ---- a clip that is open in another tab ---- */
    let clipTab = null, answered = false;
    channel?.addEventListener("message", ({ data }) => {
      if (data?.clip) { clipTab = data.clip; answered = true; shelf.classList.add("has-clip"); }
      if (data?.using) say(word("shelf_used"));
    });
    const lookForClip = () => {
      answered = false;
      channel?.postMessage({ ask: tab });
      setTimeout(() => { if (!answered) clipTab = null; shelf.classList.toggle("has-clip", Boolean(clipTab)); }, 400);
    };
    lookForClip();
    addEventListener("focus", lookForClip);

    document.addEventListener("click", (event) => {
      const on = (selector) => event.target.closest(selector);
      const play = on("[data-hear]"), wave = on("[data-seek]"), opened = on("[data-open]"), credit = on("[data-credit]");
      const removed = on("[data-remove]"), used = on("[data-use]"), act = on("[data-act]");
      if (play) hear(play.dataset.hear, play.closest("li"));
      else if (wave) {
        const box = wave.getBoundingClientRect(), row = wave.closest("li");
        hear(row.dataset.id, row, Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width)));
      } else if (opened) open(opened.dataset.open);
      else if (credit) copy(credit);
      else if (removed) remove(removed.dataset.remove);
      else if (used && clipTab) { channel.postMessage({ use: used.dataset.use, to: clipTab }); }
      else if (act) press(act);
      else if (on("[data-close]") || event.target === details) details.close();
    });
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      const row = event.target.closest?.("#rows > li");
      if (row && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
        event.preventDefault();
        step(+row.getAttribute("aria-posinset") - 1 + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === " " && playing && !event.target.closest("button, a, summary, input, select, textarea, dialog")) {
        event.preventDefault();
        hear(playing.id, document);
      }
    });

    /* ---- the list ---- */
    const CHUNK = 50, KEPT = 40, BESIDE = 8;
    let query = rows?.dataset.query || "", total = +(rows?.dataset.total || 0), turn = 0, stop = new AbortController();
    const chunks = new Map(), shown = new Map();
    const height = () => parseFloat(getComputedStyle(rows).getPropertyValue("--row")) || 96;
    let rowHeight = 96;

    function take() {
      const first = all(":scope > li", rows);
      chunks.set(0, first.map((row) => row.outerHTML));
      first.forEach((row, place) => { shown.set(place, row); });
      layout();
    }
    function layout() {
      rowHeight = height();
      rows.style.height = `${total * rowHeight}px`;
      for (const [place, row] of shown) row.style.top = `${place * rowHeight}px`;
      draw();
    }
    function draw() {
      if (!total) { for (const row of shown.values()) row.remove(); shown.clear(); return; }
      const top = -rows.getBoundingClientRect().top;
      const from = Math.max(0, Math.floor(top / rowHeight) - BESIDE);
      const to = Math.min(total - 1, Math.ceil((top + innerHeight) / rowHeight) + BESIDE);
      for (const [place, row] of shown) {
        if ((place < from || place > to) && !row.contains(document.activeElement)) { row.remove(); shown.delete(place); }
      }
      for (let chunk = Math.floor(from / CHUNK); chunk <= Math.floor(to / CHUNK); chunk += 1) {
        const html = chunks.get(chunk);
        if (html === undefined) { fetchChunk(chunk); continue; }
        if (html === null) continue; // on its way
        for (let place = Math.max(from, chunk * CHUNK); place <= Math.min(to, chunk * CHUNK + CHUNK - 1); place += 1) {
          if (!shown.has(place)) insert(place, html[place - chunk * CHUNK]);
        }
      }
      drawPlayer();
    }
    function insert(place, html) {
      if (!html) return;
      const box = document.createElement("template");
      box.innerHTML = html;
      const row = box.content.firstElementChild;
      row.style.top = `${place * rowHeight}px`;
      let after = null, best = Infinity; // in the order of the list also for those who hear it
      for (const [other, element] of shown) if (other > place && other < best) { best = other; after = element; }
      rows.insertBefore(row, after);
      shown.set(place, row);
    }
    async function fetchChunk(chunk) {
      chunks.set(chunk, null);
      const mine = turn;
      try {
        const answer = await ask(`library/rows?${query}&offset=${chunk * CHUNK}&limit=${CHUNK}`, { signal: stop.signal });
        const part = await answer.json();
        if (mine !== turn) return;
        chunks.set(chunk, part.rows);
        for (const old of [...chunks.keys()].slice(0, Math.max(0, chunks.size - KEPT))) if (old !== chunk) chunks.delete(old);
        if (part.total !== total) { total = part.total; showTotal(); layout(); } else draw();
      } catch (error) {
        if (mine === turn) { chunks.delete(chunk); if (error.name !== "AbortError") say(error.message); }
      }
    }
    function step(place) {
      if (place < 0 || place >= total) return;
      const focus = () => { $("[data-hear]", shown.get(place))?.focus({ preventScroll: true }); };
      const edge = rows.getBoundingClientRect().top + place * rowHeight;
      if (edge < 60) scrollBy(0, edge - 60);
      else if (edge + rowHeight > innerHeight - 90) scrollBy(0, edge + rowHeight - innerHeight + 90);
      draw();
      if (shown.has(place)) focus(); else setTimeout(() => { draw(); focus(); }, 300);
    }
    function showTotal() {
      const place = $("#count > span"), key = total === 0 ? "shelf_found_none" : total === 1 ? "shelf_found_one" : "shelf_found";
      const both = $(`#sentences [data-word="${key}"]`);
      place.innerHTML = both.innerHTML.replaceAll("{count}", total.toLocaleString("en"));
      place.dataset.total = String(total);
    }

    /* ---- the filter ---- */
    const form = $("#filters");
    function formQuery() {
      const pairs = [...new FormData(form)].filter(([, value]) => String(value).trim() !== "");
      return new URLSearchParams(pairs.filter(([name, value]) => !(name === "sort" && value === "title"))).toString();
    }
    async function apply(how) {
      const wanted = formQuery();
      const address = `library${wanted ? `?${wanted}` : ""}`;
      if (how === "push" && wanted !== query) history.pushState(null, "", address);
      else if (how === "replace") history.replaceState(null, "", address);
      turn += 1;
      stop.abort();
      stop = new AbortController();
      const mine = turn, signal = stop.signal;
      drawFacets(wanted, mine, signal);
      try {
        const part = await (await ask(`library/rows?${wanted}&offset=0&limit=${CHUNK}`, { signal })).json();
        if (mine !== turn) return;
        query = wanted;
        total = part.total;
        chunks.clear();
        chunks.set(0, part.rows);
        for (const row of shown.values()) row.remove();
        shown.clear();
        if (how !== null && rows.getBoundingClientRect().top < 0) scrollTo(0, scrollY + $(".list").getBoundingClientRect().top - 12);
        showTotal();
        layout();
        rows.dataset.query = query;
        rows.dataset.total = String(total);
        say($("#count").innerText);
      } catch (error) { if (error.name !== "AbortError") say(error.message); }
    }
    async function drawFacets(wanted, mine, signal) {
      try {
        const html = await (await ask(`library/facets?${wanted}`, { signal })).text();
        if (mine === turn) swap($("#facets"), html);
      } catch { /* the counts come with the next change */ }
    }
    function fromAddress() {
      const wanted = new URLSearchParams(location.search);
      if ((wanted.get("like") || "") !== $("[name=like]", form).value) { location.reload(); return; }
      for (const field of form.elements) {
        if (!field.name) continue;
        if (field.type === "checkbox") field.checked = wanted.getAll(field.name).includes(field.value);
        else field.value = wanted.get(field.name) || (field.name === "sort" ? "title" : "");
      }
      for (const name of ["mood", "genre", "instrument", "licence", "pack"]) {
        for (const value of wanted.getAll(name)) { // chosen, but not among the words that are shown now
          if (all(`[name=${name}]`, form).some((field) => field.value === value)) continue;
          const box = document.createElement("input");
          Object.assign(box, { type: "checkbox", name, value, checked: true, hidden: true });
          $("#facets").append(box);
        }
      }
      apply("stay");
    }

    /* new HTML that keeps focus and open drawers */
    function swap(place, html) {
      const box = document.createElement("template");
      box.innerHTML = html;
      for (const drawer of all("details[data-kept][open]", place)) {
        const same = box.content.querySelector(`[data-kept="${CSS.escape(drawer.dataset.kept)}"]`);
        if (same) same.open = true;
      }
      const had = document.activeElement, inside = place.contains(had);
      const keys = ["name", "value", "act", "name", "open"];
      const same = inside && [...box.content.querySelectorAll("input, button, summary, a")].find((other) =>
        other.tagName === had.tagName && other.name === had.name && other.value === had.value &&
        keys.every((key) => other.dataset[key] === had.dataset[key]) &&
        other.parentElement?.dataset.kept === had.parentElement?.dataset.kept);
      place.replaceChildren(box.content);
      if (same) same.focus({ preventScroll: true });
    }

    if (rows && form) {
      $("#filters .rest").open = matchMedia("(min-width: 901px)").matches;
      take();
      rows.classList.add("ready");
      addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
      addEventListener("resize", layout);
      let typed = null, fresh = true;
      form.addEventListener("input", (event) => {
        if (!event.target.matches("[type=search], [type=number]")) return;
        clearTimeout(typed);
        typed = setTimeout(() => { apply(fresh ? "push" : "replace"); fresh = false; }, 120);
      });
      form.addEventListener("focusout", () => { fresh = true; });
      document.addEventListener("change", (event) => {
        if (event.target.form === form && !event.target.matches("[type=search], [type=number]")) apply("push");
      });
      form.addEventListener("submit", (event) => { event.preventDefault(); apply("push"); });
      $("#clear").addEventListener("click", (event) => {
        if ($("[name=like]", form).value) return; // leaves "more like this" as well
        event.preventDefault();
        history.pushState(null, "", "library");
        fromAddress();
      });
      addEventListener("popstate", fromAddress);
    }

    /* ---- packs and own files: work of the program that this page only watches ---- */
    let watching = null;
    const last = new Map();
    function tellState(state) {
      const packs = $("#packs"), arrivals = $("#arrivals");
      if (packs && state.packs !== null && last.get("packs") !== state.packs) {
        const before = new Map(all("[data-pack]", packs).map((card) => [card.dataset.pack, card.dataset.state]));
        swap(packs, state.packs);
        for (const card of all("[data-pack]", packs)) {
          if (before.has(card.dataset.pack) && before.get(card.dataset.pack) !== card.dataset.state) {
            say(`${$("h3", card).textContent}: ${$(".state, .notice, .figures", card)?.innerText || ""}`);
          }
        }
        last.set("packs", state.packs);
      }
      if (arrivals && state.arrivals !== null && last.get("arrivals") !== state.arrivals) {
        swap(arrivals, state.arrivals);
        last.set("arrivals", state.arrivals);
      }
      const twins = $("#twins");
      if (twins && state.twins !== null && last.get("twins") !== state.twins) {
        swap(twins, state.twins);
        last.set("twins", state.twins);
        if (!state.busy) say(twins.innerText.slice(0, 120));
      }
      clearTimeout(watching);
      if (state.busy || sending) watching = setTimeout(watch, 700);
    }
    async function watch() {
      try { tellState(await (await ask("library/state")).json()); } catch (error) {
        say(error.message);
        watching = setTimeout(watch, 3000);
      }
    }
    async function press(button) {
      button.disabled = true;
      try { tellState(await (await send(`library/do/${button.dataset.act}`, { name: button.dataset.name })).json()); } catch (error) {
        say(error.message);
        alertIn(button.closest("li") || shelf, error);
      }
      button.disabled = false;
    }

    /* ---- own files ---- */
    let sending = false;
    const own = $("#own"), chosen = [];
    if (own) {
      const drop = $("#dropfiles"), input = $("#files");
      const size = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
      const add = (files) => { for (const file of files) chosen.push({ file, done: 0, wrong: "" }); drawChosen(); };
      function drawChosen() {
        $("#chosen").replaceChildren(...chosen.map((one) => {
          const line = document.createElement("li");
          const name = document.createElement("span"), facts = document.createElement("span");
          name.className = "name";
          name.textContent = one.file.name;
          facts.className = one.wrong ? "bad" : "num";
          if (one.wrong) facts.innerHTML = one.wrong;
          else facts.textContent = sending && one.done ? `${word("shelf_uploading")} ${Math.round(100 * one.done)} %` : size(one.file.size);
          line.append(name, facts);
          if (!sending) {
            const off = document.createElement("button");
            off.type = "button";
            off.className = "btn quiet square";
            off.textContent = "×";
            off.setAttribute("aria-label", `${word("shelf_take_off")}: ${one.file.name}`);
            off.addEventListener("click", () => { chosen.splice(chosen.indexOf(one), 1); drawChosen(); });
            line.append(off);
          }
          return line;
        }));
      }
      input.addEventListener("change", () => { add(input.files); input.value = ""; });
      for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
      for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
      drop.addEventListener("drop", (event) => { event.preventDefault(); add(event.dataTransfer.files); });

      const licence = own.elements.licence;
      function explain() {
        const value = licence.value, text = $(`[data-explains="${CSS.escape(value)}"]`, own);
        $("#explain").innerHTML = text ? text.innerHTML : "";
        $("[data-only=other]", own).hidden = value !== "other";
        $("[data-only=bought]", own).hidden = value !== "bought licence";
      }
      licence.addEventListener("change", explain);
      explain();

      function upload(batch, one) {
        return new Promise((resolve) => {
          const request = new XMLHttpRequest();
          request.open("POST", `library/own/${batch}`);
          request.setRequestHeader("X-File-Name", encodeURIComponent(one.file.name));
          request.setRequestHeader("Content-Type", "application/octet-stream");
          request.upload.addEventListener("progress", (event) => { one.done = event.loaded / (event.total || 1); drawChosen(); });
          request.addEventListener("loadend", () => {
            let answer = {};
            try { answer = JSON.parse(request.responseText); } catch { /* no answer came */ }
            if (request.status === 200) { chosen.splice(chosen.indexOf(one), 1); drawChosen(); tellState(answer); }
            else { one.wrong = answer.error || $(`#sentences [data-word="shelf_cut_off"]`).innerHTML; drawChosen(); }
            resolve();
          });
          request.send(one.file);
        });
      }
      own.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (sending) return;
        $("#own-said").replaceChildren();
        if (!chosen.length) { alertIn($("#own-said"), new Error(word("shelf_choose_files"))); return; }
        const button = $("[type=submit]", own);
        try {
          const { batch } = await (await send("library/own", Object.fromEntries(new FormData(own)))).json();
          sending = true;
          button.disabled = true;
          for (const one of [...chosen]) { one.wrong = ""; await upload(batch, one); }
        } catch (error) { alertIn($("#own-said"), error); }
        sending = false;
        button.disabled = false;
        drawChosen();
      });
      addEventListener("beforeunload", (event) => { if (sending) event.preventDefault(); });
    }
    if ($("#packs") || $("#arrivals") || $("#twins")) watch();
  }
})();
