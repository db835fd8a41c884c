// The text fields that hold masks and region as JSON, and the areas that they stand for.

// The areas, their kinds, and the fields: hidden where they may be changed, since the drawing shows what is in
// them. Nothing where a field holds what is no list of corners, or was refused.
export function read(form) {
  if (!form) return null;
  const { masks, region } = form.elements;
  const fields = { masks, region };
  try {
    const areas = [
      ...parsed(masks, []).map((corners) => area("masks", corners)),
      ...[parsed(region, null)].filter(Boolean).map((corners) => area("region", corners)),
    ];
    if (Object.values(fields).some((field) => field.ariaInvalid === "true")) return null;
    for (const field of Object.values(fields)) field.closest(".field").hidden = !field.disabled;
    const kinds = [
      { name: "masks", title: "Mask", draw: "Draw a mask", look: "mask", isFixed: masks.disabled },
      { name: "region", title: "Region", draw: "Draw the region", look: "outside", isOnly: true, isFixed: region.disabled },
    ];
    return { areas, kinds, fields };
  } catch {
    return null;
  }
}

// Puts the areas into the fields.
export function write(areas, { masks, region }) {
  const of = (name) => areas.filter(({ kind }) => kind === name).map(({ corners }) => corners);
  if (!masks.disabled) masks.value = of("masks").length ? JSON.stringify(of("masks")) : "";
  if (!region.disabled) region.value = of("region").length ? JSON.stringify(of("region")[0]) : "";
}

function parsed(field, none) {
  return field.value.trim() ? JSON.parse(field.value) : none;
}

function area(kind, corners) {
  if (corners.length < 3) throw new RangeError("too few corners");
  const read = corners.map(([x, y]) => {
    if (!Number.isFinite(x) || !Number.isFinite(y)) throw new TypeError("no corner");
    return [x, y];
  });
  return { kind, corners: read };
}
