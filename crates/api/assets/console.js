// What plain HTML cannot do: tick all boxes of a table at once and say how many are ticked; show what is under way.
"use strict";
(() => {
  const boxes = (name) => [...document.querySelectorAll(`input[type=checkbox][name="${name}"]`)];
  const tell = (name) => {
    const all = boxes(name);
    const ticked = all.filter((box) => box.checked).length;
    document.querySelectorAll(`[data-count="${name}"]`).forEach((place) => {
      place.textContent = ticked === 0 ? "" : `${ticked} selected`;
    });
    document.querySelectorAll(`[data-all="${name}"]`).forEach((box) => {
      box.checked = ticked > 0 && ticked === all.length;
      box.indeterminate = ticked > 0 && ticked < all.length;
    });
  };
  document.querySelectorAll("[data-all]").forEach((box) => {
    const name = box.dataset.all;
    box.hidden = false;
    box.addEventListener("change", () => {
      boxes(name).forEach((one) => { one.checked = box.checked; });
      tell(name);
    });
    boxes(name).forEach((one) => one.addEventListener("change", () => tell(name)));
    tell(name);
  });
})();

// What is under way shows, and is not asked for twice.
(() => {
  const isBusy = (form) => form.getAttribute("aria-busy") === "true";
  const rest = (form) => {
    form.removeAttribute("aria-busy");
    form.querySelectorAll("button[data-busy]").forEach((button) => {
      button.disabled = false;
      delete button.dataset.busy;
    });
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (isBusy(form)) {
      event.preventDefault();
      return;
    }
    form.setAttribute("aria-busy", "true");
    // A disabled button sends no value: it is disabled when the form is on its way.
    setTimeout(() => {
      form.querySelectorAll("button").forEach((button) => {
        if (button.disabled) return;
        button.disabled = true;
        button.dataset.busy = button === event.submitter ? "pressed" : "";
      });
    });
  });
  // The way back may show the page as it was left.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[aria-busy]").forEach(rest);
  });

  // What is brought up to date by itself. It stays as it is while a form in it is on its way.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const place = event.detail.target;
    if (place.querySelector("form[aria-busy=true]")) {
      event.preventDefault();
      return;
    }
    place.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.querySelector("form[aria-busy=true]")) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const place = event.detail.target;
    place.removeAttribute("aria-busy");
    place.querySelectorAll("[data-stale]").forEach((words) => { words.hidden = event.detail.successful; });
  });
})();
