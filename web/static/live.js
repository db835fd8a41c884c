// Keeps a part of the page up to date: the queue and the sources, the exports. Without this module it
// is as it was when the page was loaded.

import { fetchPart } from "./parts.js";

const PAUSE = 2000; // milliseconds
let shown = document.querySelector("[data-live]");
const address = shown.dataset.live;

async function refresh() {
  if (document.visibilityState === "visible") {
    const found = await fetchPart(address, "[data-live], .message");
    // Not between the two halves of a click, which would be lost.
    if (found.outerHTML !== shown.outerHTML && !shown.matches(":active")) replaceBy(found);
  }
  setTimeout(refresh, PAUSE);
}

// A button that has the focus keeps it.
function replaceBy(found) {
  const focused = shown.contains(document.activeElement) ? document.activeElement.id : "";
  shown.replaceWith(found);
  shown = found;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

setTimeout(refresh, PAUSE);
