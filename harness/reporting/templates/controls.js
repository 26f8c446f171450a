// Filters, theme, sortable tables; and the start.

const form = document.getElementById("filters");

function wanted() {
  const values = Object.fromEntries(new FormData(form));
  return { ...values, text: values.text.trim().toLowerCase() };
}

function scenarioFits(scenario, want) {
  if (want.environment && scenario.environment !== want.environment) return false;
  if (want.suite && scenario.suite !== want.suite) return false;
  return !want.tag || scenario.tags.includes(want.tag);
}

function statusFits(trial, status) {
  if (!status) return true;
  if (status === "failed") return trial.status === "scored";
  if (status === "findings") return findingsOf(trial).length > 0;
  return trial.status === status;
}

function scenarioText(scenario) {
  const told = DATA.told[scenario.id];
  return `${scenario.id} ${scenario.reason} ${scenario.family} ${told ? told.message : ""}`.toLowerCase();
}

function textFits(trial, text) {
  const scenario = SCENARIO.get(trial.scenario);
  const parts = [scenario ? scenarioText(scenario) : trial.scenario, trial.fault, trial.answer, trial.problems.join(" "), JSON.stringify(trial.scores)];
  return parts.join(" ").toLowerCase().includes(text);
}

function cellFits(status, [passed, scored, findings, lost]) {
  if (status === "failed") return passed < scored;
  if (status === "findings") return findings > 0;
  return lost > 0;
}

function judgedPairs(status) {
  if (!status) return null;
  const pairs = new Set();
  DATA.models.forEach((model, m) => DATA.scenarios.forEach((scenario, s) => {
    if (cellFits(status, DATA.cells[m][s])) pairs.add(`${scenario.id}\n${model.reference}`);
  }));
  return pairs;
}

function apply() {
  const want = wanted();
  for (const control of form.elements) control.classList.toggle("on", Boolean(control.name && control.value));
  const trialFits = (trial) => {
    const scenario = SCENARIO.get(trial.scenario) || { tags: [] };
    return (!want.model || trial.model === want.model) && scenarioFits(scenario, want)
      && statusFits(trial, want.status) && (!want.text || textFits(trial, want.text));
  };
  listTrials(trialFits);
  const named = new Set(matching.map((trial) => trial.scenario));
  const keeps = (scenario) => scenarioFits(scenario, want)
    && (!want.text || named.has(scenario.id) || scenarioText(scenario).includes(want.text));
  const scenarios = DATA.scenarios.map((_, index) => index).filter((index) => keeps(DATA.scenarios[index]));
  const models = DATA.models.map((_, index) => index).filter((index) => !want.model || DATA.models[index].reference === want.model);
  drawHeatmap(scenarios, models, judgedPairs(want.status));
}

const THEMES = ["auto", "light", "dark"];

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  document.getElementById("theme").textContent = `Theme: ${name}`;
  try { localStorage.setItem("plangate-theme", name); } catch { /* a file without storage keeps its theme while it is open */ }
}

function storedTheme() {
  try { return localStorage.getItem("plangate-theme"); } catch { return null; }
}

document.getElementById("theme").addEventListener("click", () => {
  const now = THEMES.indexOf(document.documentElement.dataset.theme);
  setTheme(THEMES[(now + 1) % THEMES.length]);
});

function sortBy(table, column, direction) {
  const body = table.tBodies[0];
  const value = (row) => row.cells[column].dataset.value;
  const order = (a, b) => (column ? Number(value(a)) - Number(value(b)) : value(a).localeCompare(value(b)));
  body.append(...[...body.rows].sort((a, b) => direction * order(a, b)));
  [...table.tHead.rows[0].cells].forEach((cell) => cell.removeAttribute("aria-sort"));
  table.tHead.rows[0].cells[column].setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
}

for (const table of document.querySelectorAll(".sortable")) {
  table.tHead.addEventListener("click", (event) => {
    const cell = event.target.closest("th");
    if (cell) sortBy(table, cell.cellIndex, cell.getAttribute("aria-sort") === "ascending" ? -1 : 1);
  });
}

let waiting = 0;
function soon(task, wait) {
  clearTimeout(waiting);
  waiting = setTimeout(task, wait);
}

form.addEventListener("input", (event) => soon(apply, event.target.name === "text" ? 140 : 0));
form.addEventListener("reset", () => soon(apply, 0));
form.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "/" && !typing) { event.preventDefault(); form.elements.text.focus(); }
  if (event.key === "Escape" && typing) { form.reset(); }
});

let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth === width) return;
  width = window.innerWidth;
  soon(apply, 150);
});
setTheme(THEMES.includes(storedTheme()) ? storedTheme() : "auto");
apply();
