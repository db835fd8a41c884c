// What is drawn on the picture: areas, their corners, and the one that is begun.

import { named } from "./kinds.js";

const SVG = "http://www.w3.org/2000/svg";
const WHOLE = "M0 0H100V100H0Z ";

// Corners of areas that may be changed are buttons; one that has the focus keeps it. The first kind lies on top.
export function render(drawing, { areas, begun, aim }, kinds) {
  drawing.classList.toggle("is-drawing", Boolean(begun));
  const shown = named(areas, kinds);
  drawing.querySelector(".areas").replaceChildren(
    ...shown.toReversed().map(({ kind, corners }) => path(kind.look, around(kind) + closed(corners))),
    ...(begun?.corners.length ? [path("begun", open([...begun.corners, aim]))] : []),
  );
  const wanted = shown.filter(({ kind }) => !kind.isFixed).flatMap(cornersOf);
  const there = [...drawing.querySelectorAll(".corner")];
  wanted.forEach((corner, place) => {
    const button = there[place] ?? drawing.appendChild(cornerButton());
    Object.assign(button.dataset, { place: corner.place, number: corner.number });
    button.ariaLabel = corner.label;
    Object.assign(button.style, position(corner.at));
  });
  for (const button of there.slice(wanted.length)) button.remove();
  showAim(drawing, begun && aim);
}

function cornersOf({ corners, place, name }) {
  return corners.map((at, number) => ({ at, place, number, label: `${name}, corner ${number + 1}` }));
}

function cornerButton() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "corner";
  return button;
}

function showAim(drawing, aim) {
  let cross = drawing.querySelector(".aim");
  if (!cross) {
    cross = drawing.appendChild(document.createElement("span"));
    cross.className = "aim";
  }
  cross.hidden = !aim;
  if (aim) Object.assign(cross.style, position(aim));
}

function position([x, y]) {
  return { left: `${100 * x}%`, top: `${100 * y}%` };
}

function path(name, d) {
  const drawn = document.createElementNS(SVG, "path");
  drawn.setAttribute("class", name);
  drawn.setAttribute("d", d);
  return drawn;
}

const around = ({ look }) => (look === "outside" ? WHOLE : "");
const open = (corners) => `M${corners.map(([x, y]) => `${100 * x} ${100 * y}`).join(" L")}`;
const closed = (corners) => `${open(corners)}Z`;
