// Movement and gaps on the seek bar, and small pictures of kept frames over it.

import { timecode } from "./readout.js";

const GAP = 2; // seconds without a frame

export async function markRecording(player, bar, times, footage) {
  const { address } = player.dataset;
  markGaps(bar, times, footage);
  const answer = await fetch(`${address}/marks`).catch(() => null);
  if (!answer?.ok) return; // the player plays without them
  const { movement, frames } = await answer.json();
  for (const [start, end] of movement) {
    bar.mark("movement", start, end, `Movement from ${timecode(start)} to ${timecode(end)}`);
  }
  const moving = movement.reduce((sum, [start, end]) => sum + end - start, 0);
  const share = Math.round((100 * Math.min(moving, footage.duration)) / footage.duration);
  player.querySelector(".marked").textContent = movement.length
    ? `Movement in ${share} % of the recording.` : "Nothing moves in the recording.";
  showGlimpses(player, bar, frames.map(([numerator, denominator]) => ({
    seconds: Number(numerator) / Number(denominator),
    picture: `${address.replace("/recordings/", "/frames/")}/${numerator}-${denominator}.jpg`,
  })));
}

// Gaps between frames, as far as their times have been asked for.
function markGaps(bar, times, footage) {
  const marked = new Set();
  let last = -Infinity;
  footage.addEventListener("time", async () => {
    if (Math.abs(footage.time - last) < GAP) return;
    last = footage.time;
    const shown = await times.around(footage.time).catch(() => []);
    shown.forEach((start, number) => {
      const end = shown[number + 1];
      if (!(end - start > GAP) || marked.has(start)) return;
      marked.add(start);
      bar.mark("gap", start, end, `No picture from ${timecode(start)} to ${timecode(end)}`);
    });
  });
}

function showGlimpses(player, bar, frames) {
  const glimpse = player.querySelector(".glimpse");
  const picture = glimpse.querySelector("img");
  const words = glimpse.querySelector(".timecode");
  bar.element.addEventListener("pointermove", (event) => {
    const seconds = bar.secondsAt(event);
    const frame = frames.findLast((one) => one.seconds <= seconds) ?? frames[0];
    if (frame && picture.getAttribute("src") !== frame.picture) picture.src = frame.picture;
    picture.hidden = !frame;
    words.textContent = timecode(seconds);
    glimpse.hidden = false;
    const { left, width } = bar.element.getBoundingClientRect();
    const half = glimpse.offsetWidth / 2;
    const middle = Math.min(Math.max(half, event.clientX - left), width - half);
    glimpse.style.left = `${middle - half}px`;
  });
  for (const name of ["pointerleave", "blur"]) {
    bar.element.addEventListener(name, () => { glimpse.hidden = true; });
  }
}
