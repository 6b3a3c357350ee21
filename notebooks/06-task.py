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
# # 6 · Bring your own task
#
# A task is a folder: what the desktop holds at the start, what the agent is asked, and how one
# sees at the end whether it was done. No code elsewhere is touched.
#
# ## Write it

# %%
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp()) / "greet-guests"
(folder / "files").mkdir(parents=True)
(folder / "files" / "guests.txt").write_text("Ada\nGrace\nMargaret\n")
(folder / "task.yaml").write_text("""\
instruction: Make a file welcome.txt in the home folder that greets the first guest of guests.txt.
phrasings:
  steps: create a file called welcome with the text Hello Ada
tags: [files, light]
checks:
  - file_text: {path: welcome.txt, matches: "Hello,? Ada"}
  - unchanged: {path: guests.txt}
oracle:
  - write: {path: welcome.txt, text: "Hello Ada"}
near_miss:
  - write: {path: welcome.txt, text: "Hello Grace"}
limits: {turns: 10, seconds: 60}
""")

from agent.experiments.plan.task import load_task

task = load_task(folder)
task.id, task.instruction

# %% [markdown]
# The checks look at *copies* of the files after the end, never at what the agent says. A check is
# only worth something if it can fail, so a task brings its own proof:
#
# - an **oracle**, steps that reach the goal: they must pass;
# - a **near miss**, steps that come close: they must fail;
# - and doing nothing must fail, too.
#
# ## Prove it
#
# The proofs are arms of an experiment like any other.

# %%
from agent.experiments.live import LiveRun
from agent.experiments.run.placement import LocalPlacement
from agent.experiments.plan.spec import define
from agent.settings import Settings

place = LocalPlacement()  # one desktop at a time, in this kernel
root = Settings().data_dir / "experiments"


async def outcome(experiment):
    run = LiveRun(experiment, root, placement=place).start()
    await run.finished()
    return run.store


proof = define(
    name="prove-greet-guests",
    arms={name: {"model": name} for name in ("oracle", "near_miss", "nothing")},
    tasks=(task,),
)
proved = await outcome(proof)
for result in proved.results():
    print(f"{result.arm:10} {result.status:8} {result.reason}")

# %%
passed = {result.arm for result in proved.results() if result.passed}
assert passed == {"oracle"}, passed

# %% [markdown]
# ## Try it
#
# Now an agent: the offline planner, told the goal and told the steps. It cannot read a file and
# draw a conclusion, so the goal is beyond it; a model with a key is one more arm, such as
# `"claude": {"model": "claude-sonnet-5-5", "max_dollars": 0.2}`.

# %%
tried = await outcome(
    define(
        name="greet-guests",
        hypothesis="The planner can write the greeting, but cannot find out whom to greet.",
        arms={"goal": {"phrasing": "goal"}, "steps": {"phrasing": "steps"}},
        tasks=(task,),
    )
)
tried

# %% [markdown]
# Each trial is a folder of its own, with everything in it.

# %%
tried.trial("steps--greet-guests--000")

# %%
place.close()

# %% [markdown]
# To keep the task, put its folder anywhere and name it in an experiment's `tasks`. All fields,
# checks and steps are in [docs/experiments.md](../docs/experiments.md).
