# SPDX-License-Identifier: Apache-2.0
"""llama.cpp on the machine itself, to be measured beside the engines of the browser.

Usage: python native.py MODEL THREADS CONTEXT
In: a line of JSON for each text to write: {"prompt", "tokens"}. Out: the version, with the instruction sets that
llama.cpp found here; then a line for each text: llama.cpp's own timings, and the processor's seconds that this process
took until the first token, and for the whole text.
"""

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import xllamacpp


model, threads, context = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params = xllamacpp.CommonParams()
params.model.path = model
params.n_ctx = context
params.n_parallel = 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
server = xllamacpp.Server(params)
found = [part.split(" = ")[0] for part in xllamacpp.get_system_info().split(": ", 1)[-1].split(" | ") if " = 1" in part]
print(json.dumps({"version": version("xllamacpp"), "instructions": found}), flush=True)


def write(prompt: str, tokens: int) -> dict[str, Any]:
    """Return what llama.cpp writes and its timings, with the processor's seconds until the first token and in all.

    Both are of one run, so that what comes between them, and is what writing takes, is never below zero.
    """
    texts: list[str] = []
    timings: dict[str, float] = {}
    seconds: list[float] = []

    def on_chunk(chunk: dict[str, Any]) -> None:
        seconds.append(time.process_time() - before)
        texts.append(chunk["choices"][0]["text"])
        timings.update(chunk.get("timings", {}))

    options = {"temperature": 0, "cache_prompt": False, "ignore_eos": True, "stream": True}
    before = time.process_time()
    server.handle_completions({"prompt": prompt, "n_predict": tokens, **options}, on_chunk)
    return {"text": "".join(texts), **timings, "first_seconds": seconds[0], "whole_seconds": seconds[-1]}


for line in sys.stdin:
    job = json.loads(line)
    print(json.dumps(write(job["prompt"], job["tokens"])), flush=True)
