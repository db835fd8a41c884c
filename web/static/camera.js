// Masks and the region drawn on a frame of the camera: with the pointer or by keyboard. What is drawn
// stands in the text fields, which are sent; without this module they are filled in by hand.

import { begin } from "./areas/drawing.js";
import { read, write } from "./areas/fields.js";
import { chooseFrames } from "./areas/frames.js";

const drawing = document.querySelector(".camera-form .drawing");
const typed = read(document.querySelector(".camera-form"));

// What cannot be read stays as it was typed, for whoever typed it.
if (drawing && typed) {
  const { areas, kinds, fields } = typed;
  begin(drawing, { areas, kinds, holds: "It holds when it is saved." }, (drawn) => write(drawn, fields));
  chooseFrames(drawing, document.querySelectorAll(".frames-to-draw-on a"));
}
