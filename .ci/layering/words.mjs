// Canonical protos and core know no word of legacy-words.txt.
//
// Identifiers are taken apart where their letters say so (orderMD5, order_md5, OrderMd5 and ORDER_MD5 are all
// order-md-5), and a word is found where it is one or more whole parts: `posp` in PospKey, not in "disposphate".
// It reads names and prose alike, and does not look at file contents outside proto/ and core/.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import path from "node:path";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, "../..");
const PLACES = ["proto", "core"];

const partsOf = (identifier) =>
  (identifier.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g) ?? []).map((part) => part.toLowerCase());

const joined = (word) => word.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Names of other projects' modules that hold such a word without meaning it. */
const NOT_OURS = [/hyper_util::client::legacy/g];

/** The forbidden words in one line. */
function wordsIn(text, forbidden) {
  const found = new Set();
  const line = NOT_OURS.reduce((rest, name) => rest.replace(name, ""), text);
  for (const [identifier] of line.matchAll(/[A-Za-z0-9_]+/g)) {
    const parts = partsOf(identifier);
    for (let from = 0; from < parts.length; from += 1) {
      let run = "";
      for (let to = from; to < parts.length; to += 1) {
        run += parts[to];
        if (forbidden.has(run)) found.add(forbidden.get(run));
      }
    }
  }
  return [...found];
}

/** The matcher is itself held to what its head says, at every run: it can't go blind unnoticed. */
function checkMatcher() {
  const forbidden = new Map(["POSP", "orderMD5", "3DES", "legacy"].map((word) => [joined(word), word]));
  const cases = [
    ["let order_md5 = 1;", ["orderMD5"]],
    ["struct OrderMd5;", ["orderMD5"]],
    ["ORDER_MD5 ordermd5 orderMD5", ["orderMD5"]],
    ["the POSP's key", ["POSP"]],
    ["fn PospKey()", ["POSP"]],
    ["string posp_key = 1;", ["POSP"]],
    ["// taken off (3DES)", ["3DES"]],
    ["use hyper_util::client::legacy::Client; // legacy", ["legacy"]],
    ["use hyper_util::client::legacy::Client;", []],
    ["disposphate, order, md5, code_md5, DES", []],
  ];
  for (const [line, expected] of cases) {
    const got = wordsIn(line, forbidden);
    if (got.join() !== expected.join()) fail(`the matcher finds [${got}] in "${line}", not [${expected}]`);
  }
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}

checkMatcher();

const words = readFileSync(path.join(here, "legacy-words.txt"), "utf8")
  .split("\n")
  .map((line) => line.trim())
  .filter((line) => line !== "" && !line.startsWith("#"));
if (words.length === 0) fail("legacy-words.txt holds no word");
const forbidden = new Map(words.map((word) => [joined(word), word]));

const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...PLACES], {
  cwd: root,
  encoding: "utf8",
});
const files = [...new Set(listed.split("\0"))].filter((file) => file !== "" && existsSync(path.join(root, file)));
for (const place of PLACES) {
  if (!files.some((file) => file.startsWith(`${place}/`))) fail(`there is no file under ${place}/`);
}
if (!files.some((file) => file.endsWith(".proto"))) fail("there is no canonical proto");

let hits = 0;
for (const file of files) {
  const lines = [file, ...readFileSync(path.join(root, file), "utf8").split("\n")];
  lines.forEach((line, number) => {
    for (const word of wordsIn(line, forbidden)) {
      console.error(`${file}:${number}: "${word}": ${line.trim().slice(0, 120)}`);
      hits += 1;
    }
  });
}
if (hits > 0) fail(`${hits} uses of legacy words where the canonical contract or the core must not know them`);
console.log(`${files.length} files know none of ${words.length} words`);
