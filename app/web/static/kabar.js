// Web Push: this device asks its browser for an address, and the form carries it to us.
const form = document.querySelector("[data-push]");
const decode = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const encode = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
if (form && window.PushManager && navigator.serviceWorker) {
  form.hidden = false;
  document.querySelector("[data-no-push]")?.remove();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = form.querySelector("[data-said]");
    try {
      if (await Notification.requestPermission() !== "granted") throw new Error("denied");
      const worker = await navigator.serviceWorker.ready;
      await (await worker.pushManager.getSubscription())?.unsubscribe();
      const found = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: decode(form.dataset.push) });
      form.elements.alamat.value = found.endpoint;
      form.elements.kunci.value = encode(found.getKey("p256dh"));
      form.elements.rahasia.value = encode(found.getKey("auth"));
      form.submit();
    } catch {
      said.textContent = "Peramban ini belum mengizinkan. Buka setelan situs di peramban, izinkan notifikasi, lalu coba lagi.";
    }
  });
}
