/* Shaping: every control of the knob and the drawer sends its setting; what sounds goes on until the new
   mix is there (listen.js swaps it in place). */
(() => {
  "use strict";
  const { $, all, tell, clock, listen } = window.mrcmvStudio;
  const WAIT_MS = 350; // after the last change: a slider that is still moved makes no mixes
  const mine = new Map(); // setting -> {value, track, turn}: what the server has not answered yet
  let waiting = {};
  let timer = 0;

  function send(part, changes) {
    Object.assign(waiting, changes);
    const track = $("#shape .onset")?.dataset.track;
    for (const [name, value] of Object.entries(changes)) mine.set(name, { value, track, turn: Infinity });
    clearTimeout(timer);
    timer = setTimeout(() => {
      const from = $("#shape .shape");
      const settings = waiting;
      waiting = {};
      const turn = listen.nextTurn();
      for (const name of Object.keys(settings)) mine.get(name).turn = turn;
      if (from) tell(from, "input", { settings, turn });
    }, WAIT_MS);
  }

  const level = (field) => +field.dataset.flip - +field.value;
  function drawLevel(field) {
    for (const text of all(".knob output span")) text.textContent = text.textContent.replace(/\d+/, level(field));
    field.setAttribute("aria-valuetext", $(`.knob output [lang]:not([hidden])`)?.textContent || String(level(field)));
    for (const mark of all(".knob [data-level]")) {
      mark.setAttribute("aria-pressed", String(+mark.dataset.level === level(field)));
    }
  }
  function drawDial(field) {
    const output = $(`output[for="${field.id}"]`);
    const off = field.dataset.off !== undefined && +field.value <= +field.dataset.off;
    const words = `${+(+field.value).toFixed(2)} ${field.dataset.unit}`.replace("-", "−");
    if (!output) return;
    if (off) output.innerHTML = document.getElementById(`words-${field.dataset.offWords}`)?.innerHTML || "";
    else output.textContent = words;
    field.setAttribute("aria-valuetext", off ? output.innerText : words);
  }
  function start(field) {
    const box = field.closest(".onset");
    return Math.min(+field.value, +field.dataset.most, +box.dataset.length);
  }
  function drawStart(field) {
    const box = field.closest(".onset");
    const at = start(field), whole = +box.dataset.length;
    if (+field.value !== at) field.value = at;
    const used = $(".used", box);
    used.style.left = `${(100 * at) / whole}%`;
    used.style.width = `${(100 * Math.min(+box.dataset.clip, whole - at)) / whole}%`;
    $("output", box).textContent = clock(at);
    field.setAttribute("aria-valuetext", clock(at));
    $("[data-best-moment]", box).hidden = Math.abs(at - +box.dataset.best) < 0.05;
  }
  function value(field) {
    if (field.type === "checkbox") return field.checked;
    if (field.type === "radio") return field.value;
    return field.dataset.off !== undefined && +field.value <= +field.dataset.off ? null : +field.value;
  }


  /* a new drawing: its values count, but for what was changed here after it was made */
  function put(name, value) {
    if (name === "level_lu") {
      const field = $("#level");
      if (field) { field.value = +field.dataset.flip - value; drawLevel(field); }
    } else if (name === "start_s") {
      const field = $("#start");
      if (field) { field.value = value ?? field.closest(".onset").dataset.best; drawStart(field); }
    } else {
      for (const field of all(`#shape [data-set="${name}"]`)) {
        if (field.type === "radio") field.checked = field.value === value;
        else if (field.type === "checkbox") field.checked = value;
        else { field.value = value ?? field.dataset.off; drawDial(field); }
      }
      if (name === "keep") $("#shape .shape").dataset.keep = value;
    }
  }
  let drawn = "";
  new MutationObserver(() => {
    const section = $("#shape .shape");
    if (!section || section.dataset.drawn === drawn) return;
    drawn = section.dataset.drawn;
    for (const field of all("input", section)) {
      if (field.type === "range") field.value = field.getAttribute("value");
      else field.checked = field.hasAttribute("checked");
    }
    const track = $(".onset", section)?.dataset.track;
    for (const [name, change] of [...mine]) {
      if (change.turn <= +section.dataset.turn) mine.delete(name);
      else if (name !== "start_s" || change.track === track) put(name, change.value);
    }
  }).observe(document, { childList: true, subtree: true, attributeFilter: ["data-drawn"] });

  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.closest?.("#shape")) return;
    if (field.id === "level") drawLevel(field);
    else if (field.id === "start") drawStart(field);
    else if (field.type === "range") drawDial(field);
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    const section = field.closest?.("#shape .shape");
    if (!section) return;
    if (field.id === "level") send(field, { level_lu: level(field) });
    else if (field.id === "start") send(field, { start_s: start(field) });
    else if (field.dataset.set) {
      if (field.dataset.set === "keep") section.dataset.keep = field.value;
      send(field, { [field.dataset.set]: value(field) });
    }
  });
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const mark = on(".knob [data-level]"), best = on("[data-best-moment]"), reset = on("[data-reset]");
    if (mark) {
      const field = $("#level");
      field.value = +field.dataset.flip - +mark.dataset.level;
      drawLevel(field);
      send(field, { level_lu: +mark.dataset.level });
    } else if (best) {
      const field = $("#start");
      field.value = best.closest(".onset").dataset.best;
      drawStart(field);
      field.focus();
      send(field, { start_s: null });
    } else if (reset) {
      clearTimeout(timer);
      waiting = {};
      mine.clear();
      tell(reset, "input", { reset: true, turn: listen.nextTurn() });
    }
  });
})();
