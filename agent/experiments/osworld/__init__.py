"""Tasks of OSWorld (https://os-world.github.io) as tasks of the Lab, where they are plain.

A task's set-up becomes files and steps, its gold files go to the checks, and its evaluator stays
OSWorld's own, which runs in an environment of its own.
"""
