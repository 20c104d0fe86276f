// Copy and share; without this file people select the text and download the pictures themselves.
for (const task of document.querySelectorAll("[data-task]")) {
  const field = task.querySelector("textarea");
  const copy = task.querySelector("[data-copy]");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      copy.querySelector("span").textContent = "Tersalin";
    });
  }
  const share = task.querySelector("[data-share]");
  if (share && navigator.share) {
    share.hidden = false;
    share.addEventListener("click", async () => {
      const files = await Promise.all([...task.querySelectorAll("a[download]")].map(async (link, n) =>
        new File([await (await fetch(link.href)).blob()], `gambar-${n + 1}.jpg`, { type: "image/jpeg" })));
      const data = files.length && navigator.canShare?.({ files }) ? { text: field.value, files } : { text: field.value };
      await navigator.share(data).catch(() => {});
    });
  }
}
