// Keeps the part of a page that has data-live up to date: `data-live` is the topic whose changes it
// shows, `data-address` where it is found again, `data-events` where the server tells of changes.
// Where it does not tell, or there is no data-events, the part is asked for every two seconds. Without
// this module it is as it was when the page was loaded.

import { fetchPart } from "./parts.js";

const PAUSE = 2000; // milliseconds between questions while nobody tells
const PRESSED = 400; // until a part in which a button is held down is looked at again
const AGAIN = 30000; // until one who got no stream asks for one again
const BY_ITSELF = { headers: { "X-By-Itself": "yes" } }; // a tab left open keeps no login alive

let shown = document.querySelector("[data-live]");
const { live: topic, address, events } = shown.dataset;
let stream = null;
let isTold = false;
let isOld = false;
let isAsking = false;

// A stream belongs to what is looked at: browsers open six connections to a host, and no more.
function listen() {
  if (!events || stream || document.visibilityState !== "visible") return;
  stream = new EventSource(events);
  stream.addEventListener("ready", () => { isTold = true; refresh(); });
  stream.addEventListener(topic, refresh);
  stream.addEventListener("error", () => {
    isTold = false;
    if (stream?.readyState !== EventSource.CLOSED) return; // else the browser comes back by itself
    stream = null;
    setTimeout(listen, AGAIN);
  });
}

function fallSilent() {
  stream?.close();
  stream = null;
  isTold = false;
}

// What changes while it is being asked for, is asked for once more.
async function refresh() {
  isOld = true;
  if (isAsking) return;
  isAsking = true;
  while (isOld && document.visibilityState === "visible") {
    isOld = false;
    replaceBy(await fetchPart(address, "[data-live], .message", BY_ITSELF));
  }
  isAsking = false;
}

function replaceBy(found) {
  if (found.outerHTML === shown.outerHTML) return;
  if (shown.matches(":active")) {
    setTimeout(refresh, PRESSED); // not between the two halves of a click, which would be lost
    return;
  }
  // A button that has the focus keeps it.
  const focused = shown.contains(document.activeElement) ? document.activeElement.id : "";
  shown.replaceWith(found);
  shown = found;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible") return fallSilent();
  listen();
  refresh();
});
setInterval(() => { if (!isTold) refresh(); }, PAUSE);
listen();
