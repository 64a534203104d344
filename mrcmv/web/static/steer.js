/* Say it in words: the line above the cards, its chips, the example, and what cards offer. */
(() => {
  "use strict";
  const { $, tell } = window.mrcmvStudio;
  const chinese = () => document.documentElement.dataset.lang === "zh";

  function said() {
    return { text: $("#words")?.value || "", strength: +($("#strength")?.value ?? 50) };
  }
  function submit() {
    const words = $("#words");
    if (words) tell(words, "submit", said());
  }
  function add(chip) {
    const words = $("#words");
    const text = (chinese() && chip.dataset.sayZh) || chip.dataset.say;
    const parts = words.value.split(/[,，]/).map((part) => part.trim()).filter(Boolean);
    const there = parts.findIndex((part) => part.toLowerCase() === text.toLowerCase());
    if (there >= 0) parts.splice(there, 1);
    else parts.push(text);
    words.value = parts.join(chinese() ? "，" : ", ");
    drawChips();
    submit();
  }
  function drawChips() {
    const parts = ($("#words")?.value || "").split(/[,，]/).map((part) => part.trim().toLowerCase());
    for (const chip of document.querySelectorAll(".steer .chip")) {
      const on = parts.includes(chip.dataset.say.toLowerCase()) || parts.includes(chip.dataset.sayZh);
      chip.setAttribute("aria-pressed", String(on));
    }
  }
  function reset() {
    const words = $("#words"), strength = $("#strength");
    if (words) words.value = "";
    if (strength) strength.value = 50;
    drawChips();
  }

  /* a session that a link opened again brings its words along */
  new MutationObserver(() => {
    const words = $("#words"), told = $(".understood");
    if (!words || !told || told.dataset.shown) return;
    told.dataset.shown = "yes";
    if (!words.value && document.activeElement !== words) words.value = told.dataset.text;
    drawChips();
  }).observe(document, { childList: true, subtree: true });

  document.addEventListener("keydown", (event) => {
    if (event.target.id !== "words" || event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    submit();
  });
  document.addEventListener("input", (event) => { if (event.target.id === "words") drawChips(); });
  document.addEventListener("change", (event) => { if (event.target.id === "strength") submit(); });
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const chip = on(".steer .chip"), act = on("[data-steer]"), card = on("[data-card]"), other = on("[data-do]");
    if (chip) add(chip);
    else if (act?.dataset.steer === "go") submit();
    else if (act?.dataset.steer === "upload") $("#example input[type=file]")?.click();
    else if (act?.dataset.steer === "clear") { reset(); tell($("#words"), "submit", { clear: true }); }
    else if (act?.dataset.steer === "back") tell(act, "submit", { back: true });
    else if (act?.dataset.steer === "map") tell($("#words"), "expand", {});
    else if (card && card.dataset.card !== "why") {
      tell(card, "like", { [card.dataset.card]: card.dataset.track });
    } else if (other && (["submit", "clear", "delete"].includes(other.dataset.do) || other.dataset.example)) {
      reset(); /* another clip, another search: the line begins anew */
    }
  });
})();
