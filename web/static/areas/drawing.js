// Drawing areas on a picture: corners are shares of its width and height; kinds.js says what an area is.

import { render } from "./picture.js";
import { toolbar } from "./toolbar.js";

const STEP = 0.01; // of the picture, for an arrow key; with Shift ten times as much
const FEWEST = 3;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (share) => Math.round(Math.min(1, Math.max(0, share)) * 1e4) / 1e4;
const copy = (areas) => structuredClone(areas);

// `keep` is told the areas after every change; `holds` is what a visitor is told of them then.
export function begin(drawing, { areas, kinds, holds }, keep) {
  const state = { areas, begun: null, aim: null, past: [] };
  let held = null; // the corner that the pointer drags
  const tools = toolbar(drawing, kinds, {
    start,
    finish,
    cancel,
    undo,
    remove: (place) => change(() => take(place)),
  });
  show();

  // Changes

  function change(action) {
    state.past.push(copy(state.areas));
    action();
    keep(state.areas);
    show();
  }

  function undo() {
    if (state.begun?.corners.length) state.begun.corners.pop();
    else if (state.begun) return cancel();
    else if (state.past.length) {
      state.areas = state.past.pop();
      keep(state.areas);
    }
    show();
  }

  function take(place) {
    state.areas.splice(place, 1);
  }

  function move({ place, number }, x, y) {
    state.areas[place].corners[number] = [within(x), within(y)];
  }

  // A new area

  function start(kind) {
    state.begun = { kind, corners: [] };
    state.aim = [0.5, 0.5];
    tools.say("Click the corners; double-click or Enter closes it. By keyboard: arrows move the cross, Space sets a corner, Backspace takes it back, Escape leaves off.");
    show();
    drawing.focus();
  }

  function add(corner) {
    const last = state.begun.corners.at(-1);
    if (!last || last[0] !== corner[0] || last[1] !== corner[1]) state.begun.corners.push(corner);
    show();
  }

  function finish() {
    const { kind, corners } = state.begun;
    if (corners.length < FEWEST) {
      tools.say("An area needs at least three corners.");
      return;
    }
    state.begun = state.aim = null;
    change(() => state.areas.push({ kind, corners }));
    tools.say(`Drag a corner, or go to it and use the arrows; Delete takes it away. ${holds}`);
    tools.focus(kind);
  }

  function cancel() {
    const { kind } = state.begun;
    state.begun = state.aim = null;
    tools.say("");
    show();
    tools.focus(kind);
  }

  // What is seen

  function show() {
    render(drawing, state, kinds);
    tools.show(state);
  }

  function shareAt({ clientX, clientY }) {
    const { left, top, width, height } = drawing.querySelector("img").getBoundingClientRect();
    return [within((clientX - left) / width), within((clientY - top) / height)];
  }

  const cornerOf = (element) => {
    const { place, number } = element.dataset;
    return { place: Number(place), number: Number(number) };
  };

  // The pointer

  drawing.addEventListener("pointerdown", (event) => {
    const button = event.target.closest(".corner");
    if (event.button !== 0 || state.begun || !button) return;
    held = cornerOf(button);
    state.past.push(copy(state.areas));
    drawing.setPointerCapture(event.pointerId);
  });
  drawing.addEventListener("pointermove", (event) => {
    if (held) move(held, ...shareAt(event));
    else if (state.begun) state.aim = shareAt(event);
    else return;
    show();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    drawing.addEventListener(name, () => {
      if (held) keep(state.areas);
      held = null;
    });
  }
  drawing.addEventListener("click", (event) => {
    if (state.begun && event.detail < 2) add(shareAt(event));
  });
  drawing.addEventListener("dblclick", () => {
    if (state.begun) finish();
  });

  // The keyboard

  drawing.addEventListener("keydown", (event) => {
    const button = event.target.closest(".corner");
    const handled = state.begun ? whileDrawing(event) : button && atCorner(event, button);
    if (handled) event.preventDefault();
  });

  function whileDrawing({ key, shiftKey }) {
    const arrow = ARROWS[key];
    if (arrow) {
      const step = shiftKey ? 10 * STEP : STEP;
      state.aim = [within(state.aim[0] + step * arrow[0]), within(state.aim[1] + step * arrow[1])];
      show();
    } else if (key === " ") add(state.aim);
    else if (key === "Enter") finish();
    else if (key === "Escape") cancel();
    else if (key === "Backspace") undo();
    else return false;
    return true;
  }

  function atCorner({ key, shiftKey }, button) {
    const corner = cornerOf(button);
    const { kind, corners } = state.areas[corner.place];
    const arrow = ARROWS[key];
    if (arrow) {
      const [x, y] = corners[corner.number];
      const step = shiftKey ? 10 * STEP : STEP;
      change(() => move(corner, x + step * arrow[0], y + step * arrow[1]));
    } else if (key === "Delete" || key === "Backspace") {
      const isLast = corners.length <= FEWEST;
      change(() => (isLast ? take(corner.place) : corners.splice(corner.number, 1)));
      if (isLast) tools.focus(kind);
    } else return false;
    return true;
  }

  drawing.closest("form").addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input, textarea");
    if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || isTyping) return;
    event.preventDefault();
    undo();
  });

  return {
    // Other areas in place of these: of another picture, or as somebody typed them.
    replace(others) {
      Object.assign(state, { areas: others, begun: null, aim: null, past: [] });
      held = null;
      tools.say("");
      show();
    },
  };
}
