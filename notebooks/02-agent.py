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
# # 2 · Run an agent, and interrupt it
#
# A *session* is one conversation with one desktop, one model, and one log of events. The model
# here is `offline`: a planner that understands plain commands, needs no key and costs nothing.
# With a key, `Settings(model="auto")` takes Claude, and nothing else in this notebook changes.

# %%
from agent import Session, Settings
from dashboard.notebook import do, recorded

session = Session.create(Settings(model="offline"))
await session.open()
session

# %% [markdown]
# In Jupyter the cell above shows the live desktop, the conversation, and **Stop**. It goes on
# showing them while cells below run, also while one waits: give the session work by typing into
# it, by code, or by both.
#
# `do` gives the agent a task, waits, and returns what happened. Interrupting the cell (■) stops
# the agent.

# %%
await do(session, "Open the text editor and type milk, eggs and bread, then save it as shopping list.")

# %% [markdown]
# ## The log is the truth
#
# Everything that panes, captions, costs and the model's own messages show is derived from these
# events, and each is on the disk before anybody acts upon it.

# %%
from collections import Counter

Counter(event.kind for event in session.log).most_common(8)

# %%
from agent.record.events import ActionFinished, ActionProposed

for event in session.log:
    if isinstance(event, ActionProposed):
        print("→", event.name, event.input)
    elif isinstance(event, ActionFinished):
        print("  ", "ran" if event.ran else "not run", f"{event.seconds:.2f} s", event.text[:60])

# %% [markdown]
# ## Stop it in the middle
#
# The agent is told to wait for half a minute, and stopped as soon as it has begun. `stop` is a
# plain function, not a coroutine: it has its effect before it returns, whatever model, network or
# screen are doing.

# %%
import time

from agent.record.events import ActionStarted

since = len(session.log)
session.say("Wait thirty seconds.")
await session.log.wait_for(lambda event: isinstance(event, ActionStarted), since=since, timeout=30)

began = time.perf_counter()
session.stop("I have seen enough.", source="api")
print(f"stopped in {1000 * (time.perf_counter() - began):.1f} ms:", session.status.who)
await session.wait_idle(10)
recorded(session, since=since)

# %% [markdown]
# The history stays valid after a cut anywhere: what ran keeps its result, the rest is answered
# with “not executed”. So the agent can simply go on.

# %%
from agent.session.history import History

history = History(session.journal.image_base64)
for event in session.log:
    history.add(event)
for message in history.messages()[-3:]:
    for block in message["content"]:
        print(message["role"], block["type"], str(block.get("text") or block.get("content") or block.get("input"))[:90])

# %% [markdown]
# ## Change its mind
#
# Words that correct, such as these, are a *redirect*: the work is cut, and the words come first.
# Others would be done afterwards, and “and also …” within the task; `how=` decides otherwise.

# %%
since = len(session.log)
session.say("Wait twenty seconds.")
await session.log.wait_for(lambda event: isinstance(event, ActionStarted), since=since, timeout=30)
session.say("Open the terminal instead.")
await session.wait_idle(60)
recorded(session, since=since)

# %% [markdown]
# ## Say yes or no
#
# Some actions are asked about before they happen: here every shell command. The question is an
# event, the answer is bound to exactly that action, and no answer means no. In the session's face
# there are two buttons for it; by voice one says the phrase.

# %%
from agent.record.events import ApprovalAsked

since = len(session.log)
session.say("Run the command date.")
asked = await session.log.wait_for(lambda event: isinstance(event, ApprovalAsked), since=since, timeout=30)
print(asked.question)
session.approve(asked.approval_id, "allow", channel="api")
await session.wait_idle(60)
session.log.of(ActionFinished)[-1].text

# %% [markdown]
# ## Without `await`
#
# For scripts, and for those who prefer code that blocks: the session then lives on a loop in a
# thread of its own, and Stop in its face works while the cell waits.

# %%
await session.close()

# %%
from agent.blocking import Blocking

with Blocking(Session.create(Settings(model="offline"))) as quiet:
    quiet.say("Open the file manager.")
    quiet.wait_idle(60)
    print(quiet.status.outcome)
    display(quiet)

# %% [markdown]
# Next: [talk to it](03-voice.ipynb).
