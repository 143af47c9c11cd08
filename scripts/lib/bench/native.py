# SPDX-License-Identifier: Apache-2.0
"""llama.cpp on the machine itself, to be measured beside the engines of the browser.

Usage: python native.py MODEL THREADS CONTEXT
In: a line of JSON for each text to write: {"prompt", "tokens"}. Out: the version, with the instruction sets that
llama.cpp found here; then a line for each text: llama.cpp's own timings, and the processor's seconds that this process
took for the prompt with one token, and for the whole text.
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


def write(prompt: str, tokens: int) -> tuple[dict[str, Any], float]:
    """Return llama.cpp's answer, and the processor's seconds."""
    wishes = {"temperature": 0, "cache_prompt": False, "ignore_eos": True}
    before = time.process_time()
    answer = server.handle_completions({"prompt": prompt, "n_predict": tokens, **wishes})
    return answer, time.process_time() - before


for line in sys.stdin:
    job = json.loads(line)
    _, first = write(job["prompt"], 1)
    answer, whole = write(job["prompt"], job["tokens"])
    processor = {"first_seconds": first, "whole_seconds": whole}
    print(json.dumps({"text": answer["choices"][0]["text"], **answer["timings"], **processor}), flush=True)
