// Addresses of filters name only what is asked for, so that a shared link reads well. "/" goes to the first filter.
document.addEventListener("formdata", (event) => {
  if (!event.target.matches("form.filter")) return;
  for (const [name, value] of [...event.formData]) if (value === "") event.formData.delete(name);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
  const field = document.querySelector("form.filter input");
  if (!field) return;
  event.preventDefault();
  field.focus();
});
