// Where a slower model looks at the pictures: the order of the first look is on the page, that of
// the second is asked for and slides in. Whatever somebody is looking at stays where it is.

import { fetchPart } from "../parts.js";

const SLIDE = 350; // milliseconds

export async function awaitSecondLook(currentCard) {
  const shown = document.querySelector(".found[data-second-look]");
  if (!shown) return;
  const page = await fetchPart(shown.dataset.secondLook, "main");
  const found = page.querySelector(".found");
  await noDialog();
  const looking = shown.querySelector(".looking");
  if (!found) {
    const reason = page.querySelector(".message p")?.textContent ?? page.textContent;
    looking.textContent = `The second look did not work, so this is the order of the first. ${reason.trim()}`;
    return;
  }
  document.querySelector("h1.summary").replaceWith(page.querySelector("h1.summary"));
  takePlace(shown, found, currentCard);
}

function takePlace(shown, found, currentCard) {
  const before = [...shown.querySelectorAll("li.card")];
  const places = new Map(before.map((card) => [card, card.getBoundingClientRect()]));
  const held = heldCard(before, places, currentCard);
  const focused = document.activeElement;
  const wasWithin = shown.contains(focused);

  const status = document.createElement("p");
  status.className = "looking";
  status.setAttribute("role", "status");
  found.prepend(status);
  const partners = pairUp(before, [...found.querySelectorAll("li.card")]);
  for (const [old, card] of partners) keepChoice(old, card);
  shown.replaceWith(found);
  status.textContent = "In the order of the second look.";

  if (wasWithin) refocus(focused, partners);
  const partner = partners.get(held);
  if (partner) window.scrollBy(0, partner.getBoundingClientRect().top - places.get(held).top);
  slide(partners, places);
}

// The player, or the list of keys: nothing is changed behind it.
function noDialog() {
  const dialog = document.querySelector("dialog[open]");
  return dialog ? new Promise((go) => dialog.addEventListener("close", go, { once: true })) : null;
}

// What stays where it is: the card with the focus if it is in view, else, on a page that has been
// scrolled, the first one in view.
function heldCard(cards, places, currentCard) {
  const isInView = (card) => places.get(card).bottom > 120 && places.get(card).top < innerHeight;
  const current = currentCard();
  if (current && places.has(current) && isInView(current)) return current;
  return scrollY > 0 ? cards.find(isInView) : undefined;
}

// A card of the second look is that of the first which shows the same part of a recording.
function pairUp(before, after) {
  const partners = new Map();
  for (const card of after) {
    const part = partOf(card);
    const same = before.find((old) => !partners.has(old) && overlap(partOf(old), part));
    if (same) partners.set(same, card);
  }
  return partners;
}

function partOf(card) {
  const address = new URL(card.querySelector("a.play").href);
  const [start, end] = address.searchParams.get("t").split(",").map(Number);
  return { recording: address.pathname, start, end };
}

function overlap(one, other) {
  return one.recording === other.recording && one.start < other.end && other.start < one.end;
}

function keepChoice(old, card) {
  const [was, is] = [old, card].map((one) => one.querySelector('input[name="selected"]'));
  if (was && is) is.checked = was.checked;
}

function refocus(focused, partners) {
  const card = focused.closest("li.card");
  const partner = partners.get(card);
  if (!partner) return;
  const same = ["a.similar", "button", "input"].find((one) => focused.matches(one));
  partner.querySelector(same ?? "a.play").focus({ preventScroll: true });
}

function slide(partners, places) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const [old, card] of partners) {
    const [from, to] = [places.get(old), card.getBoundingClientRect()];
    const [x, y] = [from.left - to.left, from.top - to.top];
    if (!x && !y) continue;
    card.animate(
      [{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }],
      { duration: SLIDE, easing: "ease-out" },
    );
  }
}
