"""Lists as offices have them: judged, read, compared with the register, applied, undone; and written for them.

The way of a file: `preflight` (is it harmless?) → `reading` (its cells, in a process of its own) → `columns` (which
column is what) → `values` and `places` (what a cell says) → `differences` (what it would change) → `running` (the
verbs). `problems` has the words for everything that can be wrong.
"""
