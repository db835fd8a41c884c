// Comforts of the search form. Without them everything works, with one more click.

const form = document.querySelector("form.search");

// Empty fields stay out of the address.
form.addEventListener("formdata", (event) => {
  for (const [name, value] of [...event.formData]) {
    if (value === "" || (value instanceof File && !value.name)) event.formData.delete(name);
  }
});

// A chosen picture is searched with at once.
const pictureButton = form.querySelector("[data-picture-button]");
form.elements.upload.addEventListener("change", (event) => {
  if (event.target.files.length) form.requestSubmit(pictureButton);
});

// A picture that is dropped or pasted is one that was chosen; one of this page's own frames is
// searched with by its address.
const ask = form.querySelector(".ask");
const holdsPicture = ({ types }) => types.includes("Files") || types.includes("text/uri-list");
document.addEventListener("dragover", (event) => {
  if (!holdsPicture(event.dataTransfer)) return;
  event.preventDefault();
  ask.classList.add("takes");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) ask.classList.remove("takes");
});
document.addEventListener("drop", (event) => {
  if (!holdsPicture(event.dataTransfer)) return;
  event.preventDefault();
  ask.classList.remove("takes");
  if (!searchWith(event.dataTransfer.files)) searchLike(event.dataTransfer.getData("text/uri-list"));
});
document.addEventListener("paste", (event) => {
  if (searchWith(event.clipboardData.files)) event.preventDefault();
});

function searchWith(files) {
  const picture = [...files].find((file) => file.type.startsWith("image/"));
  if (!picture) return false;
  const chosen = new DataTransfer();
  chosen.items.add(picture);
  form.elements.upload.files = chosen.files;
  form.requestSubmit(pictureButton);
  return true;
}

function searchLike(address) {
  const link = [...document.querySelectorAll(".strip a")]
    .find((one) => one.href === address || one.querySelector("img").src === address);
  const card = [...document.querySelectorAll("li.card")]
    .find((one) => one.querySelector("a.play").href === address || one.querySelector("img").src === address);
  const similar = link?.dataset.similar ?? card?.querySelector("a.similar")?.href;
  if (similar) location.assign(similar);
}

// Open choices close on Escape and on a click elsewhere.
const choices = [...form.querySelectorAll("details.choice")];
document.addEventListener("click", (event) => {
  for (const choice of choices) {
    if (!choice.contains(event.target)) choice.open = false;
  }
});
form.addEventListener("keydown", (event) => {
  const choice = event.target.closest("details.choice[open]");
  if (event.key === "Escape" && choice) {
    choice.open = false;
    choice.querySelector("summary").focus();
  }
});
