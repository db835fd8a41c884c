// The frame on screen as a query picture: "Find similar" and "Draw a box" lead on with its exact time.

export function searchWithFrame(player, footage, times) {
  const recording = player.dataset.address.split("/").at(-1);
  const links = [...player.querySelectorAll("a[data-frame]")];

  function aim(time) {
    for (const link of links) {
      const address = new URL(link.href);
      const { field } = link.dataset;
      address.searchParams.set(field, field === "like" ? `${recording},${time}` : time);
      link.href = address.href;
    }
  }

  async function go(link) {
    footage.pause();
    const frame = await times.at(footage.time).catch(() => null);
    aim(frame?.exact ?? footage.time.toFixed(3));
    location.assign(link.href);
  }

  // So that a link that is copied, or opened in another tab, leads to the frame on screen too.
  // Rounded up: rounded down, it would be the frame before.
  footage.addEventListener("time", () => aim((Math.ceil(footage.time * 1000 - 0.001) / 1000).toFixed(3)));
  for (const link of links) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      go(link);
    });
  }
  const [similar, draw] = links;
  return { similar: () => go(similar), draw: () => go(draw) };
}
