// SPDX-License-Identifier: Apache-2.0
/** What a page's browser has kept of its stories. In: the page. Out: the stories, as they lie in IndexedDB. */
import type { Page } from "@playwright/test";
import type { Story } from "../../web/app/lib/story";

export function keptStories(page: Page): Promise<Story[]> {
  return page.evaluate(
    () =>
      new Promise<Story[]>((resolve, reject) => {
        const opened = indexedDB.open("taleproof");
        opened.onerror = () => reject(opened.error ?? new Error("closed"));
        opened.onsuccess = () => {
          const all = opened.result.transaction("stories").objectStore("stories").getAll();
          all.onsuccess = () => {
            opened.result.close();
            resolve(all.result as Story[]);
          };
        };
      }),
  );
}
