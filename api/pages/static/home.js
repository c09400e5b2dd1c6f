// The moving part of the home page: fetched again every two seconds, put in place piece by piece, so that nothing a reader has opened,
// selected or focused is lost. Pauses while nobody looks. All words come from the page.
(() => {
  "use strict";
  const city = document.getElementById("city");
  const live = document.getElementById("live");
  const silent = document.getElementById("silent");
  if (!city || !window.fetch || !window.DOMParser) return;

  const every = Number(city.dataset.everyMs) || 2000;
  const slowest = every * 8;
  const patience = 6000;
  let wait = every;
  let timer = 0;
  let asking = null;

  const show = (state) => {
    live.hidden = false;
    live.textContent = live.dataset[state];
    live.classList.toggle("paused", state !== "live");
  };

  const keep = (from, to) => {
    for (const opened of from.querySelectorAll("details[open][id]")) {
      const again = to.querySelector(`#${opened.id}`);
      if (again) again.open = true;
    }
    const scrolled = from.querySelector(".scroll");
    return scrolled ? scrolled.scrollTop : 0;
  };

  const replace = (part, next) => {
    const active = document.activeElement;
    const inside = part.contains(active) ? (active.matches("summary") ? "summary" : ".scroll") : null;
    const known = new Set([...part.querySelectorAll("[data-key]")].map((row) => row.dataset.key));
    const figure = part.querySelector("dd");
    const figureBefore = figure && figure.textContent;
    const top = keep(part, next);
    part.replaceWith(next);
    const scroll = next.querySelector(".scroll");
    if (scroll) scroll.scrollTop = top;
    if (inside) next.querySelector(inside)?.focus({ preventScroll: true });
    if (known.size) {
      for (const row of next.querySelectorAll("[data-key]")) if (!known.has(row.dataset.key)) row.classList.add("new");
    }
    if (figureBefore !== null && next.querySelector("dd")?.textContent !== figureBefore) next.classList.add("ticked");
  };

  const put = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const next = [...fresh.querySelectorAll("[data-part]")];
    const names = (parts) => parts.map((part) => part.dataset.part).join();
    const present = [...city.querySelectorAll("[data-part]")];
    if (names(present) !== names(next)) {
      city.replaceChildren(...fresh.body.childNodes);
      return;
    }
    present.forEach((part, number) => {
      const plain = part.cloneNode(true);
      plain.classList.remove("ticked");
      plain.querySelectorAll("details").forEach((one) => one.removeAttribute("open"));
      plain.querySelectorAll(".new").forEach((one) => one.classList.remove("new"));
      plain.querySelectorAll('[class=""]').forEach((one) => one.removeAttribute("class"));
      if (plain.getAttribute("class") === "") plain.removeAttribute("class");
      if (plain.outerHTML !== next[number].outerHTML) replace(part, next[number]);
    });
  };

  const ask = async () => {
    const limit = new AbortController();
    asking = limit;
    const tooLong = setTimeout(() => limit.abort(), patience);
    try {
      const answer = await fetch(city.dataset.source, { signal: limit.signal, cache: "no-store", headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (document.hidden) return;
      put(html);
      silent.hidden = true;
      city.classList.remove("stale");
      wait = every;
      show("live");
    } catch {
      if (document.hidden) return;
      silent.hidden = false;
      city.classList.add("stale");
      wait = Math.min(wait * 2, slowest);
      show("away");
    } finally {
      clearTimeout(tooLong);
      asking = null;
      plan();
    }
  };

  const plan = () => {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(ask, wait);
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) {
      asking?.abort();
      show("paused");
    } else if (!asking) {
      wait = every;
      ask();
    }
  });

  show("live");
  plan();
})();
