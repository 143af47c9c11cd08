// SPDX-License-Identifier: Apache-2.0
/**
 * `node scripts/bench-header.mjs`: how long it takes to parse the header of a GGUF file with a large vocabulary, in Pyodide
 * under V8, in seconds.
 *
 * In: nothing; set-up must have been run (`node scripts/setup.mjs`). Out: for each vocabulary the file's size, and the best and
 * the median of several times. The tokens are made up, as long as those of real vocabularies are, some of them beyond ASCII.
 */
import "./lib/node-version.mjs";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadPyodide } from "pyodide";
import { PUBLIC, ROOT } from "./lib/paths.mjs";
import { Problem } from "./lib/problem.mjs";

const ROUNDS = 7;

const PROGRAM = `
import random, sys, time
sys.path[:0] = ["/source/py", "/source/tests"]
import numpy as np
from fixtures.gguf_writer import write
from taleproof.formats import parse
from taleproof.io.reader import BytesBlob

random.seed(1)

def token(index):
    text = "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(1, 10)))
    return ("▁" if index % 3 else "") + text + ("é" if index % 10 == 0 else "") + (chr(0x4E00 + index % 20000) if index % 7 == 0 else "")

def keys(tokens, merges):
    words = [token(index) for index in range(tokens)]
    found = {"general.architecture": "llama", "tokenizer.ggml.tokens": words}
    found["tokenizer.ggml.token_type"] = np.ones(tokens, "<i4")
    if merges:
        pairs = [words[index % tokens] + " " + words[index * 7 % tokens] for index in range(merges)]
        return found | {"tokenizer.ggml.merges": pairs}
    return found | {"tokenizer.ggml.scores": np.zeros(tokens, "<f4")}

def measure(tokens, merges):
    data = write(keys(tokens, merges), [])
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        parse(BytesBlob(data))
        times.append(time.perf_counter() - start)
    return len(data), min(times), sorted(times)[rounds // 2]

[[name, *measure(tokens, merges)] for name, tokens, merges in (
    ("262,144 tokens with scores", 262_144, 0),
    ("151,936 tokens, 151,387 merges", 151_936, 151_387),
    ("49,152 tokens, 48,900 merges", 49_152, 48_900),
)]
`;

const python = await loadPyodide({ packages: [] });
const folder = join(PUBLIC, "pyodide");
const numpy = readdirSync(folder).find((name) => name.startsWith("numpy-"));
if (numpy === undefined)
  throw new Problem("not-set-up", `There is no NumPy in ${folder}. Run node scripts/setup.mjs first.`);
python.unpackArchive(new Uint8Array(readFileSync(join(folder, numpy))), "whl");
python.FS.mkdir("/source");
python.FS.mount(python.FS.filesystems.NODEFS, { root: ROOT }, "/source");
python.globals.set("rounds", ROUNDS);
/** @type {[name: string, size: number, best: number, median: number][]} */
const measured = python.runPython(PROGRAM).toJs();
for (const [name, size, best, median] of measured) {
  const megabytes = (size / 1e6).toFixed(1).padStart(6);
  console.log(
    `${name.padEnd(34)}${megabytes} MB   best ${best.toFixed(3)} s   median ${median.toFixed(3)} s`,
  );
}
