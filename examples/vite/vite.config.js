// SPDX-License-Identifier: Apache-2.0
import { defineConfig } from "vite";

// With these two the page is isolated, so that the engine has threads. Whatever serves dist/ has to send them too.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

export default defineConfig({ server: { headers }, preview: { headers } });
