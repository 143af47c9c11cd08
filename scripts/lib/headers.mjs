// SPDX-License-Identifier: Apache-2.0
/** What every answer of the site's server says. A static host should be told to say the same (docs/threat-model.md). */
export const HEADERS = {
  // Cross-origin isolation: without these two the page gets neither shared memory nor precise memory figures.
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  // No other site can show the page in a frame, and so none can lead a person's clicks; the page's own frame is the wallet.
  "Content-Security-Policy": "frame-ancestors 'self'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};
