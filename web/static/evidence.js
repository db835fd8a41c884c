// Regions that a case's evidence is blurred in, drawn on its stills: with the pointer or by keyboard. What is
// drawn stands as lines in the text field, which is sent; without this module they are typed.

import { begin } from "./areas/drawing.js";
import { chooseFrames } from "./areas/frames.js";
import { areasOf, withAreas } from "./areas/lines.js";

const KINDS = [
  { name: "regions", title: "Region", draw: "Draw a region", look: "mask" },
  { name: "all", title: "Region of all cameras", look: "mask", isFixed: true },
];
const HOLDS = "It stands as a line in the field below.";
const drawnOn = new WeakSet();

// The page shows the case anew when it changes: a form is looked at when it is opened, not before.
document.addEventListener("toggle", ({ target }) => { if (target.matches("#evidence[open]")) draw(target); }, true);
const opened = document.querySelector("#evidence[open]");
if (opened) draw(opened);

function draw(form) {
  const drawing = form.querySelector(".drawing");
  if (!drawing || drawnOn.has(drawing)) return;
  drawnOn.add(drawing);
  const field = form.querySelector("#evidence-blur");
  const typed = () => areasOf(field.value, drawing.dataset.camera);
  const drawn = begin(drawing, { areas: typed(), kinds: KINDS, holds: HOLDS }, (areas) => {
    field.value = withAreas(field.value, drawing.dataset.camera, areas);
  });
  field.addEventListener("input", () => drawn.replace(typed()));
  chooseFrames(drawing, form.querySelectorAll(".frames-to-draw-on a"), ({ dataset: { camera } }) => {
    if (camera === drawing.dataset.camera) return;
    drawing.dataset.camera = camera;
    drawing.querySelector("img").alt = `A frame of ${camera}`;
    drawn.replace(typed());
  });
}
