"""Prompt experiments: arms by tasks by repeats, on fresh desktops, with honest statistics.

``spec`` says what an experiment is, ``task`` what a task is; ``runner`` carries one out,
``trial`` is one try of one task, ``compare`` and ``report`` say what came of it.
Running needs no more than Sayso itself; clusters, tables and statistics need the extra
``lab``.
"""
