// The timeline under mouse and finger: wheel to zoom, drag to choose a span, click to play.
// What is drawn always comes from the server; here only the window moves until its answer is there.

import { fetchPart } from "./parts.js";

const WIDE = 10000; // units of the tracks' viewBox
const ASK_AFTER = 200; // ms without another turn of the wheel
const LEAST_DRAG = 5; // pixels: less is a click
const WHEEL_STEP = 1.0015; // to the power of the wheel's pixels

let waiting = 0;
let newest = 0;

const timeline = () => document.querySelector("#timeline");

function tell() {
  const hint = timeline()?.querySelector(".with-script");
  if (hint) hint.hidden = false;
}

function windowShown() {
  const { start, end } = timeline().dataset;
  return { start: Number(start), end: Number(end) };
}

// Where on the clock a pointer is, in seconds since 1970.
function clockAt(track, x) {
  const box = track.getBoundingClientRect();
  const { start, end } = target ?? windowShown();
  const share = Math.min(Math.max((x - box.left) / box.width, 0), 1);
  return start + share * (end - start);
}

// An address of ours with another window.
function addressOf(address, start, end) {
  const asked = new URL(address, location.href);
  asked.searchParams.set("from", new Date(start * 1000).toISOString());
  asked.searchParams.set("to", new Date(end * 1000).toISOString());
  return asked;
}

// Move what is drawn at once, and ask the server for the window when the wheel rests.
function look(start, end) {
  const drawn = windowShown();
  const length = drawn.end - drawn.start;
  for (const track of timeline().querySelectorAll(".track svg")) {
    const from = ((start - drawn.start) / length) * WIDE;
    const width = ((end - start) / length) * WIDE;
    track.setAttribute("viewBox", `${from} 0 ${Math.max(width, 0.001)} 36`);
  }
  timeline().querySelector(".axis svg").setAttribute("visibility", "hidden");
  clearTimeout(waiting);
  waiting = setTimeout(() => show(start, end), ASK_AFTER);
}

async function show(start, end) {
  const asked = (newest += 1);
  const part = await fetchPart(addressOf(timeline().dataset.address, start, end), "#timeline, .problem");
  if (asked !== newest || !part) return; // somebody has turned the wheel again
  timeline().replaceWith(part);
  target = null;
  if (!timeline()) return;
  history.replaceState(null, "", timeline().dataset.address);
  tell();
}

// The window that the wheel has turned to, which the server may not have answered yet.
let target = null;

function turn(event) {
  const track = event.target.closest(".track svg");
  if (!track || event.ctrlKey) return;
  event.preventDefault();
  const { start, end } = target ?? windowShown();
  const length = end - start;
  const turned = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY;
  if (event.shiftKey || turned === event.deltaX) {
    target = { start: start + (length * turned) / 1000, end: end + (length * turned) / 1000 };
  } else {
    const box = track.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const zoomed = Math.max(length * WHEEL_STEP ** turned, 10);
    const held = start + share * length;
    target = { start: held - share * zoomed, end: held + (1 - share) * zoomed };
  }
  look(target.start, target.end);
}

function drag(event) {
  const track = event.target.closest(".track svg");
  if (!track || event.button !== 0 || event.target.closest("a")) return;
  const first = event.clientX;
  const chosen = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  chosen.setAttribute("class", "chosen");
  chosen.setAttribute("height", "36");
  track.setPointerCapture(event.pointerId);

  const move = (moved) => {
    if (Math.abs(moved.clientX - first) < LEAST_DRAG) return chosen.remove();
    const box = track.getBoundingClientRect();
    const unit = WIDE / box.width;
    chosen.setAttribute("x", (Math.min(first, moved.clientX) - box.left) * unit);
    chosen.setAttribute("width", Math.abs(moved.clientX - first) * unit);
    document.querySelectorAll(".track .chosen").forEach((old) => old !== chosen && old.remove());
    track.append(chosen);
  };
  const end = (ended) => {
    track.removeEventListener("pointermove", move);
    track.removeEventListener("pointerup", end);
    track.removeEventListener("pointercancel", end);
    if (ended.type === "pointercancel") return chosen.remove();
    const times = [first, ended.clientX].map((x) => clockAt(track, x)).sort((a, b) => a - b);
    if (Math.abs(ended.clientX - first) < LEAST_DRAG) play(track, times[0]);
    else choose(...times);
  };
  track.addEventListener("pointermove", move);
  track.addEventListener("pointerup", end);
  track.addEventListener("pointercancel", end);
}

async function choose(start, end) {
  const part = await fetchPart(addressOf(timeline().dataset.selection, start, end), ".selection, .problem");
  timeline().querySelector(".selection").replaceWith(part);
}

function play(track, time) {
  const asked = new URL(timeline().dataset.at, location.href);
  asked.searchParams.set("on", track.closest(".track").dataset.camera);
  asked.searchParams.set("time", new Date(time * 1000).toISOString());
  if (isRecorded(track, time)) location.assign(asked);
}

// Whether there is footage under the pointer: a gap is not to be played.
function isRecorded(track, time) {
  const { start, end } = windowShown();
  const at = ((time - start) / (end - start)) * WIDE;
  return [...track.querySelectorAll(".footage")].some((rect) => {
    const from = Number(rect.getAttribute("x"));
    return from <= at && at <= from + Number(rect.getAttribute("width"));
  });
}

tell();
document.addEventListener("wheel", turn, { passive: false });
document.addEventListener("pointerdown", drag);
