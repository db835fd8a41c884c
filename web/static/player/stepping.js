// One frame on or back, exactly, by the times of the frames and not by a rate.

import { timecode } from "./readout.js";

const INTO = 0.004; // seconds after a frame's own time at which a browser surely shows it

export function frameStepper(footage, times, say) {
  let at = null; // the frame stepped to last; null once somebody went elsewhere
  let turn = Promise.resolve();
  footage.addEventListener("moved", () => { at = null; });

  async function go(direction) {
    const from = at ?? await times.at(footage.time);
    const to = direction > 0 ? await times.next(from) : await times.previous(from);
    if (to === null) {
      say(direction > 0 ? "This is the last frame." : "This is the first frame.");
      return;
    }
    const after = await times.next(to);
    const into = after === null ? 0.001 : Math.min(INTO, (after.seconds - to.seconds) / 2);
    at = to;
    footage.show(to.seconds, into);
    say(`Frame at ${timecode(to.seconds)}`);
  }

  // One after the other, so that keys pressed quickly are as many frames.
  return (direction) => {
    footage.pause();
    turn = turn.then(() => go(direction)).catch((error) => say(error.message));
    return turn;
  };
}
