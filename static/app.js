"use strict";
/* The only script of the portal's own. Every page works without it. */
(function () {
  // The phone's menu opens by its address (#menu); a second touch or Escape closes it again.
  const closeMenu = () => { if (location.hash === "#menu") location.hash = "#main"; };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-menu]") && location.hash === "#menu") { event.preventDefault(); closeMenu(); }
  });

  function toast(message, bad) {
    const box = document.getElementById("toasts");
    if (!box || !message) return;
    const line = document.createElement("div");
    line.className = "toast-line" + (bad ? " bad" : "");
    line.textContent = message;
    box.append(line);
    setTimeout(() => line.remove(), bad ? 9000 : 5000);
  }

  // In a list j and k go down and up, x chooses; the row's own link has the focus, so Enter opens it.
  function walk(key) {
    const rows = [...document.querySelectorAll("[data-list] tbody tr")];
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    if (key === "x") {
      const box = at >= 0 && rows[at].querySelector("input[type=checkbox]");
      if (box) box.click();
      return;
    }
    const row = rows[at < 0 ? 0 : Math.min(Math.max(at + (key === "j" ? 1 : -1), 0), rows.length - 1)];
    const link = row && row.querySelector("a");
    if (!link) return;
    rows.forEach((each) => each.classList.toggle("here", each === row));
    link.focus();
    row.scrollIntoView({ block: "nearest" });
  }

  // All the rows that are shown, or none of them.
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-tick-all]")) return;
    const boxes = [...document.querySelectorAll("[data-list] tbody input[type=checkbox]")];
    const all = boxes.every((box) => box.checked);
    boxes.forEach((box) => { box.checked = !all; });
  });

  // The palette: a search over everything, by / or Ctrl-K. Its hits are links, which the arrows go through.
  const palette = document.getElementById("palette");
  function openPalette() {
    closeMenu();
    if (!palette.open) palette.showModal(); // closed, it gives the focus back to where it was
    const box = palette.querySelector("input");
    box.focus();
    box.select();
    if (!palette.querySelector("a")) palette.querySelector("form").dispatchEvent(new Event("palette"));
  }
  function walkPalette(event) {
    const box = palette.querySelector("input");
    const hits = [...palette.querySelectorAll("#palette-hits a")];
    const at = hits.indexOf(document.activeElement);
    const isFresh = document.getElementById("palette-hits").dataset.sought === box.value.trim();
    if (at >= 0 && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.stopPropagation();
      box.focus(); // who goes on typing goes on in the field
      return;
    }
    if (event.key === "Escape") palette.close(); // the field would only empty itself
    else if (event.key === "ArrowDown" && hits.length) hits[Math.min(at + 1, hits.length - 1)].focus();
    else if (event.key === "ArrowUp" && at >= 0) (hits[at - 1] || box).focus();
    else if (event.key === "Enter" && event.target === box && hits.length && isFresh) hits[0].click();
    else return;
    event.preventDefault();
  }
  if (palette) {
    palette.addEventListener("keydown", walkPalette);
    palette.addEventListener("click", (event) => {
      const edge = palette.getBoundingClientRect();
      const isInside = event.clientY > edge.top && event.clientY < edge.bottom && event.clientX > edge.left && event.clientX < edge.right;
      if ((event.target === palette && !isInside) || event.target.closest("[data-close]")) palette.close();
    });
    let chosen = ""; // a hit that has the focus while newer hits come: it keeps it, or the field gets it back
    palette.addEventListener("htmx:beforeSwap", () => {
      const hit = document.activeElement.closest("#palette-hits a");
      chosen = hit ? hit.getAttribute("href") : "";
    });
    palette.addEventListener("htmx:afterSettle", () => {
      const same = [...palette.querySelectorAll("#palette-hits a")].find((hit) => hit.getAttribute("href") === chosen);
      if (chosen) (same || palette.querySelector("input")).focus();
      chosen = "";
      palette.querySelector("[role=status]").textContent = document.getElementById("palette-hits").dataset.said;
    });
  }
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-palette]");
    if (!palette || !opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openPalette();
  });

  function focusOn(root) {
    const target = root.querySelector ? root.querySelector("[data-focus]") : null;
    if (target) target.focus();
  }

  // A choice made before htmx listened (a slow line, a page restored by the browser) is told again, once.
  function isAsServed(control) {
    if (control.options) {
      const served = [...control.options].findIndex((option) => option.defaultSelected);
      return control.selectedIndex === Math.max(served, 0);
    }
    return control.checked === control.defaultChecked && control.value === control.defaultValue;
  }
  document.addEventListener("htmx:load", () => {
    for (const owner of document.querySelectorAll('[hx-trigger^="change"]')) {
      const controls = [owner, ...owner.querySelectorAll("input, select, textarea")];
      const changed = controls.find((control) => control.matches("input, select, textarea") && !isAsServed(control));
      if (changed) changed.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }, { once: true });

  document.addEventListener("htmx:configRequest", (event) => {
    const meta = document.querySelector('meta[name="csrf-token"]');
    if (meta) event.detail.headers["X-CSRFToken"] = meta.content;
  });
  // htmx notes the address for its page cache, which is off here; an address may hold a name.
  const forget = () => sessionStorage.removeItem("htmx-current-path-for-history");
  forget();
  for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory"]) {
    document.addEventListener(name, forget);
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    // Whoever does not look needs no news.
    if (document.hidden && event.detail.elt.hasAttribute("data-quiet")) event.preventDefault();
  });
  document.addEventListener("toast", (event) => toast(event.detail.message, event.detail.bad));
  document.addEventListener("htmx:afterSettle", (event) => focusOn(event.detail.elt));
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      const xhr = event.detail.xhr;
      if (xhr && xhr.status === 401) return;
      const box = document.getElementById("toasts");
      toast(box && box.dataset.failed, true);
    });
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post" && !form.hasAttribute("hx-post")) {
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 4000);
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) navigator.clipboard.writeText(button.dataset.copy).then(() => toast(button.dataset.copied));
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && "jkx".includes(event.key)) walk(event.key);
    const called = event.ctrlKey || event.metaKey ? event.key === "k" : event.key === "/" && !typing;
    if (palette && called && !event.altKey && (palette.open || !document.querySelector("dialog[open]"))) {
      event.preventDefault();
      openPalette();
    }
  });
  focusOn(document);
  document.documentElement.classList.add("scripted"); // what only works by this script may be seen now
})();
