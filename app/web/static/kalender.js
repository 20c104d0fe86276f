// Posts are dragged to another day or hour; what the server has to ask about it, it asks on a page. Without this file: Pindahkan.
const form = document.querySelector("[data-move]");
if (form) {
  let held = null;
  const square = (event) => event.target.closest("td[data-k]");
  const mark = (cell, on) => cell?.classList.toggle("over", on);
  document.addEventListener("dragstart", (event) => {
    held = event.target.closest("a.post[data-v]");
    if (!held) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", held.textContent);
  });
  document.addEventListener("dragover", (event) => {
    if (!held || !square(event)) return;
    event.preventDefault();
    mark(square(event), true);
  });
  document.addEventListener("dragleave", (event) => mark(square(event), false));
  document.addEventListener("dragend", () => { held = null; document.querySelectorAll("td.over").forEach((cell) => mark(cell, false)); });
  document.addEventListener("drop", (event) => {
    const cell = square(event);
    if (!held || !cell) return;
    event.preventDefault();
    if (cell === held.closest("td")) return;
    const [day, hour] = cell.dataset.k.split(" ");
    form.action = `${held.getAttribute("href")}/pindah`;
    form.elements.hari.value = day;
    form.elements.jam.value = hour ?? "";
    form.elements.versi.value = held.dataset.v;
    form.requestSubmit();
  });
}
