// Keeps what is typed on this device until it is saved, and makes photos small before they travel.
// Without this file the form works as it is; only an expired session or a dead network can then cost the text.

const LASTS = 7 * 24 * 3600 * 1000;
// A phone is lent: each person finds only what they typed themselves.
const STORE = `kentongan:${document.body.dataset.person}:`;

function read(name) {
  try { return JSON.parse(localStorage.getItem(STORE + name)); } catch { return null; }
}
function forget(name) {
  try { localStorage.removeItem(STORE + name); } catch { /* private mode */ }
}

// Texts nobody came back for do not stay on the device.
try {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("kentongan:") && !(Date.now() - JSON.parse(localStorage.getItem(key)).at < LASTS)) localStorage.removeItem(key);
  }
} catch { /* private mode */ }

// The page after saving names the form whose text is now safe.
const saved = new URLSearchParams(location.search).get("asal");
if (saved && new URLSearchParams(location.search).get("pesan")) forget(saved);

const form = document.querySelector("form[data-keep]");
if (form) {
  const name = form.dataset.keep;
  const said = form.querySelector("[data-kept]");
  const values = () => [...new FormData(form)].filter(([key, value]) => typeof value === "string" && !["versi", "media", "sekali", "pustaka", "unggah"].includes(key));
  const atFirst = JSON.stringify(values());
  const keep = () => {
    const now = values();
    if (JSON.stringify(now) === atFirst) return;
    try {
      localStorage.setItem(STORE + name, JSON.stringify({ at: Date.now(), values: now }));
      if (said) said.textContent = "Isian Anda tersimpan di perangkat ini.";
    } catch { /* full, or private mode */ }
  };
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  form.addEventListener("submit", (event) => {
    keep();
    if (navigator.onLine) return;
    event.preventDefault();
    event.stopPropagation();
    if (said) said.textContent = "Tidak ada jaringan. Isian Anda aman di perangkat ini; kirim lagi setelah tersambung.";
  });

  const offer = document.querySelector("[data-restore]");
  const kept = read(name);
  if (offer && kept && Date.now() - kept.at < LASTS && JSON.stringify(kept.values) !== atFirst) {
    offer.querySelector("[data-restore-when]").textContent = new Date(kept.at).toLocaleString("id-ID", { dateStyle: "medium", timeStyle: "short" });
    offer.hidden = false;
    offer.querySelector("[data-restore-yes]").addEventListener("click", () => {
      const boxes = new Set(kept.values.filter(([key]) => key === "akun").map(([, value]) => value));
      for (const field of form.elements) {
        if (field.type === "checkbox" && field.name === "akun") field.checked = boxes.has(field.value);
        else if (field.type === "radio") field.checked = kept.values.some(([key, value]) => key === field.name && value === field.value);
        else if (["text", "textarea", "select-one", "date", "time", "datetime-local"].includes(field.type)) {
          const found = kept.values.findLast(([key]) => key === field.name);
          if (found) field.value = found[1];
          if (found?.[1] && field.closest("details")) field.closest("details").open = true;
        }
      }
      offer.hidden = true;
      form.dispatchEvent(new Event("change", { bubbles: true }));
    });
    offer.querySelector("[data-restore-no]").addEventListener("click", () => { forget(name); offer.hidden = true; });
  }
}

const LONGEST_SIDE = 2048;
for (const input of document.querySelectorAll("input[data-shrink]")) {
  const said = input.parentElement.querySelector("[data-shrink-said]");
  const say = (text) => { said.textContent = text; said.hidden = !text; };
  const shrink = async () => {
    const file = input.files[0];
    say("");
    if (!file) return;
    const isHeic = /\.hei[cf]$/i.test(file.name) || /hei[cf]/.test(file.type);
    let picture;
    try {
      picture = await createImageBitmap(file);
    } catch {
      if (isHeic) {
        input.value = "";
        say("Foto HEIC belum dapat dipakai. Di iPhone: Pengaturan, Kamera, Format, pilih Paling Kompatibel, lalu ambil ulang; atau kirim fotonya ke diri sendiri lewat WhatsApp dan simpan dari sana.");
      }
      return; // the server judges what this browser cannot open
    }
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size < 700_000 && !isHeic) return;
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * scale), height: Math.round(picture.height * scale) });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    if (!blob || (blob.size >= file.size && !isHeic)) return;
    const box = new DataTransfer();
    box.items.add(new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }));
    input.files = box.files;
    say(`Foto dikecilkan menjadi ${Math.max(1, Math.round(blob.size / 1024))} kB.`);
  };
  // unggah.js takes it from here.
  input.addEventListener("change", () => shrink().finally(() => input.dispatchEvent(new Event("shrunk"))));
}
