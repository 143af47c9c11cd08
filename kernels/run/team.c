/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a traced program, alone or with helpers. One call computes a whole step, however many layers the model has.
 *
 * Helpers are further instances of this module on the same, shared memory, each in a worker of its own, asleep in `serve`
 * until there is work. All threads walk through the same instructions and each does its share; where an instruction needs
 * what others made, all wait for all. What is computed does not depend on their number.
 *
 * The protocol, which team.pml models step by step:
 *
 * - Every helper has one bit of `calls`. The engine's thread, which is thread 0, describes a program in Team and then flips
 *   the bits of the helpers that are to take part. A helper works when its own bit has been flipped, and only then; it never
 *   looks at anything else in Team while it is not called.
 * - A wait counts the threads that have come. The last one sets the count back and flips `phase`; the others wait for that.
 * - At the end of a program all are counted once more, but only the engine's thread waits. When it goes on, every helper that
 *   was called has read all that it needs and has done all its shares, so Team may describe the next program.
 *
 * So a helper's bit is never flipped again before it has answered the last call, however late it comes, and a phase never
 * ends twice while a thread is still leaving it. One bit each is therefore enough: nothing counts up, and nothing can wrap. */
#include "include/program.h"

/* A word that threads wait for, and how many of them sleep until it changes. */
typedef struct {
  uint32_t word, sleepers;
} Gate;

/* What the threads share. It begins as zeros. */
typedef struct {
  Gate calls;         /* bit i is flipped to call helper i */
  Gate phase;         /* flipped when all have come to a wait */
  uint32_t arrived;   /* threads that have come to the present wait */
  uint32_t threads;   /* of the present program, as are the next two and `step` */
  const Instruction *program;
  uint32_t count;
  uint32_t timeout;   /* seconds without any arrival after which the program is given up; 0 for never. Set from outside */
  const Step *step;
  uint32_t looks;     /* how often threads look before they sleep when a program begins */
  uint32_t programs;  /* how many there have been, for TRY_EVERY */
} Team;

/* A bit of `calls` for each, so no more. */
enum { MOST_THREADS = 32 };

/* How often a thread looks before it sleeps, about a nanosecond each time.
 *
 * Within a program MOST_LOOKS is longer than another thread that had to make way for something else stays away: threads that
 * find each other asleep again and again, at each of several hundred waits, spend their time waking up. Where there are
 * more threads than free cores it is the other way round: a thread that looks keeps the core from the one that it waits for.
 * So each wait that ended in sleep halves the number, and each that did not doubles it. Threads that sleep at every wait
 * would never find out that they need not any more, so every TRY_EVERY programs they begin with TRY_LOOKS at least, which is
 * longer than it takes to wake a thread.
 *
 * Between programs, LOOKS_BETWEEN is what a token takes outside of them. */
enum { MOST_LOOKS = 2000000, LEAST_LOOKS = 1000, TRY_LOOKS = 200000, TRY_EVERY = 32, LOOKS_BETWEEN = 500000 };

#define SECOND 1000000000ll /* in nanoseconds */

#define LOAD(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define ADD(p, v) __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST)

/* Change a gate's word and wake who sleeps on it. A thread about to sleep either sees the change or is counted already. */
static void announce(Gate *gate, uint32_t word) {
  STORE(&gate->word, word);
  if (LOAD(&gate->sleepers)) __builtin_wasm_memory_atomic_notify((int *)&gate->word, UINT32_MAX);
}

/* Whether a bit of `bits` in the gate's word has come to differ from `old` within so many looks. */
static int seen_change(Gate *gate, uint32_t old, uint32_t bits, uint32_t looks) {
  for (uint32_t i = 0; i < looks; i++)
    if ((LOAD(&gate->word) ^ old) & bits) return 1;
  return 0;
}

/* Sleep until a bit of `bits` in the gate's word differs from `old`. Other bits may change, and a sleep may end for no reason.
 *
 * With a team given, trap when its timeout is over. Seconds are counted one by one, so that a machine that was asleep does
 * not use them up at once, and from the last arrival on, so that slow helpers are waited for. Only the engine's own thread
 * times out: the page shows the trap as an error and ends all workers. */
static void sleep_until_change(Gate *gate, uint32_t old, uint32_t bits, Team *timed) {
  enum { TIMED_OUT = 2 };
  uint32_t waited = 0, arrived = 0;
  ADD(&gate->sleepers, 1);
  for (uint32_t word; !(((word = LOAD(&gate->word)) ^ old) & bits);) {
    const int woken = __builtin_wasm_memory_atomic_wait32((int *)&gate->word, (int)word, timed ? SECOND : -1);
    if (woken != TIMED_OUT) continue;
    const uint32_t timeout = LOAD(&timed->timeout), now = LOAD(&timed->arrived);
    waited = now == arrived ? waited + 1 : 1;
    arrived = now;
    if (timeout && waited >= timeout) __builtin_trap();
  }
  ADD(&gate->sleepers, -1);
}

static void wait_for_phase(Team *team, uint32_t old, Thread thread, uint32_t *looks) {
  if (seen_change(&team->phase, old, 1, *looks)) {
    if (*looks < MOST_LOOKS) *looks *= 2;
  } else {
    if (*looks > LEAST_LOOKS) *looks /= 2;
    sleep_until_change(&team->phase, old, 1, thread.index ? NULL : team);
  }
}

/* Come to a wait; whether this thread is the last, and the others may go on. */
static int arrive(Team *team, uint32_t phase, Thread thread) {
  if (ADD(&team->arrived, 1) < thread.count) return 0;
  STORE(&team->arrived, 0);
  announce(&team->phase, phase ^ 1);
  return 1;
}

/* Do a thread's share of every instruction. `looks` is how often to look before a sleep, and is kept up to date. */
static void run_shares(Team *team, const Instruction *program, uint32_t count, const Step *step, Thread thread, uint32_t *looks) {
  for (uint32_t i = 0; i < count; i++) {
    if (program[i].waits) {
      const uint32_t phase = LOAD(&team->phase.word);
      if (!arrive(team, phase, thread)) wait_for_phase(team, phase, thread, looks);
    }
    run_instruction(program + i, step, thread);
  }
  const uint32_t phase = LOAD(&team->phase.word);
  if (!arrive(team, phase, thread) && thread.index == 0) wait_for_phase(team, phase, thread, looks);
}

/* Run a step on `threads` threads, the caller among them; the others are in `serve`. With one thread team is not read. */
EXPORT(run_program) void run_program(const Instruction *program, uint32_t count, const Step *step, Team *team, uint32_t threads) {
  if (threads < 2) {
    for (uint32_t i = 0; i < count; i++) run_instruction(program + i, step, (Thread){0, 1});
    return;
  }
  if (threads > MOST_THREADS) __builtin_trap();
  if (team->programs++ % TRY_EVERY == 0 && team->looks < TRY_LOOKS) team->looks = TRY_LOOKS;
  team->threads = threads;
  team->program = program;
  team->count = count;
  team->step = step;
  const uint32_t helpers = (uint32_t)((1ull << threads) - 2); /* bits 1 to threads - 1 */
  announce(&team->calls, team->calls.word ^ helpers);
  uint32_t looks = team->looks;
  run_shares(team, program, count, step, (Thread){0, threads}, &looks);
  team->looks = looks;
}

/* A helper's life, as thread `index` from 1 on: it never returns; its worker is ended from outside. */
EXPORT(serve) void serve(Team *team, uint32_t index) {
  const uint32_t bit = 1u << index;
  uint32_t looks = LOOKS_BETWEEN;
  for (uint32_t answered = 0;; answered ^= bit) {
    if (!seen_change(&team->calls, answered, bit, looks < LOOKS_BETWEEN ? looks : LOOKS_BETWEEN))
      sleep_until_change(&team->calls, answered, bit, NULL);
    looks = team->looks;
    run_shares(team, team->program, team->count, team->step, (Thread){index, team->threads}, &looks);
  }
}

/* Do every thread's share of a program in turn, on one thread: for tests of how work is shared out. */
EXPORT(run_program_in_turn) void run_program_in_turn(const Instruction *program, uint32_t count, const Step *step, uint32_t threads) {
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t t = 0; t < threads; t++) run_instruction(program + i, step, (Thread){t, threads});
}
