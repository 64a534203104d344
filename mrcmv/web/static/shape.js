/* Shaping: every control of the knob and the drawer sends its setting; what sounds goes on until the new
   mix is there (listen.js swaps it in place). */
(() => {
  "use strict";
  const { $, all, tell, clock, listen } = window.mrcmvStudio;
  const WAIT_MS = 350; // after the last change: a slider that is still moved makes no mixes
  let waiting = {};
  let timer = 0;

  function send(part, changes) {
    Object.assign(waiting, changes);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const from = $("#shape .shape");
      const settings = waiting;
      waiting = {};
      if (from) tell(from, "input", { settings, turn: listen.nextTurn() });
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
      tell(reset, "input", { reset: true, turn: listen.nextTurn() });
    }
  });
})();
