// The video as a recording: times are the recording's, whatever part of it is loaded.
// A recording that browsers cannot play is loaded in copies of some seconds, one after the other.

const COPY = 20; // seconds
const AHEAD = 8; // seconds before the end of a copy at which the next one is asked for

// Tells "time" when another frame is on screen, "state" when it starts, stops or changes speed,
// "span" when another part is loaded, "moved" when somebody has gone to another time.
export class Footage extends EventTarget {
  constructor(video, { address, offset, start, shownStart, shownEnd, duration, cut }) {
    super();
    this.video = video;
    this.duration = Number(duration);
    this.isCut = cut !== undefined;
    this.start = Number(shownStart);
    this.end = Number(shownEnd);
    this.address = address;
    this.offset = Number(offset); // of the video's zero in the recording
    this.mediaTime = null; // of the frame on screen, where the browser says it
    this.aim = video.readyState < 2 ? Number(start) : null; // where it goes to, until it is there
    this.asked = new Set();
    for (const name of ["timeupdate", "seeked", "loadeddata"]) {
      video.addEventListener(name, () => this.#arrived(name));
    }
    for (const name of ["play", "pause", "ratechange", "volumechange", "loadedmetadata"]) {
      video.addEventListener(name, () => this.#dispatch("state"));
    }
    video.addEventListener("seeking", () => { this.mediaTime = null; }); // also by media keys
    video.addEventListener("ended", () => this.#goOn());
    this.#watchFrames();
  }

  // Seconds of the recording: when the frame on screen is shown, or where it is going.
  get time() {
    if (this.aim !== null) return this.aim;
    return this.offset + (this.mediaTime ?? this.video.currentTime);
  }

  // The same, but where no frame comes for more than a second, the place in that gap.
  get position() {
    const there = this.offset + this.video.currentTime;
    return this.aim === null && there - this.time > 1 ? there : this.time;
  }

  get isPlaying() {
    return !this.video.paused;
  }

  pause() {
    this.video.pause();
  }

  // Go on playing, from a time if one is given.
  play(seconds = null) {
    if (seconds !== null) this.seek(seconds);
    else if (this.time > this.duration - 0.1) this.seek(0);
    this.#dispatch("moved");
    this.video.play().catch(() => {}); // a browser may refuse sound; then it stays paused
  }

  seek(seconds) {
    this.#dispatch("moved");
    this.show(Math.min(Math.max(0, seconds), Math.max(0, this.duration - 0.001)));
  }

  // Put the frame at a time on screen; `into`: seconds after the frame's own time to aim at.
  show(seconds, into = 0) {
    this.aim = seconds;
    this.mediaTime = null;
    const inside = seconds >= this.start - 0.0005 && seconds < this.end;
    if (this.isCut && !inside) this.#load(seconds, this.isPlaying);
    else this.video.currentTime = Math.max(0, seconds - this.offset) + into;
    this.#dispatch("time");
  }

  // When the frame on screen is shown, where the browser has not said it.
  know(seconds) {
    if (this.mediaTime !== null || this.aim !== null) return;
    this.mediaTime = seconds - this.offset;
    this.#dispatch("time");
  }

  // Tell all that listen where it is.
  tell() {
    for (const name of ["span", "state", "time"]) this.#dispatch(name);
  }

  #load(seconds, play) {
    [this.start, this.end] = this.#copyAround(seconds);
    this.offset = this.start;
    const inside = Math.max(0, seconds - this.start) + 0.001;
    const { playbackRate, muted } = this.video;
    this.video.src = `${this.#copyAddress(this.start, this.end)}#t=${inside.toFixed(3)}`;
    this.video.autoplay = play;
    this.video.load();
    Object.assign(this.video, { defaultPlaybackRate: playbackRate, playbackRate, muted });
    this.#dispatch("span");
  }

  #copyAround(seconds) {
    const number = Math.floor(Math.min(seconds, this.duration - 0.05) / COPY);
    const start = Math.max(0, number * COPY);
    return [start, Math.min(start + COPY, this.duration)];
  }

  #copyAddress(start, end) {
    return `${this.address}/clip?start=${start.toFixed(3)}&end=${end.toFixed(3)}`;
  }

  #goOn() {
    if (this.isCut && this.end < this.duration - 0.05) {
      this.aim = this.end;
      this.mediaTime = null;
      this.#load(this.end, true);
    } else this.#dispatch("state");
  }

  // The next copy is made while this one plays.
  #askAhead() {
    if (!this.isCut || !this.isPlaying || this.end >= this.duration - 0.05) return;
    if (this.time < this.end - AHEAD * this.video.playbackRate) return;
    const address = this.#copyAddress(...this.#copyAround(this.end));
    if (this.asked.has(address)) return;
    this.asked.add(address);
    fetch(address, { headers: { Range: "bytes=0-0" } }).catch(() => this.asked.delete(address));
  }

  #arrived(name) {
    const isThere = name !== "timeupdate" && this.video.readyState >= 2 && !this.video.seeking;
    if (isThere && !this.video.requestVideoFrameCallback) this.aim = null;
    this.#askAhead();
    this.#dispatch("time");
  }

  #watchFrames() {
    if (!this.video.requestVideoFrameCallback) return;
    const watch = (_, { mediaTime }) => {
      if (!this.video.seeking) {
        this.mediaTime = mediaTime;
        if (this.video.readyState >= 2) this.aim = null;
        this.#dispatch("time");
      }
      this.video.requestVideoFrameCallback(watch);
    };
    this.video.requestVideoFrameCallback(watch);
  }

  #dispatch(name) {
    this.dispatchEvent(new Event(name));
  }
}
