/* The experimenter's desk: numbers every five seconds, three buttons, two downloads. */
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector) => document.querySelector(selector);
  const texts = JSON.parse($("#texts").textContent);
  const main = $("#main");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => { root.dataset.theme = dark.matches ? "dark" : "light"; };
  paint();
  dark.addEventListener("change", paint);
  let chinese = (navigator.language || "en").toLowerCase().startsWith("zh");
  const say = (name) => texts[name][chinese ? 1 : 0];
  let token = location.hash.slice(1);
  if (token) history.replaceState(null, "", location.pathname);
  try { token ||= sessionStorage.getItem("desk") || ""; } catch { /* private window */ }
  let counts = null;
  let trouble = "";

  function make(tag, options = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(options)) {
      if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
      else if (name === "class") element.className = value;
      else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child != null));
    return element;
  }
  const button = (name, click, options = {}) => make("button", { type: "button", class: "btn", on: { click }, ...options }, say(name));
  async function ask(path, method = "GET") {
    const answer = await fetch(path, { method, cache: "no-store", headers: { Authorization: `Bearer ${token}` } });
    if (!answer.ok) throw Object.assign(new Error(path), { status: answer.status });
    return answer;
  }
  async function refresh() {
    if (!token) return draw();
    try {
      counts = await (await ask("/desk/api/counts")).json();
      trouble = "";
      try { sessionStorage.setItem("desk", token); } catch { /* private window */ }
    } catch (error) {
      trouble = error.status === 404 ? "wrong_token" : "offline";
      if (error.status === 404) { token = ""; counts = null; }
    }
    draw();
  }
  async function change(status) {
    if (status === "closed" && !confirm(say("close_sure"))) return;
    await ask(`/desk/api/status/${status}`, "POST").catch(() => { trouble = "offline"; });
    refresh();
  }
  async function save(path, name) {
    const blob = await (await ask(path)).blob();
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }
  function draw() {
    root.lang = chinese ? "zh-CN" : "en";
    $("#language").textContent = say("language");
    const parts = trouble ? [make("p", { class: "notice", role: "alert" }, say(trouble))] : [];
    if (!counts) {
      if (main.querySelector("#token") && !trouble) return;
      const field = make("input", { id: "token", type: "password", autocomplete: "off" });
      const open = () => { token = field.value.trim(); refresh(); };
      main.replaceChildren(...parts, make("section", { class: "card" }, make("h2", {}, say("desk")),
        make("label", { class: "asked words" }, say("token"), field), button("open_desk", open, { class: "btn primary", id: "open" })));
      return;
    }
    const tile = (name, value) => make("div", { class: "tile" }, make("b", { class: "num" }, String(value)), make("span", {}, say(name)));
    const last = counts.last_answer_at ? new Date(counts.last_answer_at).toLocaleTimeString(root.lang) : "–";
    main.replaceChildren(...parts,
      make("section", { class: "card" },
        make("div", { class: "acts" }, make("h2", { id: "status" }, say(`status_${counts.status}`)),
          ...["open", "paused", "closed"].filter((status) => status !== counts.status).map((status) =>
            button(`do_${status}`, () => change(status), { "data-status": status }))),
        make("div", { class: "tiles" }, tile("joined", counts.joined), tile("active", counts.active), tile("finished", counts.finished),
          tile("withdrawn", counts.withdrawn), tile("answers", counts.answers), tile("attention_failed", counts.attention_failed), tile("last", last))),
      make("section", { class: "card" }, make("h2", {}, say("cells")), make("p", { class: "hint" }, say("cells_text")),
        make("div", { class: "cells" }, ...counts.cells.map(([name, have, wanted]) =>
          make("div", { class: "cell" }, make("span", { class: "num" }, name),
            make("progress", { max: wanted, value: have, "aria-label": name }), make("span", { class: "num" }, `${have}/${wanted}`))))),
      make("section", { class: "card" }, make("p", { class: "hint" }, say("unblind")),
        make("div", { class: "acts" },
          button("download", () => save("/desk/api/answers.zip", "answers.zip"), { id: "answers" }),
          button("download_ids", () => save("/desk/api/recruiter-ids.csv", "recruiter-ids.csv"), { id: "ids" }))));
  }
  $("#language").addEventListener("click", () => { chinese = !chinese; main.replaceChildren(); draw(); });
  refresh();
  setInterval(refresh, 5000);
})();
