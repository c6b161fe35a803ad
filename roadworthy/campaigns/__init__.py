"""Campaigns: a cleared release goes to vehicles wave by wave (Notice 45, I.3.2 and II.3).

The gate is asked again at every start, resume and wave, inside the transaction that it guards. A yes is a lease
with an end: a dead worker, a withdrawn filing or a withdrawn release stops updates by itself. Success counts only
when a vehicle's signed manifest attests the expected hash.
"""
