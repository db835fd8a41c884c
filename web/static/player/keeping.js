// What somebody takes along of a moment: its timecode, its link, its frame.

import { withSearch } from "./moments.js";
import { timecode } from "./readout.js";

export function keepMoment(player, footage, times, say) {
  const { address, search } = player.dataset;
  const code = player.querySelector("[data-now]");
  const link = player.querySelector("[data-do=copy-link]");
  const save = player.querySelector("[data-do=save]");

  // Rounded up: rounded down, the link would lead to the frame before.
  function linkTo(seconds) {
    const start = (Math.ceil(seconds * 1000 - 0.001) / 1000).toFixed(3);
    return withSearch(`${address}/play?t=${start}`, search);
  }
  footage.addEventListener("time", () => { link.href = linkTo(footage.time); });

  // Without a secure address browsers copy nothing: then it is selected, for the person to copy.
  async function copy(text, element, what) {
    try {
      await navigator.clipboard.writeText(text);
      say(`${what} copied`);
    } catch {
      getSelection().selectAllChildren(element);
      say(`${what} selected; copy it with Ctrl C`);
    }
  }

  return {
    "copy-time": async () => {
      const frame = await times.at(footage.time).catch(() => null);
      await copy(timecode(frame?.seconds ?? footage.time), code, "Timecode");
    },
    "copy-link": async () => {
      const frame = await times.at(footage.time).catch(() => null);
      link.href = linkTo(frame?.seconds ?? footage.time);
      await copy(link.href, link, "Link");
    },
    save: async () => {
      if (!save) return;
      footage.pause();
      const frame = await times.at(footage.time).catch(() => null);
      const time = frame?.exact ?? footage.time.toFixed(3);
      const download = document.createElement("a");
      download.href = `${address}/still?time=${encodeURIComponent(time)}`;
      download.download = "";
      player.append(download);
      download.click();
      download.remove();
      say(`Saving the frame at ${timecode(frame?.seconds ?? footage.time)}`);
    },
  };
}
