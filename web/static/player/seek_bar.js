// The seek bar: the whole recording, where it is, and what others mark on it.

import { timecode, wallClock } from "./readout.js";

const STEP = 5; // seconds of an arrow key
const LONG_STEP = 60; // of Page Up and Page Down

export function seekBar(player, footage) {
  const bar = player.querySelector(".seek .bar");
  const marks = bar.querySelector(".marks");
  const clock = wallClock(player.dataset);
  const share = (seconds) => `${(100 * seconds) / footage.duration}%`;
  const secondsAt = ({ clientX }) => {
    const { left, width } = bar.getBoundingClientRect();
    return Math.min(Math.max(0, (clientX - left) / width), 1) * footage.duration;
  };

  footage.addEventListener("time", () => {
    const seconds = Math.min(footage.position, footage.duration);
    bar.querySelector(".here").style.left = share(seconds);
    bar.setAttribute("aria-valuenow", seconds.toFixed(3));
    const words = [timecode(seconds), clock && clock(seconds)].filter(Boolean).join(", ");
    bar.setAttribute("aria-valuetext", words);
  });
  footage.addEventListener("span", () => {
    const loaded = bar.querySelector(".loaded");
    loaded.hidden = !footage.isCut;
    loaded.style.left = share(footage.start);
    loaded.style.width = share(footage.end - footage.start);
  });

  bar.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    bar.setPointerCapture(event.pointerId);
    footage.seek(secondsAt(event));
  });
  bar.addEventListener("pointermove", (event) => {
    const seconds = secondsAt(event);
    const isLoaded = seconds >= footage.start && seconds < footage.end;
    // A copy is not made for every place that is passed.
    if (bar.hasPointerCapture(event.pointerId) && isLoaded) footage.seek(seconds);
  });
  bar.addEventListener("pointerup", (event) => {
    if (bar.hasPointerCapture(event.pointerId)) footage.seek(secondsAt(event));
  });
  bar.addEventListener("keydown", (event) => {
    const to = {
      ArrowUp: footage.position + STEP, ArrowDown: footage.position - STEP,
      PageUp: footage.position + LONG_STEP, PageDown: footage.position - LONG_STEP,
      Home: 0, End: footage.duration,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    footage.seek(to);
  });

  return {
    element: bar,
    secondsAt,
    // Mark a stretch; `kind` is its class, `words` are shown with it.
    mark(kind, start, end, words) {
      const mark = document.createElement("span");
      mark.className = `mark ${kind}`;
      mark.title = words;
      mark.style.left = share(start);
      mark.style.width = share(end - start);
      marks.append(mark);
    },
  };
}
