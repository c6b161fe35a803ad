"""The words every other folder uses: ids, time, errors, decisions, life cycles, events, Merkle trees.

Standard library only, no I/O (reading the wall clock in `time.SystemTime` is the one exception).
"""
