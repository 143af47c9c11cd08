// SPDX-License-Identifier: Apache-2.0
/**
 * Visits of readers with an empty browser, and when the page had reached what.
 *
 * In: the site's address, where the registry is, how many visits. Out: for each kind of reader when the last step was
 * reached in every visit, and all steps of the quickest.
 */
import { CHROMIUM_FLAGS, findChromium } from "../chromium.mjs";

const FETCH = { name: "Fetch and check it now" };

/**
 * @typedef {import("@playwright/test").Page} Page
 * @typedef {import("../chain/deployment.mjs").Deployment} Deployment
 * @typedef {{act: (page: Page) => Promise<void> | void, last: string}} Reader last: the mark that ends the visit
 * @typedef {Record<string, number>} Marks milliseconds since the page was opened, by step
 * @typedef {{all: number[], quickest: Marks}} Visits all: when each reached its last step; quickest: that visit's steps
 */

/** What each kind of reader does, and what ends the visit. @type {Record<string, Reader>} */
const READERS = {
  "asks at once": { act: (page) => page.getByRole("button", FETCH).click(), last: "chain: answered" },
  "looks on": { act: () => {}, last: "chain: watched" },
};

/**
 * @param {string} url
 * @param {Deployment} deployment
 * @param {number} visits
 * @returns {Promise<Record<string, Visits>>} by kind of reader
 */
export async function measureVisits(url, deployment, visits) {
  const { chromium } = await import("@playwright/test");
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
  /** @type {{name: string, reader: Reader, all: Marks[]}[]} */
  const measured = Object.entries(READERS).map(([name, reader]) => ({ name, reader, all: [] }));
  try {
    for (let visit = 0; visit < visits; visit++) {
      for (const { reader, all } of measured) all.push(await measureVisit(browser, url, deployment, reader));
    }
  } finally {
    await browser.close();
  }
  return Object.fromEntries(measured.map(({ name, reader, all }) => [name, summary(all, reader)]));
}

/** @param {Marks[]} visits @param {Reader} reader @returns {Visits} */
function summary(visits, { last }) {
  /** @param {Marks} visit */
  const endOf = (visit) => visit[last] ?? NaN;
  const [quickest = {}] = visits.toSorted((a, b) => endOf(a) - endOf(b));
  return { all: visits.map(endOf), quickest };
}

/**
 * @param {import("@playwright/test").Browser} browser
 * @param {string} url
 * @param {Deployment} deployment
 * @param {Reader} reader
 * @returns {Promise<Marks>}
 */
async function measureVisit(browser, url, deployment, { act, last }) {
  const context = await browser.newContext({ serviceWorkers: "block" }); // it would hide network.json from the line below
  try {
    const page = await context.newPage();
    await page.route("**/network.json", (route) => route.fulfill({ json: deployment }));
    await page.goto(url);
    const began = await page.evaluate(() => performance.now());
    await act(page);
    const marks = await page.evaluate(untilMarked, last);
    return { page: began, ...marks };
  } finally {
    await context.close();
  }
}

/** In the page: the first time of each mark, once `last` is there. @param {string} last @returns {Promise<Marks>} */
function untilMarked(last) {
  const firsts = () => {
    /** @type {Marks} */
    const marks = {};
    for (const { name, startTime } of performance.getEntriesByType("mark")) marks[name] ??= startTime;
    return marks;
  };
  return new Promise((resolve) => {
    const look = () => (last in firsts() ? resolve(firsts()) : setTimeout(look, 20));
    look();
  });
}
