// Boxes around what the search names, or around all that was seen, while a kept frame stands for it.

import { withSearch } from "./moments.js";

const WINDOW = 30; // seconds asked for at once

// A function that shows or hides them.
export function showBoxes(player, footage, say) {
  const { address, search, duration } = player.dataset;
  const layer = player.querySelector(".boxes");
  const button = player.querySelector("[data-do=boxes]");
  const windows = new Map();
  let isOn = true;
  let shown = "";

  function ask(number) {
    const [start, end] = [number * WINDOW, (number + 1) * WINDOW];
    const asked = withSearch(`${address}/boxes?start=${start}&end=${end}`, search);
    windows.set(number, []); // until they come, and where none can be had
    fetch(asked).then((answer) => (answer.ok ? answer.json() : { frames: [] }))
      .then(({ frames }) => { windows.set(number, frames); draw(); })
      .catch(() => windows.delete(number));
  }

  function draw() {
    const inside = Math.min(footage.time, Math.max(0, Number(duration) - 0.001));
    const number = Math.floor(inside / WINDOW);
    if (isOn && !windows.has(number)) ask(number);
    const frame = isOn && windows.get(number)
      ?.findLast((one) => one.start <= inside + 0.0005 && inside < one.end);
    const things = frame ? frame.things : [];
    const wanted = JSON.stringify(things);
    if (wanted === shown) return;
    shown = wanted;
    layer.replaceChildren(...things.map(boxAround));
  }

  function lay() {
    const { videoWidth, videoHeight, clientWidth, clientHeight, offsetLeft, offsetTop } = footage.video;
    if (!videoWidth) return;
    const scale = Math.min(clientWidth / videoWidth, clientHeight / videoHeight);
    const [width, height] = [videoWidth * scale, videoHeight * scale];
    Object.assign(layer.style, {
      left: `${offsetLeft + (clientWidth - width) / 2}px`,
      top: `${offsetTop + (clientHeight - height) / 2}px`,
      width: `${width}px`,
      height: `${height}px`,
    });
  }

  footage.addEventListener("time", draw);
  footage.video.addEventListener("loadedmetadata", lay);
  new ResizeObserver(lay).observe(footage.video);
  button.setAttribute("aria-pressed", "true");
  return () => {
    isOn = !isOn;
    button.setAttribute("aria-pressed", String(isOn));
    say(isOn ? "Boxes on" : "Boxes off");
    draw();
  };
}

function boxAround({ label, box: [left, top, right, bottom] }) {
  const box = document.createElement("div");
  box.className = top < 0.06 ? "box at-top" : "box";
  const name = document.createElement("span");
  name.textContent = label;
  box.append(name);
  Object.assign(box.style, {
    left: `${100 * left}%`,
    top: `${100 * top}%`,
    width: `${100 * (right - left)}%`,
    height: `${100 * (bottom - top)}%`,
  });
  return box;
}
