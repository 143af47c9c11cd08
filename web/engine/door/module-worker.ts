// SPDX-License-Identifier: Apache-2.0
/**
 * Starts a module worker from any address.
 *
 * In: the address of its script. Out: a worker. Browsers refuse a worker whose script is of another origin than the page;
 * such a script is imported by one of the page's own, which its server has to allow (CORS).
 */

export function moduleWorker(script: URL, name: string): Worker {
  if (script.origin === globalThis.origin) return new Worker(script, { type: "module", name });
  const importer = new Blob([`import ${JSON.stringify(script.href)};`], { type: "text/javascript" });
  const address = URL.createObjectURL(importer);
  try {
    return new Worker(address, { type: "module", name });
  } finally {
    URL.revokeObjectURL(address); // the worker has it from here on
  }
}
