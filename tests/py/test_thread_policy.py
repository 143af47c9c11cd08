# SPDX-License-Identifier: Apache-2.0
"""The number of threads follows the times of the steps."""

from collections import Counter
from collections.abc import Callable

import pytest

from taleproof.device.threads import TRYING, ThreadPolicy


class Machine:
    """Steps whose duration is known: ``seconds`` of how many threads, and how many steps were before."""

    def __init__(self, max_threads: int, seconds: Callable[[int, int], float]) -> None:
        self.now = 0.0
        self.used: list[int] = []
        self._seconds = seconds
        self._policy = ThreadPolicy(max_threads, lambda: self.now)

    def step(self, count: int) -> None:
        self.now += self._seconds(count, len(self.used))
        self.used.append(count)

    def run(self, steps: int, size: int = 1) -> None:
        for _ in range(steps):
            self._policy.run(size, self.step)


def test_cores_to_spare_are_used() -> None:
    machine = Machine(4, lambda count, _: 1 / count)
    machine.run(400)
    assert Counter(machine.used)[4] > 390
    assert set(machine.used) == {1, 4}


def test_threads_that_wait_for_each_other_are_not() -> None:
    machine = Machine(2, lambda count, _: 40.0 if count == 2 else 8.0)
    machine.run(1000)
    assert 40.0 * machine.used.count(2) <= TRYING * machine.now + 2 * 40.0  # the first time, and the last
    assert machine.used.count(2) > 1


def test_a_machine_that_becomes_free_is_noticed_and_one_that_becomes_busy_too() -> None:
    def seconds(count: int, step: int) -> float:
        busy = step < 300 or step >= 700
        return (3.0 if busy else 0.5) if count == 2 else 1.0

    machine = Machine(2, seconds)
    machine.run(1000)
    assert machine.used[650:700].count(2) >= 45
    assert machine.used[100:300].count(1) >= 190
    assert machine.used[750:].count(1) >= 240


def test_one_late_step_changes_nothing() -> None:
    machine = Machine(2, lambda count, step: 50.0 if step == 60 else 1 / count)
    machine.run(100)
    assert machine.used[61:70] == [2] * 9


def test_steps_of_several_tokens_count_by_the_token() -> None:
    policy = ThreadPolicy(2, lambda: now)
    now, used = 0.0, []

    for size in (32, *[4] * 20):

        def step(count: int, size: int = size) -> None:
            nonlocal now
            used.append(count)
            now += size * count

        policy.run(size, step)
    # By the step, one thread looks slower in the first two: 32 s, and 8 s with two.
    assert used == [1, 2, *[1] * 19]


@pytest.mark.parametrize("max_threads", [1, 2, 3, 8])
def test_only_numbers_that_there_are(max_threads: int) -> None:
    machine = Machine(max_threads, lambda count, _: 1.0)
    machine.run(50)
    assert set(machine.used) == {1, max_threads}
