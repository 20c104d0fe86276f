// Large files go in parts (tus 1.0.0) while one goes on writing, and go on where a network was cut, also after the page was closed.
// Without this file they travel with the form.
const SMALL = 300_000;
const PART = { least: 64 * 1024, first: 256 * 1024, most: 4 * 1024 * 1024 };
const TUS = { "Tus-Resumable": "1.0.0" };
const LASTS = 20 * 3600 * 1000;
const pause = (ms) => new Promise((done) => {
  const timer = setTimeout(done, ms);
  addEventListener("online", () => { clearTimeout(timer); done(); }, { once: true });
});
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const nameOf = (file) => `kentongan:${document.body.dataset.person}:unggah-${file.name}-${file.size}-${file.lastModified}`;

class Refused extends Error {}

async function ask(url, options) {
  const answer = await fetch(url, options);
  if (answer.ok) return answer;
  if (answer.status === 429 || answer.status >= 500 || answer.status === 409) throw new Error(answer.status);
  const said = await answer.json().catch(() => ({}));
  throw Object.assign(new Refused(said.detail ?? "Berkas ini tidak dapat diunggah."), { status: answer.status });
}

function kept(file) {
  try {
    const found = JSON.parse(localStorage.getItem(nameOf(file)));
    return found && Date.now() - found.at < LASTS ? found.url : null;
  } catch { return null; }
}
function keep(file, url) {
  try {
    if (url) localStorage.setItem(nameOf(file), JSON.stringify({ at: Date.now(), url }));
    else localStorage.removeItem(nameOf(file));
  } catch { /* private mode */ }
}

async function begin(file) {
  const headers = { ...TUS, "Upload-Length": file.size, "Upload-Metadata": `filename ${base64(file.name)}` };
  const url = (await ask("/api/v1/uploads", { method: "POST", headers })).headers.get("Location");
  keep(file, url);
  return url;
}

// Answers the upload's address once all of it is there; `say` hears how far it is; `signal` gives it up.
async function send(file, say, signal) {
  let url = kept(file), at = null, size = PART.first, wait = 500;
  for (;;) {
    try {
      if (!url) { url = await begin(file); at = 0; }
      if (at === null) at = Number((await ask(url, { method: "HEAD", headers: TUS, signal })).headers.get("Upload-Offset"));
      while (at < file.size) {
        say(`Mengunggah: ${Math.floor((at / file.size) * 100)} %`);
        const began = performance.now();
        const headers = { ...TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": at };
        const answer = await ask(url, { method: "PATCH", headers, body: file.slice(at, at + size), signal });
        at = Number(answer.headers.get("Upload-Offset"));
        wait = 500;
        if (performance.now() - began < 2000) size = Math.min(size * 2, PART.most);
      }
      return url;
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof Refused && error.status === 404 && at !== 0) { keep(file, null); url = null; at = null; continue; }
      if (error instanceof Refused) { keep(file, null); throw error; }
      at = null;
      size = Math.max(size / 2, PART.least);
      say("Jaringan terputus. Yang sudah terkirim aman; dilanjutkan sendiri begitu tersambung.");
      await pause(wait);
      wait = Math.min(wait * 2, 15_000);
    }
  }
}

for (const input of document.querySelectorAll("input[data-resume]")) {
  const form = input.form;
  const field = form.querySelector("[data-sent-file]");
  const said = form.querySelector("[data-resume-said]");
  const say = (text) => { said.textContent = text; };
  const must = input.required;
  let running = null, stop = null;
  input.addEventListener("change", () => { stop?.abort(); running = null; field.value = ""; input.required = must; say(""); });
  input.addEventListener(input.hasAttribute("data-shrink") ? "shrunk" : "change", () => {
    const file = input.files[0];
    if (!file || file.size < SMALL) return;
    stop = new AbortController();
    const mine = running = send(file, say, stop.signal).then((url) => {
      if (running !== mine) return;
      field.value = url.split("/").pop();
      keep(file, null);
      input.required = false;
      input.value = "";
      say("Berkas terunggah.");
    }).catch((error) => {
      if (running !== mine) return;
      say(error instanceof Refused ? error.message : "");
    }).finally(() => { if (running === mine) running = null; });
  });
  form.addEventListener("submit", (event) => {
    if (!running) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    form.setAttribute("aria-busy", "true");
    const button = event.submitter;
    running.then(() => { form.removeAttribute("aria-busy"); if (!said.textContent.startsWith("Berkas ini")) form.requestSubmit(button); });
  }, true);
}
