// Regions of a case's cameras as lines of text: `camera:x,y x,y x,y`, without a camera for all of them.
// A line that is not understood, and one that nobody drew on, stays as it was typed.

const NUMBER = /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

// The areas on a camera's pictures: its own, and those of all cameras, which are not changed there.
export function areasOf(text, camera) {
  return text.split("\n").flatMap((line) => {
    const read = parsed(line);
    if (read?.camera === camera) return [{ kind: "regions", corners: read.corners, line }];
    return read?.camera === "" ? [{ kind: "all", corners: read.corners }] : [];
  });
}

// The text with these areas in place of the camera's own.
export function withAreas(text, camera, areas) {
  const own = areas.filter(({ kind }) => kind === "regions").map((area) => lineOf(area, camera));
  const lines = text.split("\n").filter((line) => line.trim());
  const kept = lines.flatMap((line) => (parsed(line)?.camera === camera ? own.splice(0, 1) : [line]));
  return [...kept, ...own].join("\n");
}

function lineOf({ corners, line }, camera) {
  const isAsTyped = line && JSON.stringify(parsed(line).corners) === JSON.stringify(corners);
  return isAsTyped ? line : `${camera}:${corners.map((corner) => corner.join(",")).join(" ")}`;
}

function parsed(line) {
  const text = line.trim();
  const colon = text.lastIndexOf(":");
  const corners = text.slice(colon + 1).trim().split(/\s+/).map((pair) => pair.split(","));
  const isCorner = (pair) => pair.length === 2 && pair.every((one) => NUMBER.test(one) && Number(one) <= 1);
  if (corners.length < 2 || !corners.every(isCorner)) return null;
  const read = corners.map((pair) => pair.map(Number));
  return { camera: text.slice(0, Math.max(0, colon)), corners: read.length === 2 ? rectangle(...read) : read };
}

const rectangle = ([left, top], [right, bottom]) => [[left, top], [right, top], [right, bottom], [left, bottom]];
