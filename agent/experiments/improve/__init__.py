"""Search over prompts from trials' logs, with tasks held out for the one claim that counts.

Variants are proposed from what failed, tried on the search tasks, and kept if they do better
there. That choice claims nothing: whoever tries many variants finds one that looks better. The
claim is made on tasks that the search never saw, by a test that counts every look at them.
"""
