// SPDX-License-Identifier: Apache-2.0
/** Light or dark: the system's wish until the person has one. In: a click. Out: data-theme on the root element. */

import { readLocal, writeLocal } from "./local";

/** index.html reads the same key before the first paint. */
const KEY = "taleproof.theme";

type Shade = "light" | "dark";

export class Theme {
  private readonly system = matchMedia("(prefers-color-scheme: dark)");
  private systemDark = $state(this.system.matches);
  private chosen = $state<Shade | null>(readShade());

  constructor() {
    this.system.addEventListener("change", (event) => (this.systemDark = event.matches));
  }

  get current(): Shade {
    return this.chosen ?? (this.systemDark ? "dark" : "light");
  }

  toggle(): void {
    this.chosen = this.current === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = this.chosen;
    writeLocal(KEY, this.chosen);
  }
}

function readShade(): Shade | null {
  const kept = readLocal(KEY);
  return kept === "light" || kept === "dark" ? kept : null;
}
