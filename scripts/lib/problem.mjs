// SPDX-License-Identifier: Apache-2.0
/**
 * Errors meant for the person who runs a script: a stable code, and sentences that end with the remedy.
 *
 * In: an error of Node's, or what a failed program printed. Out: a Problem that names the cause in plain words.
 */

export class Problem extends Error {
  /**
   * @param {string} code kebab-case, stable
   * @param {string} message what happened, and what to do about it
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "Problem";
    this.code = code;
  }
}

const DISK_FULL = /ENOSPC|EDQUOT|No space left on device|Disk quota exceeded|not enough space on the disk/i;
/** pip that cannot reach its index says no more than that there are no versions; every version here is pinned. */
const NO_NETWORK =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|fetch failed|UND_ERR|NewConnectionError|NameResolutionError|ConnectTimeoutError|ConnectionError|Max retries exceeded|Temporary failure in name resolution|Network is unreachable|\(from versions: none\)/i;

/** @param {unknown} [cause] */
export function diskFull(cause) {
  return new Problem(
    "disk-full",
    "The disk is full. Set-up needs some 2 GB, part of it in the cache folder (TALEPROOF_CACHE moves that one " +
      "to another disk). Free some space and run the command again: it goes on where it stopped.",
    { cause },
  );
}

/** @param {string} what @param {unknown} [cause] */
export function noNetwork(what, cause) {
  return new Problem(
    "no-network",
    `${what} could not be downloaded, because the network did not answer. Check the connection, and the proxy ` +
      "if you need one, and run the command again: what has arrived is kept.",
    { cause },
  );
}

/**
 * Tell a full disk and a missing network, by what a program printed or an error says.
 * @param {string} what
 * @param {string} text
 * @param {unknown} [cause]
 * @returns {Problem | null} null where it is neither
 */
export function commonProblem(what, text, cause) {
  if (DISK_FULL.test(text)) return diskFull(cause);
  if (NO_NETWORK.test(text)) return noNetwork(what, cause);
  return null;
}

/** The code of a Problem or of an error of Node's. @param {unknown} error @returns {string | undefined} */
export function errorCode(error) {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** @param {unknown} error */
export function errorMessage(error) {
  return error instanceof Error ? error.message : String(error);
}

/** An error and its causes as one text, for commonProblem to look at. @param {unknown} error */
export function errorText(error) {
  const parts = [];
  for (let e = error; e instanceof Error; e = e.cause) parts.push(`${errorCode(e) ?? ""} ${e.message}`);
  return parts.join("\n");
}

/**
 * Run `main`; print a Problem as its sentence, anything else with its stack, and leave with 1.
 * @param {() => Promise<void>} main
 */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    const problem =
      error instanceof Problem ? error : DISK_FULL.test(errorText(error)) ? diskFull(error) : null;
    console.error(problem ? `\n${problem.message}\n(${problem.code})` : error);
    process.exitCode = 1;
  }
}
