// The keys of the player. None acts where somebody writes or chooses, or with Ctrl, Alt or Meta.

const STEP = 5; // seconds
const LONG_STEP = 60;

export function handleKeys(player, commands, footage, changeSpeed) {
  const keys = {
    k: commands.play, ",": commands["frame-back"], ".": commands["frame-on"],
    p: commands["moment-back"], n: commands["moment-on"],
    a: commands.again, b: commands.before, o: commands.boxes, m: commands.sound, f: commands.full,
    c: commands["copy-time"], l: commands["copy-link"], s: commands.save, v: commands.similar, d: commands.draw, "?": commands.keys,
    "-": () => changeSpeed(-1), "+": () => changeSpeed(1), "=": () => changeSpeed(1),
    1: () => changeSpeed(0),
  };
  const dialog = player.closest("dialog");
  (dialog ?? document).addEventListener("keydown", handle);

  function handle(event) {
    if (!player.isConnected) {
      (dialog ?? document).removeEventListener("keydown", handle);
      return;
    }
    const command = commandOf(event);
    if (command) {
      event.preventDefault();
      command();
    }
    // What lies behind the player has keys of its own.
    if (dialog && event.key !== "Escape" && event.key !== "Tab") event.stopPropagation();
  }

  function commandOf(event) {
    const { target, key, shiftKey } = event;
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return null;
    if (target.closest("input, select, textarea, dialog.keys[open]")) return null;
    if (key === " ") return target.closest("button, a, summary") ? null : commands.play;
    const step = shiftKey ? LONG_STEP : STEP;
    if (key === "ArrowLeft") return () => footage.seek(footage.position - step);
    if (key === "ArrowRight") return () => footage.seek(footage.position + step);
    return keys[key] ?? null;
  }
}
