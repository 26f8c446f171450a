// Golden and actual steps side by side: steps are paired in order by action, inputs by name.

function stepsOf(document) {
  if (!document) return null;
  const plan = document.plan || document;
  return Array.isArray(plan.steps) ? plan.steps : null;
}

function bareAction(step) {
  return String(step.action).split("@")[0];
}

// The longest common subsequence by action; what is between two pairs is paired as left over.
function pairedSteps(golden, actual) {
  const length = golden.map(() => new Array(actual.length + 1).fill(0));
  length.push(new Array(actual.length + 1).fill(0));
  for (let i = golden.length - 1; i >= 0; i--) {
    for (let j = actual.length - 1; j >= 0; j--) {
      const same = bareAction(golden[i]) === bareAction(actual[j]);
      length[i][j] = same ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  const pairs = [];
  let i = 0;
  let j = 0;
  while (i < golden.length || j < actual.length) {
    const both = i < golden.length && j < actual.length;
    if (both && bareAction(golden[i]) === bareAction(actual[j])) pairs.push([golden[i++], actual[j++], j - 1]);
    else if (j >= actual.length || (both && length[i + 1][j] >= length[i][j + 1])) pairs.push([golden[i++], null, null]);
    else pairs.push([null, actual[j], j++]);
  }
  return pairs;
}

function inputLine(name, value, sign, tone, title) {
  return el("div", { class: `input ${tone}`, title }, el("span", { "aria-label": title }, sign),
    el("span", { class: "key" }, name), el("span", { class: "value" }, spelled(value)));
}

function inputLines(own, other, actualSide) {
  if (!other) return Object.entries(own).map(([name, value]) => inputLine(name, value, "", "", null));
  return Object.entries(own).map(([name, value]) => {
    const tone = actualSide ? "wrong" : "wanted";
    if (!Object.hasOwn(other, name)) {
      return actualSide ? inputLine(name, value, "+", tone, "not expected") : inputLine(name, value, "−", tone, "missing in the proposal");
    }
    if (sameJson(value, other[name])) return inputLine(name, value, "", "", null);
    return inputLine(name, value, "≠", tone, actualSide ? "differs from the golden value" : "the proposal differs");
  });
}

function stepCard(step, other, side, outcome) {
  if (!step) {
    const text = side === "Proposed" ? "no such step proposed" : "no such step expected";
    return el("div", { class: "step gap", "data-side": side }, text);
  }
  const actualSide = side === "Proposed";
  const lines = inputLines(step.inputs || {}, other ? other.inputs || {} : null, actualSide);
  const differs = !other || !sameJson(step.inputs || {}, other.inputs || {});
  const ended = outcome ? el("span", { class: `ended ${outcome.status}` }, String(outcome.status).replace("_", " ")) : null;
  return el("div", { class: `step${actualSide && differs ? " differs" : ""}`, "data-side": side },
    ended, el("div", { class: "action" }, String(step.action)), ...lines);
}

function otherAnswer(document, side) {
  if (!document) return el("div", { class: "step gap", "data-side": side }, "nothing usable was proposed");
  const lines = Object.entries(document).map(([name, value]) => inputLine(name, value, "", "", null));
  return el("div", { class: "step", "data-side": side }, ...lines);
}

function comparison(golden, proposal, outcome) {
  const wanted = stepsOf(golden);
  const found = stepsOf(proposal);
  const mode = wanted && golden.mode ? el("span", { class: "quiet" }, ` golden plan, mode ${golden.mode}`) : null;
  const grid = el("div", { class: "pair" }, el("h4", {}, "Expected", mode), el("h4", { class: "second" }, "Proposed", wanted && found ? el("span", { class: "quiet" }, " marks compare with the golden example; scorers may accept more") : null));
  if (wanted && found) {
    for (const [left, right, index] of pairedSteps(wanted, found)) {
      const ended = index === null || !outcome ? null : outcome.steps[index];
      grid.append(stepCard(left, right, "Expected", null), stepCard(right, left, "Proposed", ended));
    }
    return grid;
  }
  const side = (steps, document, name) => el("div", {}, ...(steps
    ? steps.map((step, index) => stepCard(step, null, name, name === "Proposed" && outcome ? outcome.steps[index] : null))
    : [otherAnswer(document, name)]));
  grid.append(side(wanted, golden, "Expected"), side(found, proposal, "Proposed"));
  return grid;
}
