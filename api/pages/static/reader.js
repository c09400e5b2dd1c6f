// The browser's half of the reader agent of this workstation. It is a pipe: signed steps from the server to the agent on this computer,
// signed answers back. It knows no commands, keeps nothing, and holds no words: every sentence stands hidden in the page.
(() => {
  "use strict";
  const AGENT = document.body.dataset.agent;
  const CARD_WAIT_MS = 60_000;
  const CARD_POLL_MS = 1_000;
  const MOST_STEPS = 300;
  const KNOWN = new Set(["no_reader", "reader_busy", "step_expired", "session_over"]);

  class Trouble extends Error {
    constructor(kind, title = "", reference = "") {
      super(kind);
      Object.assign(this, { kind, title, reference });
    }
  }

  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  async function document_of(answer) {
    try {
      return await answer.json();
    } catch {
      return {};
    }
  }

  async function ask_agent(path, body) {
    let answer;
    try {
      answer = await fetch(AGENT + path, {
        method: "POST",
        mode: "cors",
        credentials: "omit",
        cache: "no-store",
        headers: { "Content-Type": "application/json", "X-Citizencard-Agent": "1" },
        body: JSON.stringify(body),
      });
    } catch {
      // Not running, or paired with another server: the browser does not tell which.
      throw new Trouble("no_agent");
    }
    const said = await document_of(answer);
    if (!answer.ok) throw new Trouble(said.code || "agent");
    return said;
  }

  async function ask_server(path, csrf, body) {
    let answer;
    try {
      answer = await fetch(path, {
        method: "POST",
        redirect: "error",
        cache: "no-store",
        headers: {
          "Content-Type": "application/json",
          "X-CSRF-Token": csrf,
          "Accept": "application/json",
          "Accept-Language": document.documentElement.lang,
        },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
    } catch {
      throw new Trouble("away");
    }
    const said = await document_of(answer);
    if (!answer.ok) throw new Trouble("server", said.title, said.request_id);
    return said;
  }

  // Carries one signed step to the card. A card that is not there yet is waited for: such a step is not used up.
  async function carry(begin, view) {
    const until = Date.now() + CARD_WAIT_MS;
    let handed = await begin();
    for (;;) {
      try {
        return await ask_agent("/steps", handed.signed);
      } catch (trouble) {
        const gone = trouble.kind === "step_expired" && view.is_waiting;
        if ((trouble.kind !== "no_reader" && !gone) || Date.now() > until) throw trouble;
        view.wait();
        await pause(CARD_POLL_MS);
        if (gone) handed = await begin();
      }
    }
  }

  class View {
    constructor(root) {
      this.root = root;
      this.is_waiting = false;
      this.written = 0;
      this.reached = -1;
    }

    steps() {
      return [...this.root.querySelectorAll("[data-step]")];
    }

    hush() {
      this.is_waiting = false;
      for (const sentence of this.root.querySelectorAll("[data-say]")) sentence.hidden = true;
    }

    say(kind, trouble = {}) {
      this.hush();
      const shown = this.root.querySelector(`[data-say="${CSS.escape(kind)}"]`) || this.root.querySelector('[data-say="agent"]');
      if (!shown) return;
      const title = shown.querySelector("[data-title]");
      const reference = shown.querySelector("[data-reference]");
      if (title && trouble.title) title.textContent = trouble.title;
      if (reference && trouble.reference) reference.textContent = trouble.reference;
      shown.hidden = false;
    }

    wait() {
      if (this.is_waiting) return;
      this.say("no_reader");
      this.is_waiting = true;
    }

    set(step, state) {
      step.classList.remove("done", "now", "waiting", "failed");
      step.classList.add(state);
      step.toggleAttribute("aria-current", state === "now");
      if (state === "now") step.setAttribute("aria-current", "step");
      const use = step.querySelector("use");
      use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, `#step-${state}`));
      step.querySelector("small").textContent = step.closest("ol").dataset[state];
    }

    begin() {
      this.hush();
      // What the page said of the time before is not so any more once a card is asked; the next page tells how it stands.
      for (const told of document.querySelectorAll("[data-before]")) told.hidden = true;
      this.written = 0;
      this.reached = -1;
      this.steps().forEach((step, place) => this.set(step, place === 0 ? "now" : "waiting"));
    }

    // Ticks every step up to the one that was achieved; the next one is now.
    tick(achieved) {
      const steps = this.steps();
      const place = steps.findIndex((step) => step.dataset.step === achieved);
      if (place <= this.reached) return;
      this.reached = place;
      steps.forEach((step, at) => {
        if (at <= place) this.set(step, "done");
        else if (at === place + 1) this.set(step, "now");
      });
    }

    count(number) {
      const shown = this.root.querySelector("[data-count]");
      if (!shown || number === 0) return;
      this.written += number;
      shown.textContent = String(this.written);
    }

    fail() {
      for (const step of this.steps()) if (step.classList.contains("now")) this.set(step, "failed");
    }

    busy(is_busy) {
      this.root.setAttribute("aria-busy", String(is_busy));
      for (const button of this.root.querySelectorAll("[data-start]")) button.disabled = is_busy;
    }
  }

  function trouble_of(error) {
    if (!(error instanceof Trouble)) throw error;
    const kind = ["no_agent", "away", "server"].includes(error.kind) || KNOWN.has(error.kind) ? error.kind : "agent";
    return { kind, title: error.title, reference: error.reference };
  }

  // A reader job: begin, then step by step to its end.
  async function run_job(view, data) {
    const begin = () => ask_server(data.begin, data.csrf, data.body);
    let handed = null;
    for (let number = 0; number < MOST_STEPS; number += 1) {
      const signed = handed;
      const answer = await carry(signed === null ? begin : async () => signed, view);
      if (view.is_waiting) view.hush();
      handed = await ask_server(data.answer, data.csrf, { answer, token: signed === null ? "" : signed.token || "" });
      view.count(handed.ticks.length);
      for (const stage of handed.stages) view.tick(stage);
      if (handed.done) return handed.outcome;
    }
    throw new Trouble("agent");
  }

  async function start(root) {
    const view = new View(root);
    view.busy(true);
    view.begin();
    try {
      const outcome = await run_job(view, root.dataset);
      if (root.dataset.good.split(" ").includes(outcome)) {
        view.say(outcome);
        window.location.assign(root.dataset.done);
        return;
      }
      view.fail();
      view.say(outcome);
    } catch (error) {
      const trouble = trouble_of(error);
      view.fail();
      view.say(trouble.kind, trouble);
    }
    view.busy(false);
    root.querySelector("[data-start]").textContent = root.dataset.again;
    root.querySelector("[data-start]").focus();
  }

  // A form whose hidden field takes what the agent says, and which is then sent as any other.
  async function fill(form, field, ask) {
    const view = new View(form);
    view.hush();
    form.setAttribute("aria-busy", "true");
    try {
      form.elements.namedItem(field).value = JSON.stringify(await ask(view));
      form.submit();
    } catch (error) {
      const trouble = trouble_of(error);
      view.say(trouble.kind === "agent" && form.querySelector(`[data-say="${CSS.escape(error.kind)}"]`) ? error.kind : trouble.kind, trouble);
      form.setAttribute("aria-busy", "false");
      delete form.dataset.sent;
    }
  }

  for (const root of document.querySelectorAll("[data-job]")) {
    for (const button of root.querySelectorAll("[data-start]")) {
      button.hidden = false;
      button.addEventListener("click", () => start(root));
    }
  }
  // A field that is missing is the server's to name: the form goes there as it is, and neither card nor agent is asked in vain.
  for (const form of document.querySelectorAll("form[data-carry]")) {
    form.addEventListener("submit", (event) => {
      if (!form.checkValidity()) return;
      event.preventDefault();
      const begin = () => ask_server(form.dataset.begin, form.dataset.csrf, form.dataset.body || "{}");
      fill(form, "answer", (view) => carry(begin, view));
    });
  }
  for (const form of document.querySelectorAll("form[data-pairing]")) {
    form.addEventListener("submit", (event) => {
      if (!form.checkValidity()) return;
      event.preventDefault();
      const code = form.elements.namedItem("code").value.trim().toUpperCase();
      form.elements.namedItem("code").value = code;
      fill(form, "said", () => ask_agent("/pairings", { ...JSON.parse(form.dataset.pairing), code }));
    });
  }
  for (const place of document.querySelectorAll("[data-presence]")) {
    // An empty step is refused by every agent that is ours; only one that is not there is silent.
    ask_agent("/steps", {}).catch((error) => new View(place).say(error.kind === "no_agent" ? "no_agent" : "present"));
  }
})();
