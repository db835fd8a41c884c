// Keeps the queue and the sources up to date. Without this module they are as they were when the
// page was loaded.

import { fetchPart } from "./parts.js";

const PAUSE = 2000; // milliseconds
let shown = document.querySelector(".work-now");
const { address } = shown.dataset;

async function refresh() {
  if (document.visibilityState === "visible") {
    const found = await fetchPart(address, ".work-now, .message");
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
