// Two runs side by side: a row a scenario and model, opened on demand.

const PAGE = 60;
const rowList = document.getElementById("rows");
const more = document.getElementById("more");
const form = document.getElementById("filters");
const WORDS = { worse: "worse", better: "better", mixed: "other trials passed", plan: "other plan", text: "other text", "base only": "base only", "head only": "head only", same: "same" };
const SEVERAL = DATA.models.length > 1;
let matching = [];
let visible = 0;

function tally(side) {
  if (!side) return "–";
  const lost = side.lost ? `, ${side.lost} lost` : "";
  return side.scored ? `${side.passed} of ${side.scored}${lost}` : `none${lost}`;
}

function signed(value, digits, before, after) {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? "" : `${value > 0 ? "+" : "−"}${before}${text}${after}`;
}

function stepsSide(step, other, side) {
  if (!step) return el("div", { class: "step gap", "data-side": side }, side.startsWith("Base") ? "no such step before" : "the step is gone");
  const own = step.inputs || {};
  const others = other ? other.inputs || {} : null;
  const lines = Object.entries(own).map(([name, value]) => {
    if (!others || (Object.hasOwn(others, name) && sameJson(value, others[name]))) return inputLine(name, value, "", "", null);
    const tone = side.startsWith("Base") ? "wanted" : "wrong";
    const sign = Object.hasOwn(others, name) ? "≠" : side.startsWith("Base") ? "−" : "+";
    return inputLine(name, value, sign, tone, "changed");
  });
  const changed = !other || !sameJson(own, others) || step.action !== other.action;
  return el("div", { class: `step${changed ? " changed" : ""}`, "data-side": side }, el("div", { class: "action" }, String(step.action)), ...lines);
}

function wholeAnswer(trial, side) {
  const steps = stepsOf(trial.proposal);
  if (steps) return el("div", {}, ...steps.map((step) => stepsSide(step, null, side)));
  if (trial.fault) return el("div", { class: "step gap", "data-side": side }, trial.fault);
  return el("div", {}, otherAnswer(trial.proposal, side));
}

function sideOf(name, trial) {
  return trial.status === "scored" ? `${name}, ${trial.passed ? "passed" : "failed"}` : `${name}, ${trial.status}`;
}

function besides(base, head) {
  const [before, after] = [sideOf("Base", base), sideOf("Head", head)];
  const grid = el("div", { class: "pair" }, el("h4", {}, "Base ", verdictOf(base)), el("h4", { class: "second" }, "Head ", verdictOf(head)));
  const then = stepsOf(base.proposal);
  const now = stepsOf(head.proposal);
  if (then && now) {
    for (const [left, right] of pairedSteps(then, now)) grid.append(stepsSide(left, right, before), stepsSide(right, left, after));
  } else grid.append(wholeAnswer(base, before), wholeAnswer(head, after));
  return grid;
}

function verdictOf(trial) {
  if (trial.status !== "scored") return el("span", { class: "quiet" }, trial.status);
  return el("span", { class: trial.passed ? "yes" : "no" }, trial.passed ? "✓ passed" : "✕ failed");
}

function reasons(trial, side) {
  const failed = Object.entries(trial.scores).filter(([, score]) => score.passed === false || score.error);
  if (!failed.length) return null;
  return el("div", {}, el("h4", {}, `Why ${side} failed`), el("ul", { class: "plain-list" },
    ...failed.map(([name, score]) => el("li", {}, el("strong", {}, name), ` ${score.reason || score.error || ""}`))));
}

function movedFigures(row) {
  const lines = row.scores.map(([name, then, now]) => [name, then === null ? "–" : String(then), now === null ? "–" : String(now)]);
  if (row.base && row.head) {
    if (row.base.cost !== null && row.head.cost !== null && row.base.cost !== row.head.cost) lines.push(["cost of a trial", `$${(row.base.cost / 1e6).toFixed(5)}`, `$${(row.head.cost / 1e6).toFixed(5)}`]);
    if (row.base.latency !== null && row.head.latency !== null) lines.push(["latency", `${row.base.latency.toFixed(2)} s`, `${row.head.latency.toFixed(2)} s`]);
  }
  if (!lines.length) return null;
  const head = el("thead", {}, el("tr", {}, ...["", "Base", "Head"].map((name) => el("th", { scope: "col", class: name ? "number" : null }, name))));
  const body = lines.map(([name, then, now]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: "number" }, then), el("td", { class: "number" }, now)));
  return el("div", { class: "scroll" }, el("table", { class: "figures" }, head, el("tbody", {}, ...body)));
}

function opened(row) {
  const scenario = SCENARIO.get(row.scenario);
  const place = el("p", { class: "hint" }, scenario ? `${scenario.reason} ` : "", scenario ? el("code", {}, `${scenario.file}:${scenario.line}`) : null);
  if (!row.headTrial) return el("div", { class: "inside" }, place, el("p", { class: "quiet" }, row.change === "same" ? "Verdicts and plans are the same in every trial." : "No pair of trials of it is held in this page."), movedFigures(row));
  place.append(` · trial ${row.index + 1}, which differs most`);
  return el("div", { class: "inside" }, el("div", {}, el("blockquote", { class: "said" }, row.message), place), besides(row.baseTrial, row.headTrial),
    reasons(row.baseTrial, "the base"), reasons(row.headTrial, "the head"), movedFigures(row));
}

function entry(row) {
  const latency = row.base && row.head && row.base.latency !== null && row.head.latency !== null ? signed(row.head.latency - row.base.latency, 2, "", " s") : "";
  const cost = row.base && row.head && row.base.cost !== null && row.head.cost !== null && row.base.cost !== row.head.cost ? signed((row.head.cost - row.base.cost) / 1e6, 5, "$", "") : "";
  const node = el("details", { class: "row" }, el("summary", {},
    el("span", { class: "name" }, row.scenario, SEVERAL ? el("span", { class: "small" }, row.model) : null),
    el("span", { class: `change ${row.change.replace(" ", "-")}` }, WORDS[row.change]),
    el("span", { class: "tallies" }, `${tally(row.base)} → ${tally(row.head)}`),
    el("span", { class: "figures-moved" }, [cost, latency].filter(Boolean).join(" · "))));
  node.addEventListener("toggle", () => {
    if (node.open && node.children.length === 1) node.append(opened(row));
  });
  return node;
}

function textOf(row) {
  return `${row.scenario} ${row.message || ""} ${JSON.stringify([row.baseTrial && row.baseTrial.proposal, row.headTrial && row.headTrial.proposal])}`.toLowerCase();
}

function showMore() {
  const until = Math.min(matching.length, visible + PAGE);
  rowList.append(...matching.slice(visible, until).map(entry));
  visible = until;
  more.hidden = visible >= matching.length;
  more.textContent = `Show more (${matching.length - visible} left)`;
}

function apply() {
  const want = Object.fromEntries(new FormData(form));
  const text = want.text.trim().toLowerCase();
  matching = DATA.rows.filter((row) => (want.all || row.change !== "same") && (!want.change || row.change === want.change)
    && (!want.model || row.model === want.model) && (!text || textOf(row).includes(text)));
  visible = 0;
  rowList.replaceChildren();
  const left = DATA.leftOut ? ` Of ${plural(DATA.leftOut, "row")} the plans did not fit into this page.` : "";
  document.getElementById("count").textContent = `${plural(matching.length, "row")} of ${DATA.rows.length}. Passed trials, base → head; cost and latency of one trial.${left}`;
  if (!matching.length) rowList.append(el("p", { class: "nothing" }, "No scenario matches the filters."));
  showMore();
}

let waiting = 0;
form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(apply, 120); });
form.addEventListener("reset", () => setTimeout(apply, 0));
form.addEventListener("submit", (event) => event.preventDefault());
more.addEventListener("click", showMore);
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (event.key === "/" && !typing) { event.preventDefault(); form.elements.text.focus(); }
  if (event.key === "Escape" && typing) form.reset();
  const rows = [...rowList.querySelectorAll("summary")];
  const at = rows.indexOf(event.target);
  if (at < 0 || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  event.preventDefault();
  const next = rows[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (next) next.focus();
});
apply();
