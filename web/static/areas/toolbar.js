// The buttons above the picture, the list of areas below them, and what is said meanwhile.

import { named } from "./kinds.js";

export function toolbar(drawing, kinds, can) {
  const bar = element("div", "area-tools");
  const list = element("ul", "area-list");
  const said = element("p", "area-said");
  said.setAttribute("role", "status");
  const drawn = kinds.filter(({ isFixed }) => !isFixed);
  const draws = new Map(drawn.map(({ name, draw }) => [name, press(draw, () => can.start(name))]));
  const buttons = {
    finish: press("Close it", can.finish),
    cancel: press("Leave off", can.cancel),
    undo: press("Undo", can.undo),
  };
  bar.append(...draws.values(), ...Object.values(buttons));
  list.ariaLabel = "Areas";
  drawing.before(bar, said);
  drawing.after(list);
  drawing.tabIndex = -1; // it gets the focus while an area is drawn
  drawing.setAttribute("role", "group");
  drawing.ariaLabel = "The picture to draw on";

  const made = {
    say(words) { said.textContent = words; },
    focus(kind) { [draws.get(kind), ...draws.values(), buttons.undo].find((one) => !one.hidden).focus(); },
    show({ areas, begun, past }) {
      for (const { name, isOnly } of drawn) {
        draws.get(name).hidden = Boolean(begun) || (isOnly && areas.some(({ kind }) => kind === name));
      }
      buttons.finish.hidden = buttons.cancel.hidden = !begun;
      buttons.undo.disabled = begun ? begun.corners.length === 0 : past.length === 0;
      list.replaceChildren(...named(areas, kinds).map(entry));
      list.hidden = areas.length === 0;
    },
  };
  return made;

  function entry({ kind, name, corners, place }) {
    const item = element("li", "");
    item.append(`${name} · ${corners.length} corners`);
    if (!kind.isFixed) {
      const remove = press("Delete", () => {
        can.remove(place);
        made.focus(kind.name);
      });
      remove.ariaLabel = `Delete ${name.toLowerCase()}`;
      item.append(remove);
    }
    return item;
  }
}

function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

function press(words, action) {
  const button = element("button", "");
  button.type = "button";
  button.textContent = words;
  button.addEventListener("click", action);
  return button;
}
