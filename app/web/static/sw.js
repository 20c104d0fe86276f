// Installed by the browser: says so when there is no network, and shows what is pushed. Keeps no page: pages are personal.
const KEPT = "kentongan-__VERSION__";
const FILES = __FILES__;
addEventListener("install", (event) => event.waitUntil(caches.open(KEPT).then((kept) => kept.addAll(FILES)).then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(
  caches.keys().then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name)))).then(() => clients.claim())));
addEventListener("fetch", (event) => {
  const path = new URL(event.request.url).pathname;
  if (event.request.mode === "navigate") {
    if (event.request.method === "GET") event.respondWith(fetch(event.request).catch(() => caches.match("/luring")));
  } else if (path.startsWith("/static/")) {
    event.respondWith(caches.match(event.request).then((kept) => kept || fetch(event.request)));
  }
});
addEventListener("push", (event) => {
  const said = event.data ? event.data.json() : { title: "Kentongan", body: "Ada kabar baru.", link: "/kabar" };
  event.waitUntil(registration.showNotification(said.title, { body: said.body, tag: said.key, data: said.link, icon: "__ICON__", lang: "id" }));
});
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(clients.openWindow(event.notification.data || "/kabar"));
});
