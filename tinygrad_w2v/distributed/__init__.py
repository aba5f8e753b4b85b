"""Many machines: the rounds of a deterministic run, computed by the tasks of a Ray cluster.

A shard of a round is a pure function of the tables, and rows are merged in the order of the shards.
So what is here decides where things are computed and how they get there, and never a byte.
"""
