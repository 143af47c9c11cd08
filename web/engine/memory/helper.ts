// SPDX-License-Identifier: Apache-2.0
/**
 * A helper: a further instance of the kernels on the engine's shared memory, in a worker of its own.
 *
 * In: one message with the kernels' bytes, the memory, and which thread this is. Out: one message, that it is ready; then it
 * sleeps inside the kernels until there is work, and never comes back. The page ends it.
 */

import type { HelperTask } from "./team";

const scope = self as unknown as DedicatedWorkerGlobalScope;

scope.addEventListener("message", (event: MessageEvent<HelperTask>) => {
  const { code, memory, team, index, stackEnd } = event.data;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } });
  (exports.__stack_pointer as WebAssembly.Global<"i32">).value = stackEnd;
  scope.postMessage("ready");
  (exports.serve as (team: number, index: number) => void)(team, index);
});
