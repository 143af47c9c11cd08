// SPDX-License-Identifier: Apache-2.0
import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

/** Read by Vite's plugin, svelte-check and ESLint alike, so that all three compile the components in the same way. */
export default { preprocess: vitePreprocess() };
