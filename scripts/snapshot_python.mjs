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

/** As in web/engine/python.ts: what Python is told at its start is part of its memory. */
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

const python = await loadPyodide({ packages: [], env: ENVIRONMENT, _makeSnapshot: true });
python.runPython(`import ${MODULES.join(", ")}`);
writeWhole(process.argv[2], gzipSync(python.makeMemorySnapshot()));
