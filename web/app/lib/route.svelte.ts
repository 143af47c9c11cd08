// SPDX-License-Identifier: Apache-2.0
/** Which page of the book is open, told by the address's fragment, so that the browser's Back works. */

export type Place =
  | { page: "desk" }
  | { page: "shelf" }
  | { page: "publish" }
  | { page: "tokens" }
  | { page: "story"; id: string };

export const SHELF_LINK = "#shelf";
export const PUBLISH_LINK = "#publish";
export const TOKENS_LINK = "#tokens";
export const DESK_LINK = "#";

export function storyLink(id: string): string {
  return `#story/${encodeURIComponent(id)}`;
}

export function readPlace(hash: string): Place {
  if (hash === SHELF_LINK) return { page: "shelf" };
  if (hash === PUBLISH_LINK) return { page: "publish" };
  if (hash === TOKENS_LINK) return { page: "tokens" };
  const story = /^#story\/([\w-]+)$/.exec(hash);
  return story?.[1] ? { page: "story", id: story[1] } : { page: "desk" };
}

export class Route {
  place = $state.raw<Place>(readPlace(location.hash));

  constructor() {
    addEventListener("hashchange", () => (this.place = readPlace(location.hash)));
  }

  go(link: string): void {
    location.hash = link;
  }
}
