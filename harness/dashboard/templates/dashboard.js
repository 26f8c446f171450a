"use strict";
// Keeps the list of runs moving: news come as a stream, or are asked for where there is no stream.

(() => {
  const main = document.getElementById("main");
  if (!main) return;
  document.documentElement.classList.add("scripted");

  const POLL_MS = 3000;
  const TYPING_MS = 200;
  const connection = document.getElementById("connection");
  const filters = document.getElementById("filters");
  const root = main.dataset.root; // where the pages are, if not at the top
  let seen = main.dataset.event;
  let source = null;
  let polling = null;
  let fetching = null;

  function say(text, live) {
    if (connection.textContent !== text) connection.textContent = text;
    connection.classList.toggle("live", live);
  }

  // ---- The list as the server shows it now, put in place of what is on the page.

  async function reload() {
    if (fetching) fetching.abort();
    const request = new AbortController();
    fetching = request;
    try {
      const answer = await fetch(location.href, { signal: request.signal });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const focused = selectorOf(document.activeElement);
      const picked = picks();
      for (const part of fresh.querySelectorAll("[data-live]")) replace(part);
      pick(picked);
      if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
      choices(fresh);
      document.title = fresh.title;
      main.dataset.event = fresh.getElementById("main").dataset.event;
    } catch (error) {
      if (error.name !== "AbortError") say("Not connected", false);
    } finally {
      if (fetching === request) fetching = null;
    }
  }

  function replace(part) {
    const old = document.getElementById(part.id);
    if (old && old.innerHTML !== part.innerHTML) old.replaceWith(document.adoptNode(part));
  }

  function choices(fresh) {
    const now = filters.elements.model;
    const then = fresh.querySelector("#filters select[name=model]");
    if (now.options.length === then.options.length) return;
    const chosen = now.value;
    now.replaceChildren(...then.options);
    now.value = chosen;
  }

  function selectorOf(element) {
    const part = element?.closest("[data-live]");
    if (!part) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    const names = ["name", "value", "href"].filter((name) => element.hasAttribute(name));
    const attributes = names.map((name) => `[${name}="${CSS.escape(element.getAttribute(name))}"]`);
    return attributes.length ? `#${part.id} ${element.localName}${attributes.join("")}` : null;
  }

  // ---- Which two runs are to be compared.

  function picks() {
    return ["base", "head"].map((side) => [side, document.querySelector(`input[name=${side}]:checked`)?.value]);
  }

  function pick(picked) {
    for (const [side, value] of picked) {
      for (const input of document.querySelectorAll(`input[name=${side}]`)) {
        if (input.value === value) input.checked = true;
      }
    }
    named();
  }

  function named() {
    for (const [side, value] of picks()) {
      const name = document.getElementById(`${side}-name`);
      if (name && value !== undefined) name.textContent = value;
    }
  }

  document.addEventListener("change", (event) => {
    if (["base", "head"].includes(event.target.name)) named();
  });

  // ---- Progress of the runs that go on.

  function progress(told) {
    const card = [...document.querySelectorAll(".going")].find((item) => item.dataset.run === told.run);
    if (!card) return;
    card.querySelector("progress").value = told.done;
    text(card, ".done", told.done);
    for (const model of told.models) {
      const row = [...card.querySelectorAll("[data-model]")].find((item) => item.dataset.model === model.model);
      if (!row) continue;
      row.querySelector(".rate").textContent = model.pass_rate === null ? "–" : `${(model.pass_rate * 100).toFixed(1)}%`;
      text(row, ".trials", model.done);
      text(row, ".findings", model.findings);
      row.querySelector(".findings").classList.toggle("alarm", model.findings > 0);
    }
  }

  function text(inside, selector, number) {
    inside.querySelector(selector).textContent = number.toLocaleString("en");
  }

  // ---- News.

  function take(id, name, told) {
    seen = id;
    if (name === "progress") progress(told);
    else reload();
  }

  function listen() {
    if (!window.EventSource) { poll(); return; }
    source = new EventSource(`${root}/events?after=${encodeURIComponent(seen)}`);
    source.onopen = () => say("Live", true);
    source.onerror = () => {
      if (source && source.readyState === EventSource.CLOSED) poll();
      else say("Not connected", false);
    };
    for (const name of ["changed", "progress"]) {
      source.addEventListener(name, (event) => take(event.lastEventId, name, JSON.parse(event.data)));
    }
  }

  async function poll() {
    stop();
    try {
      const answer = await fetch(`${root}/changes?after=${encodeURIComponent(seen)}`);
      const news = await answer.json();
      for (const event of news.events) take(event.id, event.name, event.told);
      say("Live, every 3 s", true);
    } catch {
      say("Not connected", false);
    }
    if (!document.hidden) polling = setTimeout(poll, POLL_MS);
  }

  function stop() {
    if (source) source.close();
    source = null;
    clearTimeout(polling);
  }

  // A browser keeps few connections to one server: a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => {
    stop();
    if (!document.hidden) listen();
  });

  // ---- Filters live in the address, so that a view can be sent to somebody.

  function narrow() {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(filters)) if (value) query.set(name, value);
    history.replaceState(null, "", `${root}/${query.size ? "?" : ""}${query}`);
    reload();
  }

  let typing = null;
  filters.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(narrow, TYPING_MS);
  });
  filters.addEventListener("submit", (event) => { event.preventDefault(); narrow(); });
  document.getElementById("clear").addEventListener("click", (event) => {
    event.preventDefault();
    for (const field of filters.querySelectorAll("input, select")) field.value = "";
    narrow();
  });
  document.addEventListener("keydown", (event) => {
    const search = filters.elements.text;
    if (event.key === "/" && !["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement.tagName)) {
      event.preventDefault();
      search.focus();
    }
    if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      narrow();
    }
  });

  listen();
})();
