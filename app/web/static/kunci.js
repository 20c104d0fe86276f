// Passkeys: the browser signs what the server asked for. Without this file people use an app's digits.
const said = (form, text) => { form.querySelector("[data-said]").textContent = text; };
for (const form of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential || !PublicKeyCredential.parseCreationOptionsFromJSON) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said(form, "Ikuti petunjuk perangkat Anda.");
    try {
      const answer = await fetch(form.dataset.ask, { method: "POST" });
      if (answer.redirected) { location.assign(answer.url); return; }
      if (!answer.ok) throw new Error(answer.status);
      const asked = await answer.json();
      const options = JSON.parse(asked.options);
      const found = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
      form.elements.langkah.value = asked.step;
      form.elements.jawaban.value = JSON.stringify(found.toJSON());
      form.submit();
    } catch {
      said(form, "Belum berhasil atau dibatalkan. Coba lagi, atau pakai cara lain.");
    }
  });
}
