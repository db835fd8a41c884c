// Playing or paused, how fast, with or without sound, the whole screen; and what goes wrong in words.

export function showState(player, footage, say) {
  const { video } = footage;
  const play = player.querySelector("[data-do=play]");
  const sound = player.querySelector("[data-do=sound]");
  const speed = player.querySelector("[data-speed]");
  const speeds = [...speed.options].map((option) => Number(option.value));
  let wasPlaying = null;

  footage.addEventListener("state", () => {
    label(play, footage.isPlaying ? "Pause" : "Play");
    label(sound, video.muted ? "Sound on" : "Sound off");
    sound.hidden = footage.isCut;
    speed.value = String(video.playbackRate);
    if (wasPlaying !== null && wasPlaying !== footage.isPlaying) {
      say(footage.isPlaying ? "Playing" : "Paused");
    }
    wasPlaying = footage.isPlaying;
  });

  function setSpeed(value) {
    video.defaultPlaybackRate = value; // kept when another part is loaded
    video.playbackRate = value;
    say(`Speed ${value}`);
  }
  speed.addEventListener("change", () => setSpeed(Number(speed.value)));
  const toggle = () => (footage.isPlaying ? footage.pause() : footage.play());
  video.addEventListener("click", toggle);
  sayWhatIsWrong(player, video);

  return {
    play: toggle,
    sound: () => { video.muted = !video.muted; },
    full: () => (document.fullscreenElement
      ? document.exitFullscreen()
      : player.querySelector(".stage").requestFullscreen().catch(() => say("No full screen here."))),
    // By so many places in the list of speeds; 0: as recorded.
    changeSpeed: (by) => {
      const place = speeds.indexOf(video.playbackRate) + by;
      if (by === 0) setSpeed(1);
      else if (speeds[place] !== undefined) setSpeed(speeds[place]);
    },
  };
}

function label(button, words) {
  button.textContent = words;
  button.setAttribute("aria-label", words);
}

function sayWhatIsWrong(player, video) {
  const status = player.querySelector(".status");
  const show = (words, failed) => {
    status.textContent = words;
    status.hidden = !words;
    status.classList.toggle("failed", failed);
  };
  if (video.readyState < 2) show("Getting the video ready …", false);
  video.addEventListener("loadstart", () => show("Getting the video ready …", false));
  video.addEventListener("loadeddata", () => show("", false));
  let wasThere = false;
  video.addEventListener("error", async () => {
    const { words, retryAfter, isThere } = await refusal(video);
    // Refused, but there when asked again: it has become ready meanwhile.
    const wait = isThere && !wasThere ? 1 : retryAfter;
    wasThere ||= isThere;
    show(words, !wait);
    if (wait) setTimeout(() => video.isConnected && video.load(), wait * 1000);
  });
  if (video.error) video.dispatchEvent(new Event("error"));
}

// Why a video did not load: the server's own sentence where it gave one, with the seconds after
// which to ask again; or the video is there by now.
async function refusal(video) {
  try {
    const answer = await fetch(video.src, { headers: { Range: "bytes=0-0" } });
    if (answer.ok) return { words: "This browser cannot play the video.", isThere: true };
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const words = page.querySelector("[data-problem]").textContent;
    return { words, retryAfter: Number(answer.headers.get("Retry-After")) };
  } catch {
    return { words: "The page’s server does not answer; is it still running?" };
  }
}
