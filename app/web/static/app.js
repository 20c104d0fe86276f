// Small comforts of every page; each works without this file too.

// A second tap on a slow network must not send a form twice. htmx answers in place, other forms lead on to a page.
const isPart = (form) => form.hasAttribute("hx-post") && !form.hasAttribute("hx-trigger");
const rest = (form) => { delete form.dataset.sent; form.removeAttribute("aria-busy"); };
document.addEventListener("submit", (event) => {
  if (!event.target.dataset.sent) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || (event.defaultPrevented && !isPart(form))) return;
  form.dataset.sent = event.defaultPrevented ? "part" : "page";
  form.setAttribute("aria-busy", "true");
  // A file that is saved leads to no new page, and a network may die: after a while it may be tried again.
  setTimeout(rest, 15000, form);
});
for (const end of ["htmx:finally:request", "htmx:error"])
  document.addEventListener(end, () => document.querySelectorAll('[data-sent="part"]').forEach(rest));
// Back from the next page, the form is as it was left.
addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach(rest));

for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  if (!field || !navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(field.value);
    button.querySelector("span").textContent = "Tersalin";
  });
}

// What was kept of a person's unfinished texts leaves the device with them.
document.addEventListener("submit", (event) => {
  if (event.target.getAttribute("action") !== "/keluar") return;
  try {
    const own = `kentongan:${document.body.dataset.person}:`;
    for (const key of Object.keys(localStorage)) if (key.startsWith(own)) localStorage.removeItem(key);
  } catch { /* private mode */ }
});

// Installable, and with a page of its own when there is no network. Browsers allow it on https and on this machine only.
navigator.serviceWorker?.register("/sw.js").catch(() => {});
