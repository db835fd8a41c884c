// Collecting without leaving the results, and a case that changes in place.
// Without this module the same forms lead to the same pages, with a reload.

import { fetchPart } from "./parts.js";

document.documentElement.classList.add("has-script");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter?.hasAttribute("formaction")) return; // a file, not a change of this page
  if (form.matches("[data-collect]")) collect(event, form);
  else if (form.matches(".case [data-part]")) change(event, form);
  else if (form.matches("dialog [data-trim]") && document.querySelector(".case")) trim(event, form);
});

// Collecting

async function collect(event, form) {
  event.preventDefault();
  const sent = new FormData(form, event.submitter);
  const told = await send(form, sent);
  const status = form.querySelector(".told");
  status.textContent = told.sentence;
  status.classList.toggle("failed", !told.case);
  if (!told.case) {
    if (!sent.get("case") && !sent.get("new")) form.elements.new.focus();
    return;
  }
  for (const each of document.querySelectorAll("[data-collect]")) choose(each, told.case);
  const found = sent.has("found") ? [sent.get("found")] : sent.getAll("selected");
  for (const text of found) mark(text, told.case);
}

async function send(form, fields) {
  const headers = { Accept: "application/json" };
  try {
    const answer = await fetch(form.action, { method: "POST", body: fields, headers });
    if (answer.ok) return await answer.json();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { sentence: page.querySelector("[data-problem]").textContent };
  } catch {
    return { sentence: "The page’s server does not answer; is it still running?" };
  }
}

// The case that was collected into is the one that the next moment goes to.
function choose(form, { id, name }) {
  const choice = form.elements.case;
  if (!choice.querySelector(`option[value="${id}"]`)) {
    choice.prepend(new Option(name, id));
  }
  choice.value = id;
  form.elements.new.value = "";
}

// The card of a finding: its box is unticked, and it says what case it is in.
function mark(text, { id, name, address }) {
  for (const box of document.querySelectorAll('input[name="selected"]')) {
    if (box.value !== text) continue;
    box.checked = false;
    const marks = box.closest(".collect").querySelector(".marks");
    if (marks.querySelector(`[data-case="${id}"]`)) continue;
    const link = document.createElement("a");
    link.className = "mark";
    link.href = address;
    link.dataset.case = id;
    link.textContent = `in ${name}`;
    marks.append(" ", link);
  }
}

// `x` collects the result that has the focus, or in which something has it.
document.addEventListener("keydown", (event) => {
  const isTyped = event.target.matches("input:not([type=checkbox]), textarea, select");
  if (event.key !== "x" || isTyped || event.ctrlKey || event.metaKey || event.altKey) return;
  const button = event.target.closest(".card")?.querySelector('button[name="found"]');
  if (!button) return;
  event.preventDefault();
  button.click();
});

// Changing a case

async function change(event, form) {
  event.preventDefault();
  await show(form, new FormData(form, event.submitter));
}

// Send a form and show the case anew: what was open or had the focus still is, or has it, and what
// was typed and is not saved still stands there.
async function show(form, body) {
  const shown = document.querySelector(".case");
  const found = await fetchPart(form.action, ".case, .message", { method: "POST", body });
  if (!found.matches(".case")) return complain(shown, found);
  const open = [...shown.querySelectorAll("details[open]")].map((part) => part.id);
  const focused = document.activeElement?.id;
  const unsaved = unsavedFields(shown, form, body);
  shown.replaceWith(found);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const field of unsaved) carryOver(field, field.form !== form);
  const next = document.getElementById(focused);
  const isUsable = next && !next.disabled;
  (isUsable ? next : found.querySelector("#put-back, h1 a, .collected a"))?.focus({ preventScroll: isUsable });
  found.querySelector("[data-problem]")?.scrollIntoView({ block: "nearest" });
  return found;
}

// The case stays as it is shown; above it stands why.
function complain(shown, message) {
  shown.querySelector(":scope > .message")?.remove();
  shown.prepend(message);
  message.scrollIntoView({ block: "nearest" });
  return message;
}

// Those with something typed that was not sent just now.
function unsavedFields(shown, form, sent) {
  return [...shown.querySelectorAll("input[id]:not([type=hidden]), textarea[id]")].filter((field) =>
    (field.value !== field.defaultValue || "unsaved" in field.dataset) &&
    (field.form !== form || field.value !== sent.get(field.name)));
}

// Along goes what its form was shown with: by that it is known whether somebody else changed it.
function carryOver(field, alsoShown) {
  const next = document.getElementById(field.id);
  if (!next) return;
  next.value = field.value;
  const [was, is] = [field.form, next.form].map((one) => one.elements[`shown_${field.name}`]);
  if (alsoShown && was && is) is.value = was.value;
}

// In the player over a case: the sentence is said there, and the case behind it follows.
async function trim(event, form) {
  event.preventDefault();
  const found = await show(form, new FormData(form, event.submitter));
  const problem = found.querySelector("[data-problem]") ?? (found.matches(".case") ? null : found);
  const status = form.querySelector(".told");
  status.textContent = problem?.textContent ?? "Trimmed.";
  status.classList.toggle("failed", Boolean(problem));
}

// Dragging by the grip: a moment takes the place of the one it is dropped on.
let dragged = null;
document.addEventListener("dragstart", (event) => {
  if (!event.target.matches?.(".grip")) return;
  dragged = event.target.closest("[data-moment]");
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.dataset.moment);
  event.dataTransfer.setDragImage(dragged, 20, 20);
});
document.addEventListener("dragover", (event) => {
  const under = placeUnder(event);
  if (under) event.preventDefault();
  showPlace(under);
});
document.addEventListener("dragend", () => {
  showPlace(null);
  dragged = null;
});
document.addEventListener("drop", (event) => {
  const under = placeUnder(event);
  if (!under) return;
  event.preventDefault();
  const form = dragged.querySelector("form.move");
  const fields = new FormData(form);
  fields.set("to", under.dataset.moment);
  show(form, fields);
});

function placeUnder(event) {
  const under = event.target.closest?.("[data-moment]");
  return dragged && under !== dragged ? under : null;
}

function showPlace(under) {
  document.querySelector(".takes-place")?.classList.remove("takes-place");
  under?.classList.add("takes-place");
}
