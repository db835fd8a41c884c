// The keys of the results. None acts where somebody writes or chooses, with Ctrl, Alt or Meta, or
// while a dialog is open. `x` is the cases' (cases.js).

export function handleKeys(strips) {
  const list = document.querySelector("body > main > dialog.keys, main dialog.keys");
  const box = document.querySelector("form.search .words");

  const keys = {
    "/": () => { box.focus(); box.select(); },
    "?": () => list?.showModal(),
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    ArrowDown: () => row(1),
    ArrowUp: () => row(-1),
    Home: () => enter(cards()[0]),
    End: () => enter(cards().at(-1)),
    " ": () => strips.run(currentCard()),
    v: () => currentCard().querySelector("a.similar").click(),
  };
  const needsCard = [" ", "v", "Home", "End", "ArrowLeft", "ArrowUp"];

  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (target.closest("input:not([type=checkbox]), select, textarea") || document.querySelector("dialog[open]")) return;
    if (needsCard.includes(key) && !currentCard()) return;
    if (key.startsWith("Arrow") && !currentCard() && target !== document.body) return;
    if (key === " " && target.closest("button, summary, input")) return;
    const command = keys[key];
    if (!command) return;
    event.preventDefault();
    command();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) list.showModal();
  });
}

// The card that has the focus, or in which something has it.
export function currentCard() {
  return document.activeElement?.closest("li.card") ?? null;
}

function cards() {
  return [...document.querySelectorAll("li.card")];
}

function enter(card) {
  card?.querySelector(":scope > a.play").focus({ preventScroll: true });
  card?.scrollIntoView({ block: "nearest" });
}

// In the order of the page; from nowhere to the first card in view.
function step(by) {
  const current = currentCard();
  if (!current) {
    enter(cards().find((card) => card.getBoundingClientRect().bottom > 120));
    return;
  }
  const all = cards();
  enter(all[all.indexOf(current) + by]);
}

// To the nearest card of the next row of the same list, or of the list after it.
function row(by) {
  const current = currentCard();
  if (!current) {
    step(by);
    return;
  }
  const { left, top } = current.getBoundingClientRect();
  const beyond = cards()
    .map((card) => ({ card, place: card.getBoundingClientRect() }))
    .filter(({ place }) => (place.top - top) * by > 4);
  const nearest = Math.min(...beyond.map(({ place }) => (place.top - top) * by));
  const inRow = beyond.filter(({ place }) => Math.abs((place.top - top) * by - nearest) < 4);
  inRow.sort((a, b) => Math.abs(a.place.left - left) - Math.abs(b.place.left - left));
  enter(inRow[0]?.card);
}
