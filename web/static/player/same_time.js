// The other cameras follow the time on screen, where it stands still.

import { fetchPart } from "../parts.js";

const WAIT = 400; // milliseconds without a change

export function followTime(player, footage) {
  const { address, search, start } = player.dataset;
  if (!player.dataset.wallEpoch) return; // nobody knows what the other cameras saw then
  let asked = Number(start);
  let timer;

  async function refresh() {
    const seconds = footage.position;
    if (footage.isPlaying || !player.isConnected || Math.abs(seconds - asked) < 0.5) return;
    asked = seconds;
    const query = new URLSearchParams(search ? new URL(search, location.href).search : "");
    query.set("time", Math.min(seconds, footage.duration).toFixed(3).replace(/0+$/, "0"));
    const found = await fetchPart(`${address}/same-time?${query}`, ".same-time, .message");
    if (found?.matches(".same-time")) player.querySelector(".same-time").replaceWith(found);
  }

  for (const name of ["time", "state"]) {
    footage.addEventListener(name, () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, WAIT);
    });
  }
}
