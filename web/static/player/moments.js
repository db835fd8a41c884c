// The moments of the search: the one before, the one after, and all of this recording on the bar.

import { timecode } from "./readout.js";

// The moments that a page of results links to, in its order: each card's first link.
export function linkedMoments(page) {
  const links = [...page.querySelectorAll("li.card")].map((card) => card.querySelector("a.play"));
  return links.filter(Boolean).map((link) => momentOf(link.getAttribute("href"))).filter(Boolean);
}

// Where a link to the player leads; null for what is none.
function momentOf(href) {
  const address = new URL(href, location.href);
  const [, recording] = address.pathname.match(/^(.*\/recordings\/\w+)\/play$/) ?? [];
  const [start, end] = (address.searchParams.get("t") ?? "").split(",").map(Number);
  return recording ? { recording, start, end: end ?? start, href: address.href } : null;
}

// A function that goes to the moment before (-1) or after (1) this one.
export function offerMoments(player, open, handed, bar) {
  const { address, search, moments: asked, start, end } = player.dataset;
  const here = { recording: address, start: Number(start), end: Number(end) };
  const buttons = [...player.querySelectorAll("[data-do^=moment-]")];
  let moments = [];
  let place = -1;

  function take(found) {
    moments = found;
    place = moments.findIndex((one) =>
      one.recording === here.recording && Math.abs(one.start - here.start) < 0.002);
    // One of its frames was opened.
    if (place < 0) place = moments.findIndex((one) =>
      one.recording === here.recording && one.start < here.start && here.start < one.end);
    for (const { recording, start: from, end: to } of moments) {
      if (recording !== here.recording) continue;
      bar.mark("moment", from, to, `Found from ${timecode(from)} to ${timecode(to)}`);
    }
    for (const button of buttons) {
      button.hidden = !moments.length;
      button.disabled = !moments[place + (button.dataset.do === "moment-on" ? 1 : -1)];
    }
    const words = place >= 0 ? `${place + 1} of ${moments.length}` : "";
    player.querySelector("[data-place]").textContent = words;
  }

  take([]);
  if (handed?.length) take(handed);
  else if (asked) fetchMoments(asked).then(take);
  else bar.mark("moment", here.start, here.end, "The moment that was opened");

  return (direction) => {
    const moment = moments[place + direction];
    if (moment) open(withSearch(moment.href, search));
  };
}

async function fetchMoments(address) {
  try {
    const { moments } = await (await fetch(address)).json();
    return moments.map(momentOf).filter(Boolean);
  } catch {
    return [];
  }
}

// The address with the search of another.
export function withSearch(href, search) {
  const target = new URL(href, location.href);
  if (!search) return target.href;
  for (const [name, value] of new URL(search, location.href).searchParams) {
    if (!target.searchParams.getAll(name).includes(value)) target.searchParams.append(name, value);
  }
  return target.href;
}
