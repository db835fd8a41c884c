// Puts a player's parts together: what each does stands in a module of its own.

import { showBoxes } from "./boxes.js";
import { takeEnds } from "./ends.js";
import { Footage } from "./footage.js";
import { frameTimes } from "./frame_times.js";
import { handleKeys } from "./keys.js";
import { keepMoment } from "./keeping.js";
import { markRecording } from "./marks.js";
import { offerMoments } from "./moments.js";
import { showTimes } from "./readout.js";
import { followTime } from "./same_time.js";
import { searchWithFrame } from "./similar.js";
import { seekBar } from "./seek_bar.js";
import { showState } from "./state.js";
import { frameStepper } from "./stepping.js";

const BEFORE = 3; // seconds

// `open` shows the player at another address. `moments`: those of the search, where they are at hand.
export function attend(player, open, moments = null) {
  const { address, search } = player.dataset;
  const video = player.querySelector("video");
  const said = player.querySelector(".said");
  const say = (words) => { said.textContent = words; };
  const start = Number(player.dataset.start);

  const footage = new Footage(video, player.dataset);
  const times = frameTimes(address, footage.duration);
  const step = frameStepper(footage, times, say);
  const bar = seekBar(player, footage);
  const neighbour = offerMoments(player, open, moments, bar);
  const boxes = showBoxes(player, footage, say);
  const keeping = keepMoment(player, footage, times, say);
  const { changeSpeed, ...state } = showState(player, footage, say);

  const commands = {
    ...state,
    ...keeping,
    ...searchWithFrame(player, footage, times),
    "frame-back": () => step(-1),
    "frame-on": () => step(1),
    "moment-back": () => neighbour(-1),
    "moment-on": () => neighbour(1),
    again: () => footage.play(start),
    before: () => footage.play(Math.max(0, start - BEFORE)),
    boxes,
    keys: () => player.querySelector("dialog.keys").showModal(),
  };
  player.addEventListener("click", (event) => {
    const control = event.target.closest("[data-do]");
    if (!control || event.defaultPrevented) return;
    if (control.matches("a")) event.preventDefault();
    commands[control.dataset.do]();
  });

  showTimes(player, footage, times);
  markRecording(player, bar, times, footage);
  followTime(player, footage);
  takeEnds(player, footage);
  handleKeys(player, commands, footage, changeSpeed);

  for (const part of player.querySelectorAll(".seek, .controls, .copying, .now")) part.hidden = false;
  for (const part of player.querySelectorAll("a.part")) part.hidden = true;
  video.controls = false;
  footage.tell();
}
