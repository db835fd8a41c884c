// Masks and the region drawn on a frame of the camera: with the pointer or by keyboard. What is drawn
// stands in the text fields, which are sent; without this module they are filled in by hand.

import { begin } from "./areas/drawing.js";
import { read, write } from "./areas/fields.js";

const drawing = document.querySelector(".camera-form .drawing");
const fields = read(document.querySelector(".camera-form"));

// What cannot be read stays as it was typed, for whoever typed it.
if (drawing && fields) {
  begin(drawing, fields, write);
  const links = [...document.querySelectorAll(".frames-to-draw-on a")];
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      drawing.querySelector("img").src = link.dataset.picture;
      for (const one of links) one.toggleAttribute("aria-current", false);
      link.setAttribute("aria-current", "true");
    });
  }
}
