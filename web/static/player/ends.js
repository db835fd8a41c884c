// "Start here" and "End here": an end of the part that is collected or trimmed is the time on screen.

export function takeEnds(player, footage) {
  player.addEventListener("click", (event) => {
    const button = event.target.closest("[data-here]");
    if (button) button.form.elements[button.dataset.here].value = typed(footage.position);
  });
}

// Rounded up: rounded down, the part would begin with the frame before.
function typed(seconds) {
  return (Math.ceil(seconds * 1000 - 0.001) / 1000).toFixed(3);
}
