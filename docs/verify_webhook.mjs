// Verify a webhook of Plangate, or of any sender that follows Standard Webhooks 1.0.
//
// A single file to copy into a receiver; it needs nothing but Node 18 or newer. In a receiver:
//
//   import { NotVerified, verify } from "./verify_webhook.mjs";
//   const messageId = verify(rawBody, request.headers, { keys: ["whsec_…"] }); // NotVerified: 400
//
// `messageId` is equal in every attempt: remember it, and drop what you have seen before. Pass the
// bytes as they came, not JSON that was read and written again.
//
// As a command, with the headers in a file, one `name: value` a line, and the body from the input:
//
//   node verify_webhook.mjs --key whsec_… --headers headers.txt < body.json

import { createHmac, createPublicKey, timingSafeEqual, verify as fits } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const TOLERANCE_S = 300;
const MOST_SIGNATURES = 32;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
// What stands before the 32 bytes of an ed25519 key in DER (RFC 8410).
const DER_START = Buffer.from("302a300506032b6570032100", "hex");

/** Reports a message that must not be believed, and why. */
export class NotVerified extends Error {}

/**
 * Return the id of a message that one of the keys signed, lately.
 *
 * body: a Buffer or a string, as it came. headers: of node's request, of fetch, or a plain object.
 * keys: `whsec_…` or `whpk_…`, several while one replaces another. nowS and toleranceS: seconds.
 * Throws NotVerified, or Error where a key can't be read.
 */
export function verify(body, headers, { keys, nowS = Date.now() / 1000, toleranceS = TOLERANCE_S }) {
  const found = lowerCased(headers);
  const messageId = found.get("webhook-id") ?? "";
  const instant = found.get("webhook-timestamp") ?? "";
  if (!/^[!-~]{1,256}$/.test(messageId) || messageId.includes(".")) {
    throw new NotVerified("webhook-id is missing or not one");
  }
  if (!/^[1-9][0-9]{0,10}$/.test(instant)) {
    throw new NotVerified("webhook-timestamp is missing or not in seconds since 1970");
  }
  const ageS = nowS - Number(instant);
  if (Math.abs(ageS) > toleranceS) {
    throw new NotVerified(`signed ${ageS.toFixed(0)} s ago, expected at most ${toleranceS} s`);
  }
  const signed = Buffer.concat([Buffer.from(`${messageId}.${instant}.`), Buffer.from(body)]);
  const given = (found.get("webhook-signature") ?? "").split(" ").slice(0, MOST_SIGNATURES);
  // Every key is tried, so that the time tells nothing.
  if (keys.filter((key) => signedBy(key, signed, given)).length === 0) {
    throw new NotVerified("no signature fits a key");
  }
  return messageId;
}

function lowerCased(headers) {
  const pairs = typeof headers.entries === "function" ? headers.entries() : Object.entries(headers);
  return new Map([...pairs].map(([name, value]) => [name.toLowerCase(), String(value)]));
}

function signedBy(key, signed, given) {
  if (key.startsWith("whpk_")) {
    const raw = keyBytes(key, "whpk_", 32, 32);
    const der = Buffer.concat([DER_START, raw]);
    const publicKey = createPublicKey({ key: der, format: "der", type: "spki" });
    return made("v1a", given).some((item) => fits(null, signed, publicKey, item));
  }
  if (key.startsWith("whsk_")) {
    throw new Error("the key is a private one (whsk_), expected the public half (whpk_)");
  }
  const expected = createHmac("sha256", keyBytes(key, "whsec_", 24, 64)).update(signed).digest();
  return made("v1", given).some(
    (item) => item.length === expected.length && timingSafeEqual(item, expected),
  );
}

function keyBytes(key, prefix, fewest, most) {
  const text = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  if (!BASE64.test(text)) {
    throw new Error(`the key is no base64, expected ${prefix} and base64`);
  }
  const raw = Buffer.from(text, "base64");
  if (raw.length < fewest || raw.length > most) {
    throw new Error(`the key has ${raw.length} bytes, expected ${fewest} to ${most}`);
  }
  return raw;
}

/** Return the signatures of a version; what is no base64 is none. */
function made(version, given) {
  const start = `${version},`;
  return given
    .filter((item) => item.startsWith(start) && BASE64.test(item.slice(start.length)))
    .map((item) => Buffer.from(item.slice(start.length), "base64"));
}

function main() {
  const { values } = parseArgs({
    options: {
      key: { type: "string", multiple: true },
      headers: { type: "string" },
      at: { type: "string" },
    },
  });
  if (!values.key || !values.headers) {
    throw new Error("expected --key whsec_… and --headers FILE");
  }
  const lines = readFileSync(values.headers, "utf8").split(/\r?\n/);
  const pairs = lines.filter((line) => line.includes(":")).map((line) => {
    const end = line.indexOf(":");
    return [line.slice(0, end).trim(), line.slice(end + 1).trim()];
  });
  const options = { keys: values.key };
  if (values.at !== undefined) {
    options.nowS = Number(values.at);
  }
  return verify(readFileSync(0), Object.fromEntries(pairs), options);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`verified: ${main()}\n`);
  } catch (error) {
    process.stdout.write(`not verified: ${error.message}\n`);
    process.exitCode = 1;
  }
}
