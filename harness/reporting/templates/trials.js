// The list of failing trials: a page of entries at a time, each filled when it is first opened.

const PAGE = 40;
const list = document.getElementById("trial-list");
const more = document.getElementById("more");
let matching = DATA.trials;
let visible = 0;

function firstReason(trial) {
  if (trial.fault) return trial.fault;
  const failed = Object.values(trial.scores).find((score) => score.passed === false || score.error);
  if (failed) return failed.reason || failed.error || "";
  return trial.problems[0] || "";
}

function kindOf(trial) {
  if (trial.status !== "scored") return el("span", { class: "kind lost" }, trial.status);
  const findings = findingsOf(trial);
  return findings.length ? el("span", { class: "kind" }, plural(findings.length, "finding")) : null;
}

function entry(trial) {
  const nth = `${trial.index + 1} of ${DATA.trialsEach}`;
  const node = el("details", { class: "trial" }, el("summary", {},
    el("span", { class: "name" }, trial.scenario), el("span", { class: "by" }, trial.model),
    el("span", { class: "nth", title: "trial" }, nth), el("span", { class: "why" }, kindOf(trial), firstReason(trial))));
  node.addEventListener("toggle", () => {
    if (node.open && node.children.length === 1) node.append(trialDetail(trial));
  });
  return node;
}

function showMore(upTo) {
  const until = Math.min(matching.length, Math.max(upTo || 0, visible + PAGE));
  list.append(...matching.slice(visible, until).map(entry));
  visible = until;
  more.hidden = visible >= matching.length;
  more.textContent = `Show more (${matching.length - visible} left)`;
}

function listTrials(keep) {
  matching = DATA.trials.filter(keep);
  visible = 0;
  list.replaceChildren();
  const left = DATA.leftOut ? ` ${plural(DATA.leftOut, "further failing trial")} not in this page; results.jsonl has every one.` : "";
  document.getElementById("trials-count").textContent = DATA.trials.length
    ? `${plural(matching.length, "failing trial")} ${matching.length === DATA.trials.length ? "" : `of ${DATA.trials.length} match the filters`}`.trim() + `.${left}`
    : "";
  if (!matching.length) list.append(el("p", { class: "nothing" }, DATA.trials.length ? "No failing trial matches the filters." : "No trial failed."));
  showMore();
}

// Open the first failing trial of a pair; false when the page does not hold one.
function openTrial(scenario, model) {
  const at = matching.findIndex((trial) => trial.scenario === scenario && trial.model === model);
  if (at < 0) return false;
  if (at >= visible) showMore(at + 1);
  const node = list.children[at];
  node.open = true;
  node.scrollIntoView({ block: "start" });
  node.querySelector("summary").focus({ preventScroll: true });
  return true;
}

more.addEventListener("click", () => showMore());
