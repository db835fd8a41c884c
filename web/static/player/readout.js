// Timecode and wall clock of the frame on screen, as text over the picture.

export function showTimes(player, footage, times) {
  const code = player.querySelector("[data-now]");
  const wall = player.querySelector("[data-wall]");
  const clock = wallClock(player.dataset);
  const show = (seconds) => {
    code.textContent = timecode(seconds);
    if (clock) wall.textContent = clock(seconds);
  };
  footage.addEventListener("time", () => show(footage.time));
  // Where it stands still, the frame's own time and not the one that was asked for.
  footage.video.addEventListener("seeked", async () => {
    if (footage.isPlaying) return;
    const frame = await times.at(footage.time).catch(() => null);
    if (frame && !footage.isPlaying && !footage.video.seeking) show(frame.seconds);
  });
  if (footage.video.readyState >= 2) {
    times.at(footage.time).then((frame) => footage.know(frame.seconds)).catch(() => {});
  }
  const shown = player.querySelector("[data-shown]");
  footage.addEventListener("span", () => {
    if (shown) shown.textContent = `${timecode(footage.start)} – ${timecode(footage.end)}`;
  });
}

// A function from seconds of the recording to the time on the camera's wall; null where unknown.
export function wallClock({ wallEpoch, zone }) {
  if (!wallEpoch) return null;
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone, weekday: "short", day: "numeric", month: "short", year: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3,
    timeZoneName: "short",
  });
  return (seconds) => `${clock.format(Math.round((Number(wallEpoch) + seconds) * 1000))} · ${zone}`;
}

export function timecode(seconds) {
  const milliseconds = Math.max(0, Math.round(seconds * 1000));
  const part = (unit, modulus, digits) =>
    String(Math.floor(milliseconds / unit) % modulus).padStart(digits, "0");
  const hours = String(Math.floor(milliseconds / 3600000)).padStart(2, "0");
  return `${hours}:${part(60000, 60, 2)}:${part(1000, 60, 2)}.${part(1, 1000, 3)}`;
}
