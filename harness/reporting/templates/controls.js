// Filters and sortable tables; and the start.

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

const ofPair = new Set(["passed", "mixed", "worse", "better"]); // judged by scenario and model, not by trial

function statusFits(trial, status) {
  if (!status) return true;
  if (ofPair.has(status)) return pairFits(status, trial.scenario, trial.model);
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
  if (status === "passed") return scored > 0 && passed === scored;
  if (status === "mixed") return passed > 0 && passed < scored;
  if (status === "failed") return passed < scored;
  if (status === "findings") return findings > 0;
  return lost > 0;
}

const MODEL = new Map(DATA.models.map((model, index) => [model.reference, index]));
const PLACE = new Map(DATA.scenarios.map((scenario, index) => [scenario.id, index]));

function pairFits(status, scenario, model) {
  if (status === "worse" || status === "better") return Boolean(DATA.moved[model] && DATA.moved[model][scenario] === status);
  const row = DATA.cells[MODEL.get(model)];
  const cell = row && row[PLACE.get(scenario)];
  return Boolean(cell) && cellFits(status, cell);
}

function judgedPairs(status) {
  if (!status) return null;
  const pairs = new Set();
  for (const model of DATA.models) {
    for (const scenario of DATA.scenarios) {
      if (pairFits(status, scenario.id, model.reference)) pairs.add(`${scenario.id}\n${model.reference}`);
    }
  }
  return pairs;
}

// The models' pass rates on what the filters leave; no test, so no interval is claimed.
function tellFiltered(scenarios, models) {
  const whole = scenarios.length === DATA.scenarios.length;
  const line = document.getElementById("filtered");
  const told = models.flatMap((model) => {
    const sums = scenarios.reduce(([passed, scored], at) => [passed + DATA.cells[model][at][0], scored + DATA.cells[model][at][1]], [0, 0]);
    return [el("span", {}, DATA.models[model].reference, " ", el("b", {}, sums[1] ? `${((100 * sums[0]) / sums[1]).toFixed(1)}%` : "n/a"))];
  });
  line.replaceChildren(...(whole ? [] : [el("span", {}, `${plural(scenarios.length, "scenario")}, trials passed:`), ...told]));
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
  const judged = judgedPairs(want.status);
  const kept = judged ? scenarios.filter((at) => models.some((model) => judged.has(`${DATA.scenarios[at].id}\n${DATA.models[model].reference}`))) : scenarios;
  tellFiltered(scenarios, models);
  drawHeatmap(kept, models, judged);
}

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
apply();
