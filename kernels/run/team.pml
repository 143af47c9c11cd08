/* A model of team.c for spin: what its threads read and write, one access a step, in every order there can be.
 *
 * THREADS threads run programs for ever, each on any number of them from 1 to THREADS, chosen anew every time (the engine asks
 * for all or for one). A program has two instructions with a wait between them. Any thread may be late by any time: between
 * two of its steps the others may take as many as they can. One sleep may end for no reason. With KILLED, helper number
 * KILLED is ended from outside, anywhere. To the others it is one that is late for ever, so what holds without KILLED of the
 * work that is done holds with it too; what is new is that the engine's thread has to give up instead of waiting for ever.
 * It does so when nobody can take a step, because its timeout is longer than all that others do; NO_TIMEOUT takes that away,
 * and the check must find that it waits for ever.
 *
 * Checked (tests/kernels/test_team.py): no thread is stuck; every share of every program is done exactly once, by the
 * thread that it belongs to, after the shares that it needs, and before run_program returns; nobody does a share of a program
 * that is over. Programs have no number that counts up, so the states are all states, not those of the first few programs.
 *
 * COUNTS_JOBS, SLEEPS_UNCOUNTED and RETURNS_EARLY put a fault in, which the check must find. The first is what happens
 * where helpers count programs for themselves and read afterwards whether they take part.
 *
 * States: 3,529 with two threads, 139,983 with three, 4,561,791 with four; with KILLED and three, 456,145 and 488,937. With
 * four threads and helper 1, 2 or 3 killed they are 18,972,574, 18,850,640 and 20,543,694 (tests/kernels/long_team.py). */

#ifndef THREADS
#define THREADS 4
#endif

/* Team in team.c. Two programs take turns. */
byte calls;                 /* bit i: whether calls.word and what helper i has answered differ there, which is all that matters */
byte calls_sleepers;
bit phase;                  /* phase.word */
byte phase_sleepers;
byte arrived;
byte threads;
bit program;

/* The futexes behind memory.atomic.wait32 and notify: who lies asleep on which word. */
byte asleep_on_calls;       /* a bit for each thread */
byte asleep_on_phase;
bool may_wake_for_nothing = true;

byte killed = 0;            /* the helper that is gone, or 0 for none */
bool given_up = false;      /* the engine's thread has timed out; then the page ends the helpers */

/* What should be, known to nobody in the model. */
bool running = false;       /* inside run_program */
bit now_program;
byte now_threads;
byte done[THREADS];         /* how many shares each thread has done of this program */

#define BIT(i) (1 << (i))

/* run_instruction: the share of thread `index` of instruction `i` of `its_program`, cut for `its_threads`. */
inline run_instruction(i, index, its_program, its_threads) {
  d_step {
    assert(running && its_program == now_program && its_threads == now_threads);
    assert(index < now_threads && done[index] == i);
    if
    :: i == 1 ->
       other = 0;
       do
       :: other < now_threads -> assert(done[other] >= 1); other++
       :: else -> break
       od
    :: else
    fi;
    other = 0;
    done[index]++
  }
}

/* announce, of the gate `calls` or `phase` */
inline announce(word, sleepers, asleep, value) {
  word = value;
  if
  :: sleepers > 0 -> asleep = 0
  :: sleepers == 0
  fi
}

/* seen_change and sleep_until_change. CHANGED is whether the word differs from what it was. To look in vain for some time is to
 * go to sleep at any moment. wait32 compares the word in the same step in which it lies down, so the load before it is no
 * step of its own; where another bit has changed, it returns and comes again. */
inline await_change(CHANGED, sleepers, asleep, index) {
  if
  :: CHANGED
  :: true ->
#ifndef SLEEPS_UNCOUNTED
     sleepers++;
#endif
     do
     :: CHANGED -> break
#ifdef SLEEPS_UNCOUNTED
     :: !(CHANGED) ->
        sleepers++;
        asleep = asleep | BIT(index);
#else
     :: atomic { !(CHANGED) -> asleep = asleep | BIT(index) };
#endif
        if
        :: !(asleep & BIT(index))
        :: atomic { may_wake_for_nothing -> may_wake_for_nothing = false; asleep = asleep & ~BIT(index) }
#if defined(KILLED) && !defined(NO_TIMEOUT)
        :: index == 0 && killed && timeout -> given_up = true; goto over   /* only where somebody is gone */
#endif
        fi
     od;
     sleepers--
  fi
}

/* arrive: come to a wait, and let the others go on where this thread is the last */
inline arrive(its_threads) {
  old = phase;
  d_step { arrived++; last = (arrived == its_threads) }
  if
  :: last -> arrived = 0; announce(phase, phase_sleepers, asleep_on_phase, 1 - old)
  :: else
  fi
}

inline wait_for_phase(index) {
  await_change(phase != old, phase_sleepers, asleep_on_phase, index)
}

inline run_shares(index, its_program, its_threads) {
  run_instruction(0, index, its_program, its_threads);
  arrive(its_threads);
  if
  :: !last -> wait_for_phase(index)
  :: else
  fi;
  run_instruction(1, index, its_program, its_threads);
  arrive(its_threads);
#ifdef RETURNS_EARLY
  skip
#else
  if
#ifdef COUNTS_JOBS
  :: !last -> wait_for_phase(index)
#else
  :: !last && index == 0 -> wait_for_phase(index)
#endif
  :: else
  fi
#endif
}

/* The engine's thread, which is thread 0: run_program, again and again */
active proctype engine() {
  byte other;
  bit old;
  bool last;

progress:
  do
  :: d_step {
       now_program = 1 - now_program;
       other = 0;
       do
       :: other < THREADS -> done[other] = 0; other++
       :: else -> break
       od;
       other = 0
     }
     atomic { select(now_threads : 1 .. THREADS) };
     running = true;
     if
     :: now_threads == 1 ->
        run_instruction(0, 0, now_program, 1);
        run_instruction(1, 0, now_program, 1)
     :: else ->
        d_step { threads = now_threads; program = now_program };
#ifdef COUNTS_JOBS
        announce(calls, calls_sleepers, asleep_on_calls, calls + 1);
#else
        announce(calls, calls_sleepers, asleep_on_calls, calls ^ (BIT(now_threads) - 2));
#endif
        run_shares(0, now_program, now_threads)
     fi;
     d_step {
       other = 0;
       do
       :: other < THREADS ->
          assert(done[other] == (other < now_threads -> 2 : 0));
          other++
       :: else -> break
       od;
       other = 0; old = 0; last = 0;
       running = false; threads = 0   /* anything may be written over Team now */
     }
  od;

over:
  skip
}

/* serve, as thread `index` */
proctype helper(byte index) {
  bit its_program;
  byte other, answered, its_threads;
  bit old;
  bool last;

#ifdef KILLED
  {
#endif
    do
    ::
#ifdef COUNTS_JOBS
       await_change(calls != answered, calls_sleepers, asleep_on_calls, index);
       if
       :: index < threads ->
          its_program = program;
          its_threads = threads;
          run_shares(index, its_program, its_threads)
       :: else
       fi;
       answered++
#else
       await_change(calls & BIT(index), calls_sleepers, asleep_on_calls, index);
       d_step { its_program = program; its_threads = threads };
       run_shares(index, its_program, its_threads);
       d_step { calls = calls ^ BIT(index); its_program = 0; its_threads = 0; old = 0; last = 0 }
#endif
    od
#ifdef KILLED
  } unless {
    d_step {
      killed == index || given_up ->
      /* What it was about to do is nobody's any more. */
      its_program = 0; its_threads = 0; other = 0; answered = 0; old = 0; last = 0;
      asleep_on_calls = asleep_on_calls & ~BIT(index);
      asleep_on_phase = asleep_on_phase & ~BIT(index)
    }
  };
#endif

over:
  skip
}

init {
  byte i;
  atomic {
    for (i : 1 .. THREADS - 1) {
      run helper(i)
    }
  }
#ifdef KILLED
  killed = KILLED
#endif
}
