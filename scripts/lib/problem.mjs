/** An error meant for the person who runs a script: a stable code, and a sentence that ends with the remedy. */
export class Problem extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{cause?: unknown}} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "Problem";
    this.code = code;
  }
}

/** Run `main`; print a Problem as its sentence, anything else with its stack, and exit with 1. */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Problem ? `\n${error.message}\n(${error.code})` : error);
    process.exitCode = 1;
  }
}
