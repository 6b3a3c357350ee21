# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 4 · Compare two prompts
#
# Is prompt B better than prompt A on my tasks, by how much, at what price, and where does it
# break? An *experiment* tries **arms** on **tasks**, each several times, every time on a fresh
# desktop, and compares the arms task by task.
#
# ## Write down what you expect, first
#
# Two prompts for a model differ in one sentence. Nothing is run here: the face of an experiment
# says what differs, which difference it could find at all, what it costs, and what is weak about
# it, while all of that can still be changed.

# %%
from pathlib import Path

from agent.experiments.plan.spec import define
from agent.experiments.plan.task import builtin_tasks
from agent.prompts import load_prompt

tasks = builtin_tasks()
plain = load_prompt("default").template
careful = plain + "\nBefore each click, say in one short sentence what you expect to happen.\n"

define(
    name="careful",
    hypothesis="Saying what one expects lowers misclicks and costs at most a third more.",
    arms={
        "plain": {"model": "claude-sonnet-5-5", "max_dollars": 0.5},
        "careful": {"model": "claude-sonnet-5-5", "prompt_text": careful, "max_dollars": 0.5},
    },
    tasks=tuple(task for task in tasks.values() if "editor" in task.tags),
    repeats=3,
    budget=40.0,
)

# %% [markdown]
# That experiment needs a key. The next one does not: it compares two *wordings* of the same tasks
# for the offline planner, which knows fixed sentences. Are tasks told step by step done more often
# than tasks told by their goal?

# %%
experiment = define(
    name="wording",
    hypothesis="The planner knows fixed sentences, so steps pass on more tasks than goals.",
    arms={"goal": {"phrasing": "goal"}, "steps": {"phrasing": "steps"}},
    tasks=tuple(tasks[name] for name in ("note-write", "create-list", "make-folders", "open-two", "copy-code")),
)
experiment

# %% [markdown]
# ## Run it
#
# A run has a thread of its own, and two desktops at a time. Its face follows it, with the desktops
# in small and a Stop; running the same experiment again goes on where it was cut, and tries again
# only what ended in an *error*, which is ours and not the arm's.

# %%
from agent.experiments.live import LiveRun
from agent.settings import Settings

run = LiveRun(experiment, Settings().data_dir / "experiments", slots=2).start()
run

# %%
await run.finished()
run

# %% [markdown]
# ## Read it
#
# The results come with intervals and a verdict in a sentence. With five tasks that verdict is
# cautious, and rightly so: below about twenty tasks only large differences show.

# %%
results = run.store
results

# %%
from agent.experiments.results.paired import pair

answer = pair(experiment, results.results())
answer.success

# %% [markdown]
# Anything else is a query away: the trials are a table, and DuckDB reads it.

# %%
results.query("""
    select arm, count(*) as trials, round(avg(m_seconds), 2) as seconds, sum(m_actions) as actions
    from trials group by arm order by arm
""")

# %% [markdown]
# ## Look at what broke
#
# A number says that something failed; the screens say what.

# %%
failed = [result for result in results.results() if not result.passed]
results.trial((failed or results.results())[0].id)

# %% [markdown]
# Next: [take a run apart](05-replay.ipynb).
