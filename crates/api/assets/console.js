// What plain HTML cannot do: tick all boxes of a table at once, and say how many are ticked.
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
