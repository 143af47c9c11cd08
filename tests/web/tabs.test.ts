// SPDX-License-Identifier: Apache-2.0
/** Two tabs with one shelf: the newest change counts, and what was deleted stays deleted. */
import { beforeEach, expect, it } from "vitest";
import type { Tabs } from "../../web/app/features/shelf/shelf.svelte";
import { readingText, type Story } from "../../web/app/lib/story";
import { makeDesk } from "./make-desk";
import { finished, PlayedEngine, tokens } from "./played-engine";

let kept: Map<string, Story>;

/** What two tabs speak through: a message of one is heard by the other, before anything else happens. */
function pair(): [Tabs, Tabs] {
  const ears: ((event: MessageEvent) => void)[][] = [[], []];
  const end = (own: number): Tabs => ({
    addEventListener: (_type: string, listen: unknown) => void ears[own]!.push(listen as () => void),
    postMessage: (data: unknown) => ears[1 - own]!.forEach((hear) => hear({ data } as MessageEvent)),
  });
  return [end(0), end(1)];
}

/** A tab with the story on its desk, and another one. */
async function twoTabs() {
  const [one, two] = pair();
  const port = new PlayedEngine();
  port.stories = [
    [...tokens(" a fox"), finished(1)],
    [...tokens(" ran"), finished(2)],
  ];
  const first = makeDesk(port, kept, one);
  await first.desk.write();
  const second = makeDesk(new PlayedEngine(), kept, two);
  await second.shelf.load();
  return { first, second, id: first.desk.story!.id };
}

const text = () => [...kept.values()].map(readingText);

beforeEach(() => void (kept = new Map()));

it("a title given in one tab stays when the other one goes on with the story", async () => {
  const { first, second, id } = await twoTabs();
  await second.shelf.rename(id, "Red");
  await first.desk.write();
  expect(kept.get(id)?.title).toBe("Red");
  expect(text()).toEqual(["Once upon a time a fox ran"]);
});

it("a story that was deleted in one tab leaves the other one's desk, and does not come back", async () => {
  const { first, second, id } = await twoTabs();
  await second.shelf.remove(id);
  await expect.poll(() => first.desk.phase).toBe("blank");
  first.desk.saveNow();
  expect([kept.size, first.notices.stopped]).toEqual([0, "This story was deleted in another tab."]);
  await second.shelf.undo();
  await expect.poll(() => first.shelf.find(id)?.id).toBe(id);
});

it("one that is being written goes on and is not kept, which is said", async () => {
  const { first, second, id } = await twoTabs();
  const written = first.desk.write();
  await second.shelf.remove(id);
  await written;
  expect([first.desk.text, kept.size, first.desk.kept]).toEqual(["Once upon a time a fox ran", 0, false]);
  expect(first.notices.stopped).toContain("deleted in another tab");
});

it("what is changed in one tab is on the other one's desk, if nothing was changed there", async () => {
  const { first, second } = await twoTabs();
  second.desk.takeUp(second.shelf.stories[0]!);
  await new Promise((resolve) => setTimeout(resolve, 5)); // the clock has to go on
  second.desk.remind({ memory: "The fox is red." });
  second.desk.saveNow();
  await expect.poll(() => first.desk.memory).toBe("The fox is red.");
});
