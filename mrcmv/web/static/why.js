/* Why this track: asked for on a card, follows the chosen card, and its moments move the player. */
(() => {
  "use strict";
  const { $, tell } = window.mrcmvStudio;
  let open = false;
  let scroll = false;

  function ask(from, track) {
    open = true;
    tell(from, "expand", { track });
  }
  document.addEventListener("click", (event) => {
    const on = (selector) => event.target.closest(selector);
    const card = on('[data-card="why"]'), close = on('[data-why="close"]'), moment = on("[data-seek]");
    if (card) {
      scroll = true;
      ask(card, card.dataset.track);
    } else if (close) {
      open = false;
      tell(close, "expand", {});
      $("#cards .card.chosen [data-card='why']")?.focus();
    } else if (moment) {
      const player = $("#player");
      if (!player) return;
      player.currentTime = +moment.dataset.seek;
      player.play().catch(() => {});
    }
  });

  /* an open answer follows the track in the preview; a fresh one comes into view and takes the focus */
  let followed = null;
  new MutationObserver(() => {
    const panel = $("#why section.why");
    if (!panel) {
      followed = null;
      return;
    }
    if (scroll) {
      scroll = false;
      panel.scrollIntoView({ block: "nearest" });
      panel.focus({ preventScroll: true });
    }
    const chosen = $("#cards .card.chosen")?.dataset.track;
    if (open && chosen && followed !== null && chosen !== followed && chosen !== panel.dataset.track) {
      ask(panel, chosen);
    }
    if (chosen) followed = chosen;
  }).observe(document, { childList: true, subtree: true });
})();
