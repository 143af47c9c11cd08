// SPDX-License-Identifier: Apache-2.0
/** The browsers that the tests here drive: each runs its tests, is skipped with a word, or fails for being missing. */

import { afterAll, beforeAll, describe } from "vitest";
import type { DrivenBrowser } from "./driven";
import { firefoxProgram, startFirefox } from "./firefox";
import { startWebkit, webkitPrograms } from "./webkit";

const BROWSERS = [
  { name: "Firefox", packages: "firefox-esr", there: firefoxProgram() !== null, start: startFirefox },
  {
    name: "WebKit",
    packages: "webkit2gtk-driver xvfb xauth",
    there: webkitPrograms() !== null,
    start: startWebkit,
  },
];

/** Declares tests for each browser. One that is not installed is skipped, but with CI=true it is a failure. */
export function inEachBrowser(declare: (name: string, browser: () => DrivenBrowser) => void): void {
  for (const { name, packages, there, start } of BROWSERS) {
    const title = there ? name : `${name} is not installed (apt-get install ${packages})`;

    describe.skipIf(!there && process.env.CI !== "true")(title, () => {
      let browser: DrivenBrowser | undefined;
      beforeAll(async () => {
        browser = await start();
      });
      afterAll(async () => browser?.close());
      declare(name, () => {
        if (!browser) throw new Error(`${name} has not started`);
        return browser;
      });
    });
  }
}
