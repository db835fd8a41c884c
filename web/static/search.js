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
