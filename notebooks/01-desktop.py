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
# # 1 · Drive the desktop by hand
#
# Everything that an agent can do in Sayso, you can do yourself: it acts through the very same
# object. This notebook starts a private desktop, looks at it, and uses it without any model.
#
# The desktop is a real one (Xvnc and parts of XFCE) in a sandbox: no network, a home folder of
# its own, and it is gone when you stop it. Nothing here touches your own screen.

# %%
from agent.desktop import VirtualDesktop

desktop = VirtualDesktop()
await desktop.start()
desktop.status

# %% [markdown]
# A desktop has a face. In Jupyter it is live: press *Take the mouse* and use it; Shift+Esc gives
# the mouse back. Where there is no kernel, as on a forge, you see the screen at that moment.

# %%
desktop

# %% [markdown]
# ## Start a program and wait for it
#
# Programs are started from their launchers, never through a shell. After an action one does not
# sleep: `settle` returns when the screen has been quiet, and says how long that took.

# %%
launchers = {launcher.id: launcher for launcher in await desktop.launchers()}
{launcher.id: launcher.name for launcher in launchers.values() if launcher.generic_name}

# %%
await desktop.launch(launchers["org.xfce.mousepad"])
await desktop.settle(first=3.0)

# %%
await desktop.input.type("Dear diary,\ntoday I was driven by a notebook.")
await desktop.settle()
await desktop.screenshot()

# %% [markdown]
# ## Look without pixels
#
# Windows come from the window manager. What lies inside them comes from the accessibility tree:
# roles, names, boxes, and the text of editors and terminals.

# %%
for window in await desktop.windows():
    print(f"{window.title!r:28} {window.wm_class:12} {window.box}")

# %%
tree = await desktop.tree()
[node.name for node in tree.showing("menu") if node.app == "mousepad"]

# %%
editor = next(node for node in tree.showing("text") if node.app == "mousepad")
await desktop.text_of(editor)

# %% [markdown]
# Names turn into places, and places into clicks. Coordinates are pixels of the picture that the
# model sees, so what works here works for a model too.

# %%
search = next(node for node in tree.showing("menu") if node.name == "Search")
await desktop.input.click(*search.box.center)
await desktop.settle()
x, y = search.box.center
await desktop.zoom((0, 0, x + 300, y + 220))

# %% [markdown]
# What would a click hit? Approvals are decided on answers like this one.

# %%
await desktop.input.key("Escape")
await desktop.under(*editor.box.center)

# %% [markdown]
# ## Stop means stop
#
# `halt` is synchronous and works while everything else hangs: whatever is held is let go of, and
# no input passes until `resume`.

# %%
from agent.errors import InputHalted

await desktop.input.button_down("left")
print("let go of:", desktop.input.halt())
try:
    await desktop.input.type("too late")
except InputHalted as error:
    print("refused:", error)
desktop.input.resume()

# %%
await desktop.stop()
desktop.status.state

# %% [markdown]
# Next: [let an agent drive](02-agent.ipynb).
