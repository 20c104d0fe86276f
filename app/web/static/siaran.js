// Progress as it happens. Without this file the block asks for itself every two seconds; without JavaScript one reloads.
const source = document.querySelector("[data-live]");
if (source && window.EventSource) {
  const stream = new EventSource(source.dataset.live);
  const show = (event) => { document.getElementById("kemajuan").outerHTML = event.data; };
  stream.addEventListener("kemajuan", show);
  stream.addEventListener("selesai", () => stream.close());
}
