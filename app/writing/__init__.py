"""How it is changed: what is the same for every write, whoever asks for it.

One transaction reads what it needs, decides by pure rules, and writes everything at the end (`work`); it is tried again
where others were in the way (`retrying`). What may be written, and by which rules, stands in the rooms.
"""
