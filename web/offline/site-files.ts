// SPDX-License-Identifier: Apache-2.0
/**
 * The files of one version of the site, kept in this browser by their digests.
 *
 * In: a version, which names every file with its SHA-256, and requests for them. Out: responses. As long as not every file of the
 * version is kept, all come from the network, as though there were no service worker, and what comes by is kept; from then on
 * all come from here. So no page is made of two versions. Bytes with another digest are never kept: a file that the site
 * has changed meanwhile, or a network has, is no file of this version.
 *
 * An entry is found by its digest, so what two versions have in common is fetched once. Workbox's precaching is not used for
 * that: it fetches what has a revision past the browser's cache, so a first visit would load the engine twice.
 */

/** What a build of the site consists of. */
export interface SiteVersion {
  /** The digest of the list of files. */
  id: string;
  /** Paths below the site, and their SHA-256 in hexadecimal digits. */
  files: Readonly<Record<string, string>>;
}

const FRONT_PAGE = "index.html";

/** What of a cache is needed; its keys are addresses. */
export type FileCache = Pick<Cache, "match" | "put" | "delete" | "keys">;

/** A file that does not have the bytes of this version. */
export class OtherBytesError extends Error {
  override readonly name = "OtherBytesError";
}

export class SiteFiles {
  private whole: boolean | null = null;

  /** @param base the site's address, with a slash at its end. */
  constructor(
    private readonly version: SiteVersion,
    private readonly base: string,
    private readonly openCache: () => Promise<FileCache>,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {}

  /** The path of a file of this version that an address asks for; null for any other. */
  pathOf(address: string): string | null {
    if (!address.startsWith(this.base)) return null;
    const path = decodeURI(address.slice(this.base.length).replace(/[?#].*$/s, "")) || FRONT_PAGE;
    return Object.hasOwn(this.version.files, path) ? path : null;
  }

  /** Whether every file of this version is kept. */
  async isWhole(): Promise<boolean> {
    this.whole ??= (await (await this.openCache()).match(this.mark)) !== undefined;
    return this.whole;
  }

  /** A file as it is kept; undefined where it is not, or not all of this version's are. */
  async kept(path: string): Promise<Response | undefined> {
    if (!(await this.isWhole())) return undefined;
    const cache = await this.openCache();
    const response = await cache.match(this.key(path));
    if (response !== undefined) return response;
    // Something has removed it. All are fetched again, from the site as it is by then.
    this.whole = false;
    await cache.delete(this.mark);
    return undefined;
  }

  /** Keeps a file that has come from the network, if its bytes are those of this version; says whether they are. */
  async keep(path: string, response: Response): Promise<boolean> {
    const bytes = await response.arrayBuffer();
    if ((await sha256(bytes)) !== this.version.files[path]) return false;
    const type = response.headers.get("Content-Type");
    const headers: HeadersInit = type === null ? {} : { "Content-Type": type };
    await (await this.openCache()).put(this.key(path), new Response(bytes, { headers }));
    return true;
  }

  /**
   * Keeps all files of this version, one after the other.
   *
   * @throws OtherBytesError where the site has another version by now, and the fetcher's own errors.
   */
  async keepAll(): Promise<void> {
    if (await this.isWhole()) return;
    const cache = await this.openCache();
    for (const path of Object.keys(this.version.files)) {
      if ((await cache.match(this.key(path))) === undefined) await this.fetchAndKeep(path);
    }
    await cache.put(this.mark, new Response());
    this.whole = true;
  }

  /** Removes what belongs to other versions only. */
  async removeOthers(): Promise<void> {
    const cache = await this.openCache();
    const ours = new Set([this.mark, ...Object.keys(this.version.files).map((path) => this.key(path))]);
    for (const { url } of await cache.keys()) if (!ours.has(url)) await cache.delete(url);
  }

  /** The browser's own cache may have the file already, from this visit; or an older one, and then it is asked to forget it. */
  private async fetchAndKeep(path: string): Promise<void> {
    // The front page by the site's own address, as it is visited: there are hosts that lead from the file's name to that.
    const address = new URL(path === FRONT_PAGE ? "" : path, this.base);
    for (const cache of ["default", "reload"] as const) {
      const response = await this.fetcher(address, { cache });
      if (response.ok && (await this.keep(path, response))) return;
    }
    throw new OtherBytesError(`${path} is not the file of this version`);
  }

  private key(path: string): string {
    const ending = /\.\w+$/.exec(path)?.[0] ?? ""; // the same bytes may be of two types
    return new URL(`kept/${this.version.files[path]}${ending}`, this.base).href;
  }

  private get mark(): string {
    return new URL(`kept/whole/${this.version.id}`, this.base).href;
  }
}

async function sha256(bytes: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
