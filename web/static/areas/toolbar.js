// The buttons above the picture, the list of areas below them, and what is said meanwhile.

export function toolbar(drawing, can) {
  const bar = element("div", "area-tools");
  const list = element("ul", "area-list");
  const said = element("p", "area-said");
  said.setAttribute("role", "status");
  const buttons = {
    masks: press("Draw a mask", () => can.start("masks")),
    region: press("Draw the region", () => can.start("region")),
    finish: press("Close it", can.finish),
    cancel: press("Leave off", can.cancel),
    undo: press("Undo", can.undo),
  };
  bar.append(...Object.values(buttons));
  list.ariaLabel = "Areas";
  drawing.before(bar, said);
  drawing.after(list);
  drawing.tabIndex = -1; // it gets the focus while an area is drawn
  drawing.setAttribute("role", "group");
  drawing.ariaLabel = "The picture to draw on";

  const made = {
    say(words) { said.textContent = words; },
    focus(kind) { [buttons[kind], buttons.masks, buttons.undo].find((one) => !one.hidden).focus(); },
    show({ areas, begun, past }) {
      buttons.masks.hidden = Boolean(begun) || !can.canMask;
      buttons.region.hidden = Boolean(begun) || !can.canRegion || Boolean(areas.region);
      buttons.finish.hidden = buttons.cancel.hidden = !begun;
      buttons.undo.disabled = begun ? begun.corners.length === 0 : past.length === 0;
      const entries = areas.masks.map((mask, place) => entry(`Mask ${place + 1}`, mask, "masks", place, can.canMask));
      if (areas.region) entries.unshift(entry("Region", areas.region, "region", 0, can.canRegion));
      list.replaceChildren(...entries);
      list.hidden = entries.length === 0;
    },
  };
  return made;

  function entry(name, area, kind, place, canChange) {
    const item = element("li", "");
    item.append(`${name} · ${area.length} corners`);
    if (canChange) {
      const remove = press("Delete", () => {
        can.remove(kind, place);
        made.focus(kind);
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
