/* Runs a traced program, alone or with helpers. One call computes a whole step, however many layers the model has.
 *
 * Helpers are further instances of this module on the same, shared memory, each in a worker of its own, asleep in `serve`
 * until there is work. All threads walk through the same instructions and each does its share; where an instruction needs
 * what others made, all wait for all. What is computed does not depend on their number. */
#include "program.h"

/* What the threads share. It begins as zeros. */
typedef struct {
  uint32_t job;       /* counts programs: helpers sleep until it changes */
  uint32_t phase;     /* counts waits */
  uint32_t arrived;   /* threads that have come to the present wait */
  uint32_t sleepers;  /* threads that had to be put to sleep and must be woken */
  uint32_t threads;
  const Instruction *program;
  uint32_t count;
  const Step *step;
  uint32_t patience;  /* seconds after which the program is given up when a helper does not come; 0 for never */
} Team;

/* How often a thread looks before it sleeps, about a nanosecond each time. Within a program that is longer than another
 * thread that had to make way for something else stays away: threads that find each other asleep again and again, at each
 * of several hundred waits, spend their time waking up. Between programs it is what a token takes outside of them. */
enum { LOOKS_WITHIN = 2000000, LOOKS_BETWEEN = 500000 };

#define FOR_EVER 0
#define SECOND 1000000000ll /* in nanoseconds */

#define LOAD(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)

/* Return once *word is no longer `old`; trap if it still is after `patience` seconds. They are counted one by one, so that a
 * machine that was asleep meanwhile does not use them up at once. */
static void await_change(Team *team, uint32_t *word, uint32_t old, uint32_t looks, uint32_t patience) {
  for (uint32_t i = 0; i < looks; i++)
    if (LOAD(word) != old) return;
  __atomic_fetch_add(&team->sleepers, 1, __ATOMIC_SEQ_CST);
  for (uint32_t waited = 0; LOAD(word) == old;) {
    enum { TIMED_OUT = 2 };
    if (__builtin_wasm_memory_atomic_wait32((int *)word, (int)old, patience ? SECOND : -1) == TIMED_OUT && ++waited == patience)
      __builtin_trap();
  }
  __atomic_fetch_sub(&team->sleepers, 1, __ATOMIC_SEQ_CST);
}

/* Change *word and wake who sleeps on it. A thread about to sleep either sees the change or is counted already. */
static void announce(Team *team, uint32_t *word, uint32_t value) {
  STORE(word, value);
  if (LOAD(&team->sleepers)) __builtin_wasm_memory_atomic_notify((int *)word, UINT32_MAX);
}

/* Only the engine's own thread loses patience: its trap is the page's to tell, and the page ends all workers. */
static void wait_for_all(Team *team, Thread thread) {
  const uint32_t phase = LOAD(&team->phase);
  if (__atomic_add_fetch(&team->arrived, 1, __ATOMIC_SEQ_CST) == thread.count) {
    STORE(&team->arrived, 0);
    announce(team, &team->phase, phase + 1);
  } else {
    await_change(team, &team->phase, phase, LOOKS_WITHIN, thread.index ? FOR_EVER : team->patience);
  }
}

static void run_shares(Team *team, const Instruction *program, uint32_t count, const Step *step, Thread thread) {
  for (uint32_t i = 0; i < count; i++) {
    if (program[i].waits) wait_for_all(team, thread);
    run_instruction(program + i, step, thread);
  }
  wait_for_all(team, thread);
}

/* Run a step on `threads` threads, the caller among them; the others are in `serve`. With one thread team is not read. */
EXPORT(run_program) void run_program(const Instruction *program, uint32_t count, const Step *step, Team *team, uint32_t threads) {
  if (threads < 2) {
    for (uint32_t i = 0; i < count; i++) run_instruction(program + i, step, (Thread){0, 1});
    return;
  }
  team->threads = threads;
  team->program = program;
  team->count = count;
  team->step = step;
  announce(team, &team->job, team->job + 1);
  run_shares(team, program, count, step, (Thread){0, threads});
}

/* A helper's life, as thread `index`: it never returns; its worker is ended from outside. */
EXPORT(serve) void serve(Team *team, uint32_t index) {
  for (uint32_t job = 0;; job++) {
    await_change(team, &team->job, job, LOOKS_BETWEEN, FOR_EVER);
    if (index < team->threads) run_shares(team, team->program, team->count, team->step, (Thread){index, team->threads});
  }
}

/* Do every thread's share of a program in turn, on one thread: for tests of how work is shared out. */
EXPORT(run_program_in_turn) void run_program_in_turn(const Instruction *program, uint32_t count, const Step *step, uint32_t threads) {
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t t = 0; t < threads; t++) run_instruction(program + i, step, (Thread){t, threads});
}
