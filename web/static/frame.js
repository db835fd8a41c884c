// A box drawn on a frame: with the pointer, by arrow keys, or by the number fields, which all show
// the same. Without this module the fields alone do it.

const STEP = 1; // per cent for an arrow key
const SMALLEST = 1;

const form = document.querySelector("form.draw");
const drawing = document.querySelector(".drawing");
const box = drawing.querySelector(".drawn");
const fields = ["left", "top", "right", "bottom"].map((side) => form.elements[side]);
let anchor = null;

const within = (share) => Math.min(100, Math.max(0, share));
const rounded = (share) => Math.round(share * 100) / 100;

function sides() {
  const values = fields.map((field) => field.valueAsNumber);
  return values.every(Number.isFinite) ? values : null;
}

function draw(values) {
  values.forEach((value, place) => { fields[place].value = rounded(value); });
  show();
}

function show() {
  const values = sides();
  box.hidden = !values;
  if (!values) return;
  const [left, top, right, bottom] = values;
  Object.assign(box.style, {
    left: `${left}%`, top: `${top}%`, width: `${right - left}%`, height: `${bottom - top}%`,
  });
}

function pointAt({ clientX, clientY }) {
  const { left, top, width, height } = drawing.querySelector("img").getBoundingClientRect();
  return [within((100 * (clientX - left)) / width), within((100 * (clientY - top)) / height)];
}

drawing.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  event.preventDefault();
  drawing.setPointerCapture(event.pointerId);
  anchor = pointAt(event);
});
drawing.addEventListener("pointermove", (event) => {
  if (!anchor) return;
  const [x, y] = pointAt(event);
  const [left, right] = [Math.min(x, anchor[0]), Math.max(x, anchor[0])];
  const [top, bottom] = [Math.min(y, anchor[1]), Math.max(y, anchor[1])];
  if (right - left >= SMALLEST && bottom - top >= SMALLEST) draw([left, top, right, bottom]);
});
for (const name of ["pointerup", "pointercancel"]) {
  drawing.addEventListener(name, () => { anchor = null; });
}

box.addEventListener("keydown", (event) => {
  const [x, y] = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key] ?? [];
  if (x === undefined) return;
  event.preventDefault();
  const [left, top, right, bottom] = sides();
  if (event.shiftKey) {
    draw([left, top, Math.max(left + SMALLEST, within(right + x)), Math.max(top + SMALLEST, within(bottom + y))]);
    return;
  }
  const fits = left + x >= 0 && right + x <= 100 && top + y >= 0 && bottom + y <= 100;
  if (fits) draw([left + x, top + y, right + x, bottom + y]);
});

form.addEventListener("input", show);
form.addEventListener("reset", () => setTimeout(show));
// What is empty stays out of the address.
form.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});
show();
