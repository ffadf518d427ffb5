// Keeps a page up to date where there is JavaScript: when something has changed, the page is asked for again and its
// <main> exchanged. Nothing that an event says is shown. What somebody is typing into, or has folded, stays as it is.
"use strict";
(() => {
  const at = document.body.dataset.live;
  if (!at || !window.EventSource) return;
  let waits = false;
  const said = document.querySelector(".live");
  const stale = document.querySelector(".stale");
  const lost = (is) => { if (said) { said.hidden = is; stale.hidden = !is; } };

  // Where the keyboard is, so that it is there again in what takes its place.
  const seats = "a, button, summary, pre";
  const seat = (one) => [one.tagName, one.getAttribute("href"), one.matches("pre") || one.textContent].join();

  const folds = (main) => [...main.querySelectorAll("details")].map((one) => one.open);

  const anew = async () => {
    const main = document.querySelector("main");
    if (waits || document.hidden) return;
    if (main.contains(document.activeElement) && document.activeElement.matches("input, select")) return;
    if (!document.getSelection().isCollapsed) return;
    waits = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" }).catch(() => null);
      lost(!answer || !answer.ok);
      if (!answer) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("main");
      if (!answer.ok || !fresh) return;
      document.querySelector("footer time")?.replaceWith(page.querySelector("footer time") ?? "");
      if (fresh.innerHTML === main.innerHTML) return;
      const before = folds(main);
      const inside = [...fresh.querySelectorAll("details")];
      if (inside.length === before.length) inside.forEach((one, place) => { one.open = before[place]; });
      const log = main.querySelector("pre.log");
      const follows = log && log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
      const focused = main.contains(document.activeElement) ? seat(document.activeElement) : null;
      main.replaceChildren(...fresh.childNodes);
      document.title = page.title;
      const shown = main.querySelector("pre.log");
      if (shown && follows) shown.scrollTop = shown.scrollHeight;
      if (focused) [...main.querySelectorAll(seats)].find((one) => seat(one) === focused)?.focus({ preventScroll: true });
    } finally {
      waits = false;
    }
  };

  let source = null;
  let ended = false;
  const listen = () => {
    source = new EventSource(at);
    source.onopen = () => lost(false);
    source.onerror = () => lost(true);
    for (const name of ["changed", "lines"]) source.addEventListener(name, anew);
    source.addEventListener("end", () => { ended = true; source.close(); anew(); });
  };

  // A browser opens six connections to us and no more, so tabs that nobody sees must not hold one each.
  document.addEventListener("visibilitychange", () => {
    source.close();
    if (document.hidden || ended) return;
    listen();
    anew();
  });
  listen();
  // What was so «just now» is no longer, though nothing has changed.
  setInterval(anew, 60_000);
})();
