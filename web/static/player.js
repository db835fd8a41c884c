// The player: opened over the results, or on its own page.
// Without this module a click opens the same player as a page, with the browser's own controls.

import { fetchPart } from "./parts.js";
import { attend } from "./player/attend.js";
import { linkedMoments, withSearch } from "./player/moments.js";

const dialog = document.querySelector("dialog.player-dialog");

if (dialog) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.play, dialog a.part");
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (link && event.button === 0 && plain) {
      event.preventDefault();
      open(link.href, findingOn(link));
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  // Nothing goes on loading or sounding behind the results.
  dialog.addEventListener("close", (event) => {
    if (event.target === dialog) dialog.replaceChildren();
  });
} else {
  attend(document.querySelector(".player"), (address) => location.assign(address));
}

// The search that this page shows belongs to the player's address too. `finding`: what a search
// found here, signed, so that what is collected as it was found is known as found.
async function open(address, finding = "") {
  const found = await fetchPart(withSearch(address, location.href), ".player, .message");
  dialog.replaceChildren(closeButton(), found);
  if (!dialog.open) dialog.showModal();
  const form = dialog.querySelector("[data-collect]");
  if (form && finding) form.append(hidden("found_here", finding));
  dialog.querySelector(".close").focus();
  if (!found.matches(".player")) return;
  attend(found, open, linkedMoments(document));
  // The space bar plays, and does not close what has just been opened.
  found.querySelector(".bar").focus();
}

function findingOn(link) {
  return link.closest(".card")?.querySelector('button[name="found"]')?.value ?? "";
}

function hidden(name, value) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name, value });
  return input;
}

function closeButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "close";
  button.textContent = "Close";
  button.addEventListener("click", () => dialog.close());
  return button;
}
