// The frames of a moment: the one under the pointer or in focus is shown large, and `run` shows one
// after the other. "Find similar" means the frame that is shown.

const PACE = 450; // milliseconds for each frame

export function attendStrips(page) {
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let running = null;

  for (const name of ["pointerover", "focusin"]) {
    page.addEventListener(name, (event) => {
      const link = event.target.closest?.(".strip a");
      if (!link) return;
      stop();
      show(link);
    });
  }

  function stop() {
    clearInterval(running?.timer);
    running?.card.classList.remove("running");
    running = null;
  }

  function next(card) {
    const links = [...card.querySelectorAll(".strip a")];
    const place = links.findIndex((link) => link.matches(".shown"));
    show(links[(place + 1) % links.length]);
  }

  return {
    // Run through a card's frames, or stop; where motion is not wanted, one frame for each call.
    run(card) {
      if (!card.querySelector(".strip a")) return;
      const wasRunning = running?.card === card;
      stop();
      if (wasRunning) return;
      if (!card.querySelector(".strip .shown") && !still.matches) show(card.querySelector(".strip a"));
      else next(card);
      if (still.matches) return;
      card.classList.add("running");
      running = { card, timer: setInterval(() => (card.isConnected ? next(card) : stop()), PACE) };
    },
    stop,
  };
}

function show(link) {
  const card = link.closest(".card");
  card.querySelector(".strip .shown")?.classList.remove("shown");
  link.classList.add("shown");
  card.querySelector(":scope > .play img").src = link.querySelector("img").src;
  card.querySelector("a.similar").href = link.dataset.similar;
}
