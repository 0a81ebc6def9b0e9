"""Fault injection: kills the gateway, or fails a system call, at each call in a message's path.

A *trial* is one run of a gateway under strace: a fixed *workload* of requests (`workload.py`), one
fault (`fault_run.py`), a restart, and a check of what is promised (`promises.py`). `sweep.py` tries
all faults, and finds the *mutants*, defects that are planted on purpose (`mutants.py`).

`make torture` runs all of it; docs/reliability.md has the promises and the results.
"""
