/**
 * Visits of readers with an empty browser, and when the page had reached what.
 *
 * In: the site's address, where the registry is, how many visits. Out: for each kind of reader when the last step was
 * reached in every visit, and all steps of the quickest.
 */
import { chromium } from "@playwright/test";
import { CHROMIUM_FLAGS, findChromium } from "../chromium.mjs";

const FETCH = { name: "Fetch and check it now" };
/** What each kind of reader does, and what ends the visit. */
const READERS = {
  "asks at once": { act: (page) => page.getByRole("button", FETCH).click(), last: "chain: answered" },
  "looks on": { act: () => {}, last: "chain: watched" },
};

/** @param {string} url @param {object} deployment @param {number} visits */
export async function measureVisits(url, deployment, visits) {
  const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS });
  const measured = Object.keys(READERS).map((name) => [name, []]);
  try {
    for (let visit = 0; visit < visits; visit++) {
      for (const [name, all] of measured)
        all.push(await measureVisit(browser, url, deployment, READERS[name]));
    }
  } finally {
    await browser.close();
  }
  return Object.fromEntries(measured.map(([name, all]) => [name, summary(all, READERS[name].last)]));
}

function summary(visits, last) {
  const sorted = visits.toSorted((a, b) => a[last] - b[last]);
  return { all: visits.map((visit) => visit[last]), quickest: sorted[0] };
}

async function measureVisit(browser, url, deployment, { act, last }) {
  const context = await browser.newContext();
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

/** In the page: the first time of each mark, once `last` is there. */
function untilMarked(last) {
  const firsts = () => {
    const marks = {};
    for (const { name, startTime } of performance.getEntriesByType("mark")) marks[name] ??= startTime;
    return marks;
  };
  return new Promise((resolve) => {
    const look = () => (last in firsts() ? resolve(firsts()) : setTimeout(look, 20));
    look();
  });
}
