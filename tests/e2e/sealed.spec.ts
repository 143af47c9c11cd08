// SPDX-License-Identifier: Apache-2.0
/** What the page does not take from others: to be framed, foreign scripts, parts of the engine with other bytes. */
import { expect, test } from "@playwright/test";
import { DEMO_REQUEST, open, visit } from "./engine-page";

test("another site cannot show the page in a frame", async ({ page, baseURL }) => {
  await page.route("http://elsewhere.test/", (route) =>
    route.fulfill({ contentType: "text/html", body: `<iframe src="${baseURL!}"></iframe>` }),
  );
  await page.goto("http://elsewhere.test/");
  const framed = page.frames()[1]!;
  expect(framed.url()).toBe("chrome-error://chromewebdata/");
});

test("every page of the site has a content policy that runs no script but the site's own", async ({
  page,
}) => {
  for (const name of ["index.html", "engine.html", "chain.html"]) {
    await page.goto(name);
    const refused = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          document.addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI));
          const script = document.createElement("script");
          script.textContent = "window.foreign = true";
          document.head.append(script);
        }),
    );
    expect(await refused, name).toBe("inline");
    expect(await page.evaluate(() => "foreign" in window), name).toBe(false);
  }
});

test("a wheel with other bytes than the list names is not run", async ({ page }) => {
  await page.context().route("**/wheels/taleproof-*.whl", async (route) => {
    const answer = await route.fetch();
    const body = await answer.body();
    body[10]! ^= 1; // the time of the first file in the archive, which Python passes over
    await route.fulfill({ response: answer, body });
  });
  await visit(page);
  const { error } = await open(page, DEMO_REQUEST);
  expect(error?.code).toBe("engine-start-failed");
});
