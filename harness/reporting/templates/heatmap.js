// The heat map: scenarios run from left to right and wrap, each model has its line in every block.

const map = document.getElementById("heatmap");
const readout = document.getElementById("readout");
const NARROW = 700;
let rows = []; // every line of cells from top to bottom, for the arrow keys
let current = null;

function pairText(scenario, model, [passed, scored, findings, lost]) {
  const verdict = scored ? `${passed} of ${plural(scored, "trial")} passed` : "not scored";
  const extra = [findings ? plural(findings, "governance finding") : "", lost ? `${lost} lost` : ""].filter(Boolean);
  return `${scenario.id} · ${model.reference} · ${[verdict, ...extra].join(", ")}`;
}

function heatCell(place, cell, judged) {
  const [passed, scored, findings] = cell;
  const scenario = DATA.scenarios[place.scenario];
  const text = pairText(scenario, DATA.models[place.model], cell);
  const dim = judged && !judged.has(`${scenario.id}\n${DATA.models[place.model].reference}`);
  const classes = ["heat", scored ? "" : "none", findings ? "finding" : "", dim ? "dim" : ""].filter(Boolean).join(" ");
  const node = el("button", { type: "button", role: "gridcell", class: classes, tabindex: "-1", title: text, "aria-label": text });
  if (scored) node.style.setProperty("--share", `${(100 * passed) / scored}%`);
  node.dataset.scenario = place.scenario;
  node.dataset.model = place.model;
  return node;
}

function drawBlock(indexes, models, judged) {
  const block = el("div", { class: "block", role: "presentation" });
  for (const model of models) {
    const who = DATA.models[model].reference;
    const cells = indexes.map((scenario) => heatCell({ scenario, model }, DATA.cells[model][scenario], judged));
    rows.push(cells);
    block.append(el("div", { class: "line", role: "row" }, el("span", { class: "who", role: "rowheader", title: who }, who), ...cells));
  }
  return block;
}

// Cells grow where the longest suite leaves room, and wrap where it does not.
function cellsAcross(longestSuite) {
  const narrow = window.innerWidth <= NARROW;
  const longest = Math.max(0, ...DATA.models.map((model) => model.reference.length));
  const who = Math.min(260, Math.max(90, longest * 6.6 + 12));
  map.style.setProperty("--who", `${who}px`);
  const room = map.clientWidth - (narrow ? 4 : who + 2);
  const smallest = narrow ? 22 : 18;
  const pitch = Math.max(smallest, Math.min(28, Math.floor(room / Math.max(1, longestSuite))));
  map.style.setProperty("--cell", `${pitch - 2}px`);
  return Math.max(8, Math.floor(room / pitch));
}

// Draw the scenarios and models that the filters leave; `judged` names the pairs that stay bright.
function drawHeatmap(scenarios, models, judged) {
  const suites = new Map();
  for (const index of scenarios) {
    const name = DATA.scenarios[index].suite;
    if (!suites.has(name)) suites.set(name, []);
    suites.get(name).push(index);
  }
  const across = cellsAcross(Math.max(0, ...[...suites.values()].map((indexes) => indexes.length)));
  rows = [];
  const order = models.map((model) => DATA.models[model].reference).join(", ");
  map.replaceChildren(el("p", { class: "order" }, `Lines from the top: ${order}`));
  for (const [name, indexes] of suites) {
    const suite = el("div", { class: "suite", role: "rowgroup", "aria-label": name },
      el("h3", {}, name, el("span", { class: "quiet" }, ` ${plural(indexes.length, "scenario")}`)));
    for (let from = 0; from < indexes.length; from += across) {
      suite.append(drawBlock(indexes.slice(from, from + across), models, judged));
    }
    map.append(suite);
  }
  if (!scenarios.length) map.append(el("p", { class: "nothing" }, "No scenario matches the filters."));
  current = rows.length ? rows[0][0] : null;
  if (current) current.tabIndex = 0;
}

function tell(node) {
  const scenario = DATA.scenarios[node.dataset.scenario];
  readout.replaceChildren(el("b", {}, scenario.id), node.title.slice(scenario.id.length));
}

function moveTo(node) {
  if (!node) return;
  if (current) current.tabIndex = -1;
  current = node;
  node.tabIndex = 0;
  node.focus();
}

function neighbour(node, key) {
  const row = rows.findIndex((cells) => cells.includes(node));
  const column = rows[row].indexOf(node);
  const beside = (cells) => cells && cells[Math.min(column, cells.length - 1)];
  const moves = {
    ArrowRight: () => rows[row][column + 1],
    ArrowLeft: () => rows[row][column - 1],
    ArrowDown: () => beside(rows[row + 1]),
    ArrowUp: () => beside(rows[row - 1]),
    Home: () => rows[row][0],
    End: () => rows[row][rows[row].length - 1],
  };
  return Object.hasOwn(moves, key) ? moves[key]() : undefined;
}

function choose(node) {
  const scenario = DATA.scenarios[node.dataset.scenario];
  const model = DATA.models[node.dataset.model].reference;
  map.querySelectorAll(".chosen").forEach((other) => other.classList.remove("chosen"));
  node.classList.add("chosen");
  if (openTrial(scenario.id, model)) return;
  tell(node);
  readout.append(` · no failing trial of it is shown here; the scenario is at ${scenario.file}:${scenario.line}`);
}

map.addEventListener("keydown", (event) => {
  if (!event.target.classList.contains("heat")) return;
  const next = neighbour(event.target, event.key);
  if (event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End") event.preventDefault();
  moveTo(next);
});
map.addEventListener("click", (event) => event.target.classList.contains("heat") && choose(event.target));
for (const kind of ["pointerover", "focusin"]) {
  map.addEventListener(kind, (event) => event.target.classList.contains("heat") && tell(event.target));
}
