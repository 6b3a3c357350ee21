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
# # 3 · Talk to it
#
# The voice bar of the page works in a notebook too: press **Start**, allow the microphone, and
# say “open the text editor”. Say “stop” while it works. No key is needed: without Hume's keys the
# speech engines run in this kernel, and your browser talks to them over loopback.
#
# Sound never passes through the kernel's messages, and no key ever reaches the browser: for each
# opening of the line it gets a ticket that dies soon.

# %%
from agent import Session, Settings
from dashboard.notebook import Speaker, Talk

session = Session.create(Settings(model="offline"))
await session.open()
talk = await Talk.open(session)
talk

# %% [markdown]
# The kernel must run on the same machine as the browser, or Hume's keys must be set: then the
# browser talks to Hume directly, wherever the kernel is.
#
# ## A person made of Python
#
# To try things without a microphone, and to repeat them exactly, a `Speaker` opens the same line
# that the browser would, and says sentences with a synthetic voice at the speed of speech. What
# comes back was really *heard*: it went through voice activity detection, the recogniser, and the
# decision that the turn is over.

# %%
speaker = Speaker(talk)
heard = await speaker.say("Open the text editor.")
await session.wait_idle(60)
heard.text

# %%
await speaker.say("Type, the quick brown fox.")
await session.wait_idle(60)
session

# %% [markdown]
# ## Interrupting by voice
#
# A stop word acts on an *interim* transcript: nobody waits for the end of the sentence, and no
# model is asked.

# %%
from agent.record.events import ActionStarted, Heard, Stopped

since = len(session.log)
session.say("Wait thirty seconds.")
await session.log.wait_for(lambda event: isinstance(event, ActionStarted), since=since, timeout=30)
await speaker.say("Stop!")
await session.wait_idle(30)
for event in session.log.since(since):
    if isinstance(event, Heard | Stopped):
        print(f"{event.at - session.log[since].at:5.2f} s  {event.kind:8}", end=" ")
        print(event.text if isinstance(event, Heard) else event.reason, "(interim)" * getattr(event, "interim", False))

# %% [markdown]
# ## How long did it take?
#
# Every exchange is measured where it happens, lane by lane. These are the numbers to watch when
# something feels slow.

# %%
from agent.record.events import Measured

for event in session.log.of(Measured):
    print(f"{event.lane:26} {event.milliseconds:7.0f} ms")

# %% [markdown]
# The same log as lanes over time: what was heard, what was said, what the model and the tools
# did meanwhile.

# %%
from agent.replay import build_timeline

build_timeline(tuple(session.log))

# %%
await speaker.close()
await talk.close()
await session.close()

# %% [markdown]
# Next: [compare two prompts](04-compare.ipynb).
