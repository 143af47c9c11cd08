// SPDX-License-Identifier: Apache-2.0
/** Small things kept between visits. In and out: texts. A browser that keeps nothing is not an error: nothing is kept. */

export function readLocal(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function writeLocal(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Full or forbidden.
  }
}
