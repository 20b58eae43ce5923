"use strict";
// Keys of the pages; everything works without them too.
(() => {
  const one = (selector) => document.querySelector(selector);
  const rows = [...document.querySelectorAll("[data-row]")];
  const keys = one("#keys");
  let current = rows.findIndex((row) => row.querySelector("a.open").href === sessionStorage.getItem("mcq-last"));

  const mark = (place) => {
    if (!rows.length) return;
    current = Math.min(Math.max(place, 0), rows.length - 1);
    rows.forEach((row, at) => row.classList.toggle("current", at === current));
    const link = rows[current].querySelector("a.open");
    link.focus({ preventScroll: true });
    rows[current].scrollIntoView({ block: "nearest" });
  };
  if (current >= 0) mark(current);
  rows.forEach((row) => row.querySelector("a.open").addEventListener("click", (event) => {
    sessionStorage.setItem("mcq-last", event.currentTarget.href);
  }));

  const follow = (selector) => {
    const link = one(selector);
    if (link) location.assign(link.href);
    return Boolean(link);
  };
  const actions = {
    "/": () => { const box = one("#q"); box.focus(); box.select(); return true; },
    "?": () => { if (keys.open) keys.close(); else keys.showModal(); return true; },
    j: () => { mark(current + 1); return rows.length > 0; },
    k: () => { mark(current < 0 ? 0 : current - 1); return rows.length > 0; },
    n: () => follow("a[rel=next]"),
    p: () => follow("a[rel=prev]"),
    u: () => follow("a[data-up]"),
    h: () => follow("a.brand"),
    d: () => { const box = one("#decision textarea[name=why]"); if (box) box.focus(); return Boolean(box); },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=radio]), textarea, select");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || (keys.open && event.key !== "?")) return;
    const action = actions[event.key];
    if (action && action()) event.preventDefault();
  });
  one("[data-keys]").addEventListener("click", () => keys.showModal());

  // A form that was sent can't be sent again by a second click; the server would take it for the same decision anyway.
  document.querySelectorAll("form[method=post]").forEach((form) => form.addEventListener("submit", () => {
    setTimeout(() => document.querySelectorAll("button").forEach((button) => { button.disabled = true; }), 0);
  }));
  addEventListener("pageshow", () => document.querySelectorAll("button").forEach((button) => { button.disabled = false; }));
  // On a wide window there is room for all that a list could be narrowed by.
  const facets = one("details.facets");
  if (facets && matchMedia("(min-width: 60rem)").matches) facets.open = true;
})();
