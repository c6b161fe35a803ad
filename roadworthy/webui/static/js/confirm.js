// A confirmation closes when the reader turns elsewhere: a click outside, or Escape, which returns to its button.
const open = () => document.querySelector("details.verb[open]");

document.addEventListener("click", (event) => {
  const one = open();
  if (one && !one.contains(event.target)) one.open = false;
});

document.addEventListener("keydown", (event) => {
  const one = open();
  if (event.key !== "Escape" || !one) return;
  one.open = false;
  one.querySelector("summary").focus();
});
