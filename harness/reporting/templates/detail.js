// One failing trial, opened: what was said, expected, proposed, refused, scored and answered.

const EARLIER = { "multi-turn": "an earlier conversation", memory: "facts remembered from earlier sessions", correction: "a correction of an earlier turn", attachment: "an attachment" };
const PATCH_WORDS = { add: "too much", remove: "missing", replace: "differs" };

function part(title, ...content) {
  return el("div", {}, el("h4", {}, title), ...content);
}

function listing(title, lines) {
  if (!lines.length) return null;
  return part(title, el("ul", { class: "plain-list" }, ...lines.map((line) => el("li", {}, ...[].concat(line)))));
}

function said(trial) {
  const scenario = SCENARIO.get(trial.scenario) || { tags: [], reason: "", file: "", line: 0 };
  const told = DATA.told[trial.scenario] || { message: "" };
  const builtOn = scenario.tags.filter((tag) => EARLIER[tag]).map((tag) => EARLIER[tag]);
  const hint = builtOn.length ? `Builds on ${builtOn.join(" and ")}; the scenario file has it. ` : "";
  return el("div", {}, el("blockquote", { class: "said" }, told.message),
    el("p", { class: "hint" }, `${hint}${scenario.reason} `, el("code", {}, `${scenario.file}:${scenario.line}`)));
}

function refusalPanel(refusal, place) {
  if (!refusal) return null;
  const rows = [["expected", refusal.expected], ["found", spelled(refusal.found)], ["remedy", refusal.remedy]];
  return el("div", { class: "refusal" },
    el("strong", {}, `${place} refused by ${refusal.guard}: `), el("code", {}, String(refusal.code)),
    el("dl", {}, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value ?? ""))])));
}

function refusals(outcome) {
  if (!outcome) return null;
  const steps = outcome.steps.map((step, index) => refusalPanel(step.refusal, `Step ${index + 1} ${step.action}`)).filter(Boolean);
  const panels = steps.length ? steps : [refusalPanel(outcome.refusal, "Plan")].filter(Boolean); // the plan's repeats the step's
  return panels.length ? el("div", {}, ...panels) : null;
}

function engineExpectation(golden) {
  if (!golden) return null;
  const lines = [];
  if (golden.refusal) {
    const { code, step, limit, expected } = golden.refusal;
    const where = step ? ` at step ${step}` : "";
    const whose = limit ? `, by the limit ${limit.scope} ${limit.measure}` : "";
    const words = expected === undefined ? "" : `, wanting ${spelled(expected)}`;
    lines.push(["the plan is refused with ", el("code", {}, code), `${where}${whose}${words}`]);
  }
  for (const item of golden.redacted || []) lines.push(`the record hides ${item.inputs.join(", ")} of step ${item.step}`);
  return listing("Expected of the engine", lines);
}

function stateDifference(trial) {
  const lines = trial.state_diff.map((operation) => [
    el("b", {}, PATCH_WORDS[operation.op] || operation.op), ` ${operation.path}`,
    "value" in operation ? ` = ${spelled(operation.value)}` : ""]);
  if (trial.state_diff_left_out) lines.push([`and ${plural(trial.state_diff_left_out, "more operation")}`]);
  const list = listing("Final state, compared with the golden one", lines);
  if (list) list.classList.add("patch");
  return list;
}

function scoreTable(scores) {
  const rows = Object.entries(scores).map(([name, score]) => {
    const verdict = score.passed === true ? ["yes", "✓ passed"] : score.passed === false ? ["no", "✕ failed"] : ["quiet", "informs"];
    return el("tr", {}, el("td", {}, name), el("td", { class: verdict[0] }, verdict[1]),
      el("td", { class: "number" }, score.value === null ? "–" : String(Math.round(score.value * 1000) / 1000)),
      el("td", {}, score.error ? `scorer failed: ${score.error}` : score.reason || ""));
  });
  if (!rows.length) return null;
  return part("Scores", el("div", { class: "scroll" }, el("table", { class: "marks" }, el("tbody", {}, ...rows))));
}

function findingsOf(trial) {
  return (trial.scores.governance && trial.scores.governance.findings) || [];
}

function meta(trial) {
  const cost = trial.cost_micros === null ? "unknown" : `$${(trial.cost_micros / 1e6).toFixed(4)}`;
  const rows = [["answered by", trial.answered_by || "–"], ["seed", trial.seed],
    ["calls", `${trial.calls}, of them ${plural(trial.repairs, "repair")}; ${plural(trial.retries, "repeated request")}`],
    ["tokens", `${trial.prompt_tokens} in, ${trial.completion_tokens} out`], ["cost", cost], ["latency", `${trial.latency_s.toFixed(2)} s`]];
  return el("dl", { class: "meta" }, ...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, String(value)))));
}

function trialDetail(trial) {
  const told = DATA.told[trial.scenario] || { golden: null };
  const lost = trial.status !== "scored";
  const findings = findingsOf(trial).map((finding) => [
    el("strong", {}, finding.kind), finding.step === null ? ": " : ` in step ${finding.step + 1}: `, finding.message]);
  const raw = trial.answer
    ? el("details", { class: "fold" }, el("summary", {}, "The model’s last answer"), el("pre", { class: "raw", tabindex: "0" }, trial.answer)) : null;
  const parts = [said(trial), trial.fault ? part("Fault", el("p", {}, trial.fault)) : null,
    lost && !trial.proposal ? null : comparison(told.golden, trial.proposal, trial.outcome),
    engineExpectation(told.golden), refusals(trial.outcome), listing("Governance findings", findings), stateDifference(trial), scoreTable(trial.scores),
    listing("Problems with the last answer", trial.problems), listing("Authority that the model claimed; removed", trial.dropped), raw, meta(trial)];
  return el("div", { class: "inside" }, ...parts);
}
