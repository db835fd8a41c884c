// What is drawn on the picture: areas, their corners, and the one that is begun.

const SVG = "http://www.w3.org/2000/svg";
const WHOLE = "M0 0H100V100H0Z ";

// Corners of areas whose field may be changed are buttons; one that has the focus keeps it.
export function render(drawing, { areas, begun, aim }, fields) {
  drawing.classList.toggle("is-drawing", Boolean(begun));
  drawing.querySelector(".areas").replaceChildren(
    ...(areas.region ? [path("outside", WHOLE + closed(areas.region))] : []),
    ...areas.masks.map((mask) => path("mask", closed(mask))),
    ...(begun?.corners.length ? [path("begun", open([...begun.corners, aim]))] : []),
  );
  const wanted = [];
  if (areas.region && !fields.region.disabled) wanted.push(...corners(areas.region, "region", 0, "Region"));
  if (!fields.masks.disabled) {
    areas.masks.forEach((mask, place) => wanted.push(...corners(mask, "masks", place, `Mask ${place + 1}`)));
  }
  const there = [...drawing.querySelectorAll(".corner")];
  wanted.forEach((corner, place) => {
    const button = there[place] ?? drawing.appendChild(cornerButton());
    Object.assign(button.dataset, { kind: corner.kind, place: corner.place, number: corner.number });
    button.ariaLabel = corner.label;
    Object.assign(button.style, position(corner.at));
  });
  for (const button of there.slice(wanted.length)) button.remove();
  showAim(drawing, begun && aim);
}

function corners(area, kind, place, name) {
  return area.map((at, number) => ({ at, kind, place, number, label: `${name}, corner ${number + 1}` }));
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

const open = (area) => `M${area.map(([x, y]) => `${100 * x} ${100 * y}`).join(" L")}`;
const closed = (area) => `${open(area)}Z`;
