// SPDX-License-Identifier: Apache-2.0
/** Serves a folder as a static host does, with the headers that a test chooses. */

import { join } from "node:path";
import { preview, type PreviewServer } from "vite";
import { HEADERS } from "../../scripts/lib/headers.mjs";

/** What an isolated page needs, for it and for all that it starts. */
export const ISOLATED: Record<string, string> = HEADERS;
/** What another origin's pages need. */
export const FOR_OTHERS = {
  "Access-Control-Allow-Origin": "*",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

export interface Serving {
  server: PreviewServer;
  url: string;
}

export async function serve(folder: string, headers: Record<string, string>): Promise<Serving> {
  const server = await preview({
    root: join(folder, ".."),
    configFile: false,
    appType: "mpa",
    logLevel: "warn",
    build: { outDir: folder },
    preview: { port: 0, headers, cors: false },
  });
  return { server, url: server.resolvedUrls!.local[0]! };
}
