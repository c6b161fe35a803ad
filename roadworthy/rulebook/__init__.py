"""Which packs of law are in force, signed by whom, since when.

What decides about a vehicle must itself be decided by people who answer for it (Notice 45, II.1): a pack is imported,
read and signed by two persons other than its author, tried beside the law in force, and put into force by two. What
was in force at any moment can be read again, so that every old decision can be judged again with its own law.
"""
