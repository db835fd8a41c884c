// When each frame of a recording is shown, as the server reads it from the recording's packets.

const WINDOW = 30; // seconds asked for at once
const NEARLY = 0.0005; // seconds: browsers round times, no two frames are so near

// A frame is { tick, seconds, exact }: `exact` is its time as a fraction in text.
export function frameTimes(address, duration) {
  const windows = new Map();

  function ask(number) {
    const start = number * WINDOW;
    const asked = fetch(`${address}/times?start=${start}&end=${start + WINDOW}`).then((answer) => {
      if (!answer.ok) throw new Error("The times of the frames cannot be had just now.");
      return answer.json();
    });
    asked.catch(() => windows.delete(number)); // to be asked again
    windows.set(number, asked);
    return asked;
  }

  function around(seconds) {
    const inside = Math.min(Math.max(0, seconds), Math.max(0, duration - 0.001));
    const number = Math.floor(inside / WINDOW);
    return windows.get(number) ?? ask(number);
  }

  function frame({ time_base: [numerator, denominator] }, tick) {
    if (tick === undefined) return null;
    const seconds = (tick * numerator) / denominator;
    return { tick, seconds, exact: `${tick * numerator}/${denominator}` };
  }

  async function findIn(seconds, find) {
    const found = await around(seconds);
    const { time_base: [numerator, denominator], ticks } = found;
    return frame(found, find(ticks, (tick) => (tick * numerator) / denominator));
  }

  return {
    // The frame on screen at a time; the first where there is none before it.
    at: (seconds) => findIn(seconds, (ticks, secondsOf) =>
      ticks.findLast((tick) => secondsOf(tick) <= seconds + NEARLY) ?? ticks[0]),
    // Those beside a frame; null at the recording's ends.
    next: ({ tick, seconds }) => findIn(seconds, (ticks) => ticks.find((one) => one > tick)),
    previous: ({ tick, seconds }) => findIn(seconds, (ticks) => ticks.findLast((one) => one < tick)),
    // All around a time, in seconds.
    around: async (seconds) => {
      const found = await around(seconds);
      return found.ticks.map((tick) => frame(found, tick).seconds);
    },
  };
}
