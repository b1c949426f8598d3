"""What is in a set of pictures, and what is wrong with it: looked at before any training, and never changed.

From the ground up: `inspection` (what one file is), `journal` (what is known of it the next time), `likeness` (near
duplicates), `bursts` (shots within seconds), `grouping` (what has to stay together), `kinds` and `rules` (what may be
wrong), `audit` (all of it over a set), `manifest` (the table that training reads).
"""
