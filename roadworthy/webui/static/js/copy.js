// One click copies a value as it is shown; the button then says so, and it is announced. Without JavaScript no button.
// Browsers give the clipboard to secure pages only, so a plain page in a closed network copies a selection instead.
for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  if (!(await put(source))) return;
  button.classList.add("copied");
  button.querySelector("[data-said]").textContent = `✓ ${button.dataset.done}`;
  document.getElementById("copied").textContent = `${button.dataset.done}: ${button.closest("div").querySelector("dt").textContent}`;
});

async function put(source) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(source.textContent);
      return true;
    } catch {
      // not allowed here: go on with the selection
    }
  }
  getSelection().selectAllChildren(source);
  return document.execCommand("copy");
}
