"use strict";
// What all parts share: the run's data, and how to make elements. Text is only ever set as text.

const DATA = JSON.parse(document.getElementById("run-data").textContent);
const SCENARIO = new Map(DATA.scenarios.map((scenario) => [scenario.id, scenario]));

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function spelled(value) {
  if (value === undefined) return "";
  return JSON.stringify(value);
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [`$${key}`, sorted(value[key])]));
}

function sameJson(left, right) {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function plural(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
