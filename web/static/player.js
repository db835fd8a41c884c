// The player: opened over the results, and told where in the recording it is.
// Without this module a click opens the same player as a page of its own.

import { fetchPart } from "./parts.js";

const dialog = document.querySelector("dialog.player-dialog");

if (dialog) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.play, dialog a.part");
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (link && event.button === 0 && plain) {
      event.preventDefault();
      open(link.href);
    }
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  // Nothing goes on loading or sounding behind the results.
  dialog.addEventListener("close", () => dialog.replaceChildren());
} else {
  attend(document.querySelector(".player"));
}

async function open(address) {
  const found = await fetchPart(address, ".player, .message");
  dialog.replaceChildren(closeButton(), found);
  if (!dialog.open) dialog.showModal();
  if (found.matches(".player")) attend(found);
}

function closeButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "close";
  button.textContent = "Close";
  button.addEventListener("click", () => dialog.close());
  return button;
}

// Keep the readout, the button and the status line of a player in step with its video.
function attend(player) {
  const video = player.querySelector("video");
  const offset = Number(player.dataset.offset);
  const start = Number(player.dataset.start);
  const show = readout(player);

  const update = () => show(offset + video.currentTime);
  for (const name of ["timeupdate", "seeking", "seeked", "loadeddata"]) {
    video.addEventListener(name, update);
  }

  const again = player.querySelector(".again");
  again.hidden = false;
  again.addEventListener("click", () => {
    video.currentTime = start - offset;
    video.play();
  });

  const status = player.querySelector(".status");
  const say = (words, failed) => {
    status.textContent = words;
    status.hidden = !words;
    status.classList.toggle("failed", failed);
  };
  if (video.readyState < 2) say("Getting the video ready …", false);
  video.addEventListener("loadeddata", () => say("", false));
  let wasThere = false;
  video.addEventListener("error", async () => {
    const { words, retryAfter, isThere } = await refusal(video);
    // Refused, but there when asked again: it has become ready meanwhile.
    const wait = isThere && !wasThere ? 1 : retryAfter;
    wasThere ||= isThere;
    say(words, !wait);
    if (wait) setTimeout(() => video.isConnected && video.load(), wait * 1000);
  });
  if (video.error) video.dispatchEvent(new Event("error"));
}

// A function that writes a media time, in seconds, as timecode and wall-clock time.
function readout(player) {
  const timecode = player.querySelector("[data-now]");
  const wall = player.querySelector("[data-wall]");
  const { wallEpoch, zone } = player.dataset;
  const clock = wallEpoch && new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  });
  player.querySelector(".now").hidden = false;
  return (seconds) => {
    timecode.textContent = formatTimecode(seconds);
    wall.textContent = clock ? clock.format((Number(wallEpoch) + seconds) * 1000) : "";
  };
}

function formatTimecode(seconds) {
  const milliseconds = Math.round(seconds * 1000);
  const part = (unit, modulus, digits) =>
    String(Math.floor(milliseconds / unit) % modulus).padStart(digits, "0");
  const hours = String(Math.floor(milliseconds / 3600000)).padStart(2, "0");
  return `${hours}:${part(60000, 60, 2)}:${part(1000, 60, 2)}.${part(1, 1000, 3)}`;
}

// Why a video did not load: the server's own sentence where it gave one, with the seconds after
// which to ask again; or the video is there by now.
async function refusal(video) {
  try {
    const answer = await fetch(video.src, { headers: { Range: "bytes=0-0" } });
    if (answer.ok) return { words: "This browser cannot play the video.", isThere: true };
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const words = page.querySelector("[data-problem]").textContent;
    return { words, retryAfter: Number(answer.headers.get("Retry-After")) };
  } catch {
    return { words: "The page’s server does not answer; is it still running?" };
  }
}

