// SPDX-License-Identifier: Apache-2.0
/**
 * Starts Python once, and writes its memory to a file, so that no browser has to start it again.
 *
 * Usage: node scripts/snapshot_python.mjs TARGET
 * In: the pyodide package of node_modules. Out: the memory of a Python that has just started and has imported the parts of
 * the standard library that the engine needs, packed with gzip. Starting from it takes a browser a tenth of the time.
 */
import { gzipSync } from "node:zlib";
import { loadPyodide } from "pyodide";
import { writeWhole } from "./lib/stamp.mjs";

/** As in web/engine/python/python.ts: what Python is told at its start is part of its memory. */
const ENVIRONMENT = { HOME: "/home/pyodide", PYTHONHASHSEED: "0" };

const MODULES = [
  ...[
    "ctypes",
    "datetime",
    "decimal",
    "email",
    "hashlib",
    "html.parser",
    "importlib.metadata",
    "ipaddress",
    "mmap",
  ],
  ...[
    "numbers",
    "pickle",
    "platform",
    "random",
    "secrets",
    "sysconfig",
    "tarfile",
    "unicodedata",
    "urllib.parse",
  ],
];

const [, , target = ""] = process.argv;
// Python takes this for its own name, and keeps it: the folder that set-up ran in is nobody's business.
process.argv[1] = "python";

/** 2020-01-01. A clock that stands still and randomness that is none: what Python keeps of either is in its memory too. */
const NOW = 1_577_836_800_000;
Date.now = () => NOW;
performance.now = () => 0;
Math.random = () => 0.5;
crypto.getRandomValues = (array) => {
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).fill(0);
  return array;
};

const python = await loadPyodide({ packages: [], env: ENVIRONMENT, _makeSnapshot: true });
python.runPython(`import ${MODULES.join(", ")}\nrandom.seed(0)`);
writeWhole(target, gzipSync(python.makeMemorySnapshot()));
