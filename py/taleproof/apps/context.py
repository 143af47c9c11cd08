# SPDX-License-Identifier: Apache-2.0
"""How long a text's context can be: an engine and the context asked for come in, a session out of the arena goes out.

What does not fit is found by counting where it can be, for memory that was touched stays a program's own: the cache is
nearly all that a session takes.
"""

from taleproof.errors import ContextTooLargeError, OutOfMemoryError
from taleproof.memory.arena import ReusableArena
from taleproof.tasks.engine import CONTEXT_STEP, Engine, Session


def longest_session(arena: ReusableArena, engine: Engine, requested: int | None) -> Session:
    """Return a session of the context asked for; where none is, of the model's own, or of the longest that fits.

    Raises
    ------
    ContextTooLargeError : more was asked for than fits; it names the most that does.
    OutOfMemoryError : not even CONTEXT_STEP positions fit.
    """
    mark, context = arena.mark(), requested or engine.longest_context
    longest = context if arena.has_room(context * engine.position_bytes) else _room(arena, engine, context)
    while True:
        try:
            session = engine.session(longest)
            break
        except OutOfMemoryError:
            arena.release(mark)
            if longest <= CONTEXT_STEP:
                raise
            longest = max((longest - 1) // CONTEXT_STEP * CONTEXT_STEP, CONTEXT_STEP)
    if requested is not None and longest < requested:
        arena.release(mark)
        raise ContextTooLargeError(requested, longest)
    return session


def _room(arena: ReusableArena, engine: Engine, context: int) -> int:
    """Return the most positions below ``context`` whose cache has room, a multiple of CONTEXT_STEP, one at least."""
    fits, too_many = 1, -(-context // CONTEXT_STEP)  # steps
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if arena.has_room(middle * CONTEXT_STEP * engine.position_bytes):
            fits = middle
        else:
            too_many = middle
    return fits * CONTEXT_STEP
