/* A participant's way through the study. The server decides what comes next; this page shows it. */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const texts = JSON.parse($("#texts").textContent);
  const key = `study-${root.dataset.key}`;
  const letters = "ABCDEFGHIJKL";
  const main = $("#main");

  /* memory of this browser: the token, and an answer that is not yet confirmed */
  const memory = {
    get(name) { try { return localStorage.getItem(`${key}-${name}`); } catch { return this.here?.[name] ?? null; } },
    set(name, value) { try { localStorage.setItem(`${key}-${name}`, value); } catch { (this.here ||= {})[name] = value; } },
    drop(name) { try { localStorage.removeItem(`${key}-${name}`); } catch { delete this.here?.[name]; } },
  };
  const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

  /* theme and language */
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => { root.dataset.theme = dark.matches ? "dark" : "light"; };
  paint();
  dark.addEventListener("change", paint);
  let chinese = (memory.get("language") || navigator.language || "en").toLowerCase().startsWith("zh");
  const say = (name, values = {}) =>
    texts[name][chinese ? 1 : 0].replace(/\{(\w+)\}/g, (_, word) => values[word] ?? "");

  /* small pieces of page; texts are always texts, never HTML */
  function make(tag, options = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(options)) {
      if (name === "class") element.className = value;
      else if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value != null) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child != null));
    return element;
  }
  const button = (text, click, options = {}) => make("button", { type: "button", class: "btn", on: { click }, ...options }, text);
  function prose(html) { // made by the server of Markdown with all HTML escaped
    const box = make("div", { class: "prose" });
    box.innerHTML = html;
    for (const link of box.querySelectorAll("a")) { link.target = "_blank"; link.rel = "noopener noreferrer"; }
    return box;
  }
  let drawn = () => {};
  function show(draw, focus = true) {
    drawn = () => { main.replaceChildren(); draw(); frame(); };
    drawn();
    if (focus) { scrollTo(0, 0); main.focus({ preventScroll: true }); }
  }
  function frame() {
    root.lang = chinese ? "zh-CN" : "en";
    $("#language").textContent = say("language");
    $("#withdraw").textContent = say("withdraw");
  }
  const tell = (text) => { $("#live").textContent = text; };
  function message(name, extra = []) {
    $("#foot").hidden = true;
    show(() => main.append(make("section", { class: "card" }, make("p", { class: "lead" }, say(name)), ...extra)));
  }

  /* to the server */
  async function ask(path, body, method = body === undefined ? "GET" : "POST") {
    const headers = {};
    if (memory.get("token")) headers.Authorization = `Bearer ${memory.get("token")}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await fetch(path, { method, headers, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) });
    const plain = (answer.headers.get("content-type") || "").includes("json") ? await answer.json() : {};
    if (!answer.ok) throw Object.assign(new Error(plain.error || "failed"), { code: plain.error, status: answer.status });
    return plain;
  }
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  /* where we are */
  let study = null;
  let ids = {};
  function deviceClass() {
    if (!matchMedia("(pointer: coarse)").matches && innerWidth >= 700) return "desktop";
    return Math.min(screen.width, screen.height) < 600 ? "phone" : "tablet";
  }

  async function begin() {
    const query = new URLSearchParams(location.search);
    for (const name of ["PROLIFIC_PID", "STUDY_ID", "SESSION_ID"]) if (query.get(name)) ids[name] = query.get(name);
    if (location.search) history.replaceState(null, "", location.pathname);
    show(() => main.append(make("p", { class: "hint" }, say("loading"))), false);
    study = await ask("/api/study");
    if (!memory.get("token") && ids.PROLIFIC_PID && memory.get("joined") === ids.PROLIFIC_PID) memory.drop("joined");
    if (memory.get("token")) {
      try {
        await sendPending();
        await ask("/api/enter", {});
        return await go();
      } catch (error) {
        if (error.code !== "unknown") throw error;
        memory.drop("token");
        memory.drop("pending");
      }
    }
    if (study.status !== "open" && !ids.PROLIFIC_PID) return message(study.status === "paused" ? "paused" : "closed");
    consent();
  }

  async function go() {
    const state = await ask("/api/state");
    $("#foot").hidden = false;
    if (state.stage === "checks") checks();
    else if (state.stage === "trial") trial(state.trial);
    else finished(state);
  }

  function failed(error) {
    if (error.code === "full") return message("full");
    if (error.code === "paused" || error.code === "closed") return message(error.code);
    if (error.code === "unknown") { memory.drop("token"); memory.drop("pending"); return begin().catch(failed); }
    message("failed");
  }
  const trying = (work) => () => work().catch(failed);

  /* consent */
  function consent() {
    let agreed = false;
    show(() => {
      const start = button(say("start"), trying(join), { class: "btn primary big", id: "start", disabled: !agreed });
      const box = make("input", { type: "checkbox", id: "agree", on: { change: () => { agreed = box.checked; start.disabled = !agreed; } } });
      box.checked = agreed;
      main.append(make("section", { class: "card" },
        make("h2", {}, say("consent_title")), prose(study.consent.html),
        make("label", { class: "tick" }, box, make("span", {}, say("agree"))), start));
    });
  }
  async function join() {
    const body = { consent: study.consent.version, device: deviceClass(), ...ids };
    const { token } = await ask("/api/join", body);
    memory.set("token", token);
    await go();
  }

  /* sound and headphones */
  function checks() {
    let noise = null, heard = false;
    const stop = () => { noise?.pause(); noise = null; };
    show(() => {
      const ready = button(say("volume_ok"), () => { stop(); headphones(); }, { class: "btn primary big", id: "volume-ok", disabled: !heard });
      const play = button(say(noise ? "stop_noise" : "play_noise"), () => {
        if (noise) { stop(); play.textContent = say("play_noise"); return; }
        noise = new Audio("/sound/noise.wav");
        noise.loop = true;
        noise.play().then(() => { heard = true; ready.disabled = false; play.textContent = say("stop_noise"); }).catch(() => message("cannot_play"));
      }, { id: "noise" });
      main.append(make("section", { class: "card" },
        make("h2", {}, say("sound_title")), make("p", {}, say("sound_text")),
        make("div", { class: "acts" }, play, ready)));
    });
  }
  function headphones() {
    if (study.headphones === "no") return instructions({});
    show(() => main.append(make("section", { class: "card" },
      make("h2", {}, say("headphones_title")),
      make("div", { class: "acts" },
        button(say("yes"), () => (study.headphones === "test" ? tones([]) : instructions({ headphones: "yes" })), { class: "btn big", id: "headphones-yes" }),
        button(say("no"), () => instructions({ headphones: "no" }), { class: "btn big", id: "headphones-no" })))));
  }
  function tones(given) {
    if (given.length === 6) return instructions({ headphones: "yes", test: given });
    let sound = null;
    show(() => {
      const picks = [0, 1, 2].map((place) => button(say("tone", { n: place + 1 }), () => { sound?.pause(); tones([...given, place]); }, { class: "btn big tone", disabled: !sound }));
      const play = button(say("play_tones"), trying(async () => {
        if (!sound) {
          const answer = await fetch(`/api/tones/${given.length}`, { headers: { Authorization: `Bearer ${memory.get("token")}` } });
          sound = new Audio(URL.createObjectURL(await answer.blob()));
        }
        sound.currentTime = 0;
        await sound.play();
        for (const pick of picks) pick.disabled = false;
      }), { id: "tones" });
      main.append(make("section", { class: "card" },
        make("h2", {}, say("tones_title")), make("p", {}, say("tones_text")),
        make("p", { class: "hint num" }, say("of", { n: given.length + 1, total: 6 })),
        make("div", { class: "acts" }, play), make("div", { class: "acts" }, ...picks)));
    });
  }
  function instructions(checked) {
    show(() => main.append(make("section", { class: "card" },
      make("h2", {}, say("instructions_title")), prose(study.instructions),
      button(say("go_on"), trying(async () => { await ask("/api/checks", checked); await go(); }), { class: "btn primary big", id: "go-on" }))));
  }

  /* one trial */
  function trial(now) {
    const enough = (video) => video.seconds() >= Math.max(0.05, study.watch_share * video.length - 0.4) || study.watch_share === 0;
    const videos = now.videos.map((said, place) => player(said, place));
    const answers = {};
    let choice; // undefined: not chosen; null: no difference
    let plays = 0, reported = 0, over = false;

    function player(said, place) {
      const element = make("video", { src: said.src, playsinline: true, preload: "auto", disablepictureinpicture: true, disableremoteplayback: true, "aria-label": letters[place] });
      element.controls = false;
      let before = said.watched_s;
      const own = { element, length: said.length_s, place, started: false };
      own.seconds = () => {
        let sum = 0;
        for (let n = 0; n < element.played.length; n += 1) sum += element.played.end(n) - element.played.start(n);
        return Math.min(Math.max(sum, before), own.length);
      };
      element.addEventListener("play", () => {
        for (const other of videos) if (other !== own) other.element.pause();
        plays += 1;
        own.started = true;
        update();
      });
      for (const event of ["pause", "ended"]) element.addEventListener(event, () => { update(); report(); });
      element.addEventListener("timeupdate", () => { if (element.playbackRate !== 1) element.playbackRate = 1; update(); if (Date.now() - reported > 2000) report(); });
      element.addEventListener("error", () => { if (!over) message("cannot_play"); });
      element.addEventListener("contextmenu", (event) => event.preventDefault());
      element.addEventListener("click", () => toggle(own));
      return own;
    }
    function toggle(video) {
      if (video.element.paused) video.element.play().catch(() => {}); else video.element.pause();
    }
    const watched = () => videos.map((video) => Math.round(100 * video.seconds()) / 100);
    function report() {
      if (over) return;
      reported = Date.now();
      ask(`/api/trial/${now.id}/watched`, { watched_s: watched(), plays }).catch(() => {});
    }

    let parts = [], submit = null, hint = null, form = null;
    function update() {
      const ready = videos.every(enough);
      for (const { video, play, bar, state } of parts) {
        const label = video.element.paused ? (video.started || video.seconds() > 0.3 ? (video.element.ended ? "again" : "play") : "play") : "pause";
        play.textContent = `${say(label)} ${letters[video.place]}`;
        play.setAttribute("aria-pressed", String(!video.element.paused));
        bar.value = Math.min(1, video.seconds() / video.length);
        state.textContent = enough(video) ? `✓ ${say("watched")}` : "";
      }
      if (!form) return;
      if (ready && form.disabled) tell(say("you_can_answer"));
      form.disabled = !ready;
      hint.textContent = ready ? say("you_can_answer") : say(videos.length > 2 ? "watch_all_first" : "watch_first");
      submit.disabled = !ready || !complete();
    }
    function complete() {
      if (choice === undefined) return false;
      return study.questions.every((question) => {
        if (question.kind === "preference" || !question.required) return true;
        const value = answers[question.id];
        if (question.kind === "rating") return Array.isArray(value) && value.length === videos.length && value.every((each) => each != null);
        return value != null && value !== "";
      });
    }

    show(() => {
      parts = videos.map((video) => {
        const play = button("", () => toggle(video), { class: "btn play", "data-play": letters[video.place] });
        const bar = make("progress", { max: 1, value: 0, "aria-label": say("video", { letter: letters[video.place] }) });
        const state = make("span", { class: "state" });
        const box = make("figure", { class: "video" },
          make("figcaption", {}, make("b", {}, say("video", { letter: letters[video.place] })), state),
          make("div", { class: "stage" }, video.element), bar, play);
        return { video, play, bar, state, box };
      });
      hint = make("p", { class: "hint", id: "hint" });
      submit = button(say("next"), send, { class: "btn primary big", id: "next" });
      form = make("fieldset", { class: "questions", "aria-describedby": "hint" }, ...study.questions.map(question), submit);
      main.append(
        make("div", { class: "way" }, make("h2", { class: "num" }, now.practice ? say("practice") : say("trial", { n: now.number, total: now.total })),
          make("progress", { class: "whole", max: now.total, value: Math.max(0, now.number - 1), "aria-hidden": "true" })),
        ...(now.says ? [make("p", { class: "notice", id: "check" }, now.says)] : []),
        make("div", { class: `videos of${videos.length}` }, ...parts.map((part) => part.box)), hint, form);
      update();
    });

    function question(asked) {
      if (asked.kind === "preference") {
        const options = videos.map((video) => ({ text: say("choose", { letter: letters[video.place] }), value: video.place }));
        if (asked.tie) options.splice(Math.ceil(options.length / 2), 0, { text: asked.tie, value: null });
        return group(asked.text, "choice", options, choice, (value) => { choice = value; });
      }
      const scale = asked.points && [...Array(asked.points).keys()].map((n) => ({ text: String(n + 1), value: n + 1 }));
      if (asked.kind === "confidence") return group(asked.text, asked.id, scale, answers[asked.id], (value) => { answers[asked.id] = value; }, asked);
      if (asked.kind === "rating") {
        answers[asked.id] ||= videos.map(() => null);
        return make("div", { class: "rating" }, make("p", { class: "asked" }, asked.text), ...videos.map((video) =>
          group(say("video", { letter: letters[video.place] }), `${asked.id}-${video.place}`, scale, answers[asked.id][video.place] ?? undefined, (value) => { answers[asked.id][video.place] = value; }, asked)));
      }
      const area = make("textarea", { rows: 3, maxlength: 4000, id: `q-${asked.id}`, on: { input: () => { answers[asked.id] = area.value; update(); } } });
      area.value = answers[asked.id] || "";
      return make("label", { class: "asked words" }, asked.text, asked.required ? null : make("span", { class: "hint" }, ` ${say("optional")}`), area);
    }
    function group(text, name, options, chosen, choose, scale) {
      return make("fieldset", { class: scale ? "group scale" : "group" }, make("legend", {}, text),
        make("div", { class: "options" }, scale ? make("span", { class: "end" }, scale.low) : null,
          ...options.map((option, n) => {
            const input = make("input", { type: "radio", name, value: n, on: { change: () => { choose(option.value); update(); } } });
            input.checked = chosen !== undefined && chosen === option.value;
            return make("label", { class: "option" }, input, make("span", {}, option.text));
          }), scale ? make("span", { class: "end" }, scale.high) : null));
    }

    async function send() {
      if (over || !complete()) return;
      over = true;
      for (const video of videos) video.element.pause();
      submit.disabled = true;
      submit.textContent = say("sending");
      const given = {};
      for (const [name, value] of Object.entries(answers)) if (!Array.isArray(value) || value.some((each) => each != null)) given[name] = value;
      const body = { request: id(), choice, answers: given, watched_s: watched(), plays };
      memory.set("pending", JSON.stringify({ trial: now.id, body }));
      try {
        await sendPending();
        for (const video of videos) { video.element.removeAttribute("src"); video.element.load(); }
        await go();
      } catch (error) {
        over = false;
        submit.textContent = say("next");
        if (error.code === "watch") { await go().catch(failed); return; }
        if (error.code === "answer") { hint.textContent = say("incomplete"); submit.disabled = false; return; }
        failed(error);
      }
    }
  }

  /* an answer is kept here until the server has confirmed it, and is sent with the same id again */
  async function sendPending() {
    const kept = memory.get("pending");
    if (!kept) return;
    const { trial: trialId, body } = JSON.parse(kept);
    for (let tries = 0; ; tries += 1) {
      try {
        await ask(`/api/trial/${trialId}/answer`, body);
        break;
      } catch (error) {
        const later = !error.status || error.status >= 500;
        if (!later) { memory.drop("pending"); if (error.status === 404) break; throw error; }
        const why = say(error.status ? "not_saved" : "offline");
        if ($("#hint")) $("#hint").textContent = why;
        tell(why);
        await wait(Math.min(15000, 500 * 2 ** tries));
      }
    }
    memory.drop("pending");
  }

  function finished(state) {
    const extra = [prose(study.thanks)];
    if (state.code) extra.push(make("p", {}, `${say("done_code")} `, make("b", { class: "code num", id: "code" }, state.code)));
    if (state.url) extra.push(make("a", { class: "btn primary big", id: "complete", href: state.url, rel: "noreferrer" }, say("done_link")));
    show(() => main.append(make("section", { class: "card", id: "done" }, make("h2", {}, say("done_title")), ...extra)));
  }

  /* withdraw */
  $("#withdraw").addEventListener("click", () => {
    for (const video of document.querySelectorAll("video")) video.pause();
    const back = drawn;
    show(() => main.append(make("section", { class: "card" }, make("h2", {}, say("withdraw")), make("p", {}, say("withdraw_sure")),
      make("div", { class: "acts" },
        button(say("withdraw_yes"), trying(async () => {
          await ask("/api/withdraw", {});
          memory.drop("token");
          memory.drop("pending");
          ids = {};
          message("withdrawn");
        }), { class: "btn danger", id: "withdraw-yes" }),
        button(say("withdraw_no"), () => { drawn = back; drawn(); }, { id: "withdraw-no" })))));
  });
  $("#language").addEventListener("click", () => {
    chinese = !chinese;
    memory.set("language", chinese ? "zh" : "en");
    drawn();
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, button")) return;
    const play = $(`[data-play="${event.key.toUpperCase()}"]`);
    if (play) play.click();
  });
  frame();
  begin().catch(failed);
})();
