// Ticks the visible steps of a proof: choosing, then the card on the reader, then inside. It carries nothing and holds no words.
(() => {
  "use strict";
  const list = document.getElementById("steps");
  const form = document.getElementById("proof");
  if (!list || !form) return;
  const [choose, prove] = list.children;

  function set(step, state) {
    step.className = state;
    if (state === "now") step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
    const use = step.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#step-${state}`));
    step.querySelector("small").textContent = list.dataset[state];
  }

  // The script of the reader says by `aria-busy` that it works with the card.
  new MutationObserver(() => {
    const is_busy = form.getAttribute("aria-busy") === "true";
    set(choose, "done");
    set(prove, is_busy ? "now" : "failed");
  }).observe(form, { attributes: true, attributeFilter: ["aria-busy"] });
})();
