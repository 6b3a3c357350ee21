"""Before anything runs: arms, tasks, trials, the design and its power."""
