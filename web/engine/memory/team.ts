// SPDX-License-Identifier: Apache-2.0
/**
 * The helpers: as many workers as there are cores to spare, asleep until the engine has a step to compute.
 *
 * In: the shared memory and the kernels' bytes. Out: how many threads there are, the engine's own included. A helper
 * that does not start in time, or fails to, means one thread and a reason; never a failure.
 */

/** More threads than this gain nothing: memory is the limit long before. */
const MOST_THREADS = 8;
/** Milliseconds without a word from any helper after which the others are not coming. Each that starts begins them anew. */
const SILENCE_MS = 30_000;

export const STACK_BYTES = 64 * 1024;
/** Team in kernels/run/team.c takes 48 bytes; a cache line of its own keeps it apart. */
export const TEAM_BYTES = 64;
/** The word of Team that says how long the engine waits for a helper that was killed. */
const PATIENCE_WORD = 8;
/** Seconds in which no thread comes to the present wait: no share of an instruction takes so long, on any device. */
const PATIENCE = 60;

/** What a helper is told (helper.ts). */
export interface HelperTask {
  /** The kernels' bytes; a compiled module cannot come through a page whose content policy forbids it to compile any. */
  code: Uint8Array<ArrayBuffer>;
  memory: WebAssembly.Memory;
  /** Address of what the threads share (Team in kernels/run/team.c). */
  team: number;
  /** Which thread this is; the engine is thread 0. */
  index: number;
  /** The end of this thread's own stack. */
  stackEnd: number;
}

/** The threads that this device can use: all its cores. */
export function threadsOfDevice(): number {
  return Math.max(1, Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS));
}

/** Why threads are not possible here at all, or null where they are: they need memory that workers share. */
export function whyNotShared(): string | null {
  if (!globalThis.crossOriginIsolated) {
    return "this page is not isolated from others, so it has no shared memory";
  }
  return typeof SharedArrayBuffer === "undefined" ? "this browser has no shared memory" : null;
}

export interface Team {
  threads: number;
  /** Why there is one thread only, where more were wanted. */
  reason: string | null;
}

export interface TeamRoom {
  code: Uint8Array<ArrayBuffer>;
  memory: WebAssembly.Memory;
  /** Address of the team; the helpers' stacks follow it. */
  team: number;
}

/** The engine's way to the page, which starts the helpers (helpers.ts). */
export interface HelperLink {
  /** Asks for helpers with these tasks, in place of those that there are. */
  want(tasks: HelperTask[]): void;
  /** What the page tells of one: null when it is ready, or what failed. */
  report: (failure: string | null) => void;
}

/** Has helpers started until there are `threads` threads; all of them, or none. */
export async function gatherTeam(room: TeamRoom, threads: number, link: HelperLink): Promise<Team> {
  const tasks = Array.from({ length: threads - 1 }, (_, i): HelperTask => {
    const index = i + 1;
    return { ...room, index, stackEnd: room.team + TEAM_BYTES + index * STACK_BYTES };
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const listen = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => reject(new Error("a helper did not start in time")), SILENCE_MS);
      };
      let missing = tasks.length;
      link.report = (failure) => {
        if (failure !== null) reject(new Error(failure));
        else if (--missing === 0) resolve();
        else listen();
      };
      listen();
      link.want(tasks);
    });
    new Uint32Array(room.memory.buffer, room.team)[PATIENCE_WORD] = PATIENCE;
    return { threads, reason: null };
  } catch (thrown) {
    link.want([]);
    return { threads: 1, reason: thrown instanceof Error ? thrown.message : String(thrown) };
  } finally {
    clearTimeout(timer);
  }
}
