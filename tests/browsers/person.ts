// SPDX-License-Identifier: Apache-2.0
/** What a person does on a page, in whichever browser: finds a thing by its name, reads it, presses it, writes into it. */

import type { DrivenBrowser } from "./driven";

interface Deed {
  /** Which things are looked at. */
  selector: string;
  /** How the name begins: its aria-label, its label, or else its own text. */
  name: string;
  /** What is written into the field; null presses it, and without it the thing is only read. */
  write?: string | null;
}

/** In the page: waits until such a thing is seen and may be used; returns the text that it shows. */
async function act({ selector, name, write }: Deed): Promise<string> {
  const nameOf = (element: HTMLElement) => {
    const label = (element as HTMLInputElement).labels?.[0]?.textContent;
    return (element.getAttribute("aria-label") ?? label ?? element.textContent).trim();
  };
  const find = () =>
    [...document.querySelectorAll<HTMLElement>(selector)].find(
      (element) =>
        element.checkVisibility() && !element.matches(":disabled") && nameOf(element).startsWith(name),
    );
  const end = Date.now() + 60_000;
  let found = find();
  while (!found) {
    if (Date.now() > end) throw new Error(`no ${selector} "${name}" on: ${document.body.innerText}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    found = find();
  }
  const shown = found.innerText;
  if (write === null) found.click();
  if (typeof write === "string") {
    found.focus();
    if (found.isContentEditable) {
      getSelection()?.selectAllChildren(found);
      document.execCommand("insertText", false, write);
    } else {
      (found as HTMLInputElement).value = write;
      found.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  return shown;
}

export class Person {
  constructor(private readonly browser: DrivenBrowser) {}

  /** Waits for it, and reads it. */
  sees(selector: string, name = ""): Promise<string> {
    return this.browser.run(act, { selector, name });
  }

  async presses(name: string, selector = "button"): Promise<void> {
    await this.browser.run(act, { selector, name, write: null });
  }

  async fills(label: string, text: string): Promise<void> {
    await this.browser.run(act, { selector: "input, textarea, [contenteditable]", name: label, write: text });
  }
}
