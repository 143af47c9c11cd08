"""llama.cpp on the machine itself, to be measured beside the engines of the browser.

Usage: python native.py MODEL THREADS CONTEXT
In: a line of JSON for each text to write: {"prompt", "tokens"}. Out: the version, then a line with llama.cpp's own
timings for each text.
"""

import json
import sys
from importlib.metadata import version

import xllamacpp


model, threads, context = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
params = xllamacpp.CommonParams()
params.model.path = model
params.n_ctx = context
params.n_parallel = 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
server = xllamacpp.Server(params)
print(json.dumps({"version": version("xllamacpp")}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    wishes = {"temperature": 0, "cache_prompt": False, "ignore_eos": True}
    answer = server.handle_completions({"prompt": job["prompt"], "n_predict": job["tokens"], **wishes})
    print(json.dumps({"text": answer["choices"][0]["text"], **answer["timings"]}), flush=True)
