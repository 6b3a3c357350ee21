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
# # 5 · Replay a run, and take it apart
#
# Whatever ran can be read again: a session's journal, an exported folder, or a trial of an
# experiment. Nothing is opened for that: no desktop, no key, no model.
#
# First there must be something to read. Two sessions do nearly the same:

# %%
from agent import Session, Settings, export_session
from dashboard.notebook import do

settings = Settings(model="offline")


async def record(*sentences):
    session = Session.create(settings)
    await session.open()
    for sentence in sentences:
        await do(session, sentence, timeout=60)
    await session.close()
    return session.id


first = await record("Open the text editor.", "Type the quick brown fox.", "Open the Search menu.")
second = await record("Open the text editor.", "Type the quick brown fox.", "Select all.")

# %% [markdown]
# An export is a folder that opens alone, on any machine.

# %%
import tempfile
from pathlib import Path

from agent.replay import build_timeline, compare, load_recording, step_detail

folder = export_session(settings.data_dir, first, Path(tempfile.mkdtemp()) / "run")
recording = load_recording(folder)
sorted(path.name for path in folder.iterdir())

# %% [markdown]
# ## At a glance
#
# The screens that the agent saw, and every word and action.

# %%
recording

# %% [markdown]
# The same as lanes over time. Stretches in which nobody did anything are shortened; dashed lines
# show where.

# %%
timeline = build_timeline(recording.events)
timeline

# %% [markdown]
# ## As a film

# %%
from base64 import b64encode

from IPython.display import HTML

from agent.replay.film import write_gif

film = write_gif(recording, folder / "replay.gif", width=480)
HTML(f'<img width="480" src="data:image/gif;base64,{b64encode(film.read_bytes()).decode()}">')

# %% [markdown]
# ## One step, in full
#
# What was the model sent, what came back, what did it cost, and what did the action find on the
# screen? Every step answers that.

# %%
action = next(step for step in timeline.steps if step.kind == "action")
detail = step_detail(recording, action.seq)
detail["action"]

# %%
detail["turn"]["usage"], detail["turn"]["latency"]

# %% [markdown]
# Where did the time go?

# %%
from collections import Counter

spent = Counter()
for step in timeline.steps:
    spent[step.lane] += step.seconds
{lane: round(seconds, 2) for lane, seconds in spent.most_common()}

# %% [markdown]
# ## Where do two runs part?
#
# Instructions and actions are lined up and compared by meaning: pixels within one control make no
# difference.

# %%
other = load_recording(export_session(settings.data_dir, second, folder.parent / "other"))
comparison = compare(recording.events, other.events)
print(comparison.note)
for row in comparison.rows:
    a, b = (deed.label if deed else "" for deed in (row.a, row.b))
    print("  " if row.same else "≠ ", f"{a:44}", "" if row.same else b)

# %% [markdown]
# Next: [bring your own task](06-task.ipynb).
