// The answer in words, fetched into the results when it is asked for.
// Without this module the link leads to the same answer on a page of its own.

import { fetchPart } from "./parts.js";

const offer = document.querySelector(".answer-offer");
const link = offer?.querySelector("a");

link?.addEventListener("click", async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const status = document.createElement("p");
  status.className = "status";
  status.setAttribute("role", "status");
  offer.replaceChildren(status);
  // Said only now: a status line that comes with its words is not read out.
  status.textContent = "The model is looking at the moments …";
  const found = await fetchPart(link.href, ".written, .message");
  offer.replaceChildren(found);
  if (!found.matches(".written")) offer.append(link);
});
