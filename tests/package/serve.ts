/** Serves a folder as a static host does, with the headers that a test chooses. */

import { preview, type PreviewServer } from "vite";
import { HEADERS } from "../../scripts/lib/headers.mjs";

/** What an isolated page needs, for it and for all that it starts. */
export const ISOLATED: Record<string, string> = HEADERS;
/** What another origin's pages need. */
export const FOR_OTHERS = {
  "Access-Control-Allow-Origin": "*",
  "Cross-Origin-Resource-Policy": "cross-origin",
};

/** @param outDir the part of the folder that is served. */
export async function serve(
  root: string,
  headers: Record<string, string>,
  outDir = ".",
): Promise<{ server: PreviewServer; url: string }> {
  const server = await preview({
    root,
    configFile: false,
    appType: "mpa",
    logLevel: "warn",
    build: { outDir },
    preview: { port: 0, headers },
  });
  return { server, url: server.resolvedUrls!.local[0]! };
}
