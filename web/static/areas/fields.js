// The text fields that hold masks and region as JSON, and the areas that they stand for.

// The areas, and the fields that may be changed: hidden, since the drawing shows what is in them.
// Nothing where a field holds what is no list of corners, or was refused.
export function read(form) {
  if (!form) return null;
  const { masks, region } = form.elements;
  try {
    const areas = { masks: parsed(masks, []).map(area), region: parsed(region, null) };
    if (areas.region) areas.region = area(areas.region);
    const fields = { masks, region };
    if (Object.values(fields).some((field) => field.ariaInvalid === "true")) return null;
    for (const field of Object.values(fields)) field.closest(".field").hidden = !field.disabled;
    return { areas, fields };
  } catch {
    return null;
  }
}

// Puts the areas into the fields.
export function write(areas, { masks, region }) {
  if (!masks.disabled) masks.value = areas.masks.length ? JSON.stringify(areas.masks) : "";
  if (!region.disabled) region.value = areas.region ? JSON.stringify(areas.region) : "";
}

function parsed(field, none) {
  return field.value.trim() ? JSON.parse(field.value) : none;
}

function area(corners) {
  if (corners.length < 3) throw new RangeError("too few corners");
  return corners.map(([x, y]) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) throw new TypeError("no corner");
    return [x, y];
  });
}
