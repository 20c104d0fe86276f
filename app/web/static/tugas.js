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
    // Fetched while the finger is still down: browsers let a tap share for a few seconds only.
    let files = null;
    const fetched = () => files ??= Promise.all([...task.querySelectorAll("a[download]")].map(async (link) => {
      const blob = await (await fetch(link.href)).blob();
      return new File([blob], link.download, { type: blob.type });
    })).catch(() => []);
    for (const hint of ["pointerdown", "focus"]) share.addEventListener(hint, fetched, { once: true });
    share.addEventListener("click", async () => {
      const found = await fetched();
      const data = found.length && navigator.canShare?.({ files: found }) ? { text: field.value, files: found } : { text: field.value };
      await navigator.share(data).catch(() => {});
    });
  }
}
