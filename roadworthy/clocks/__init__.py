"""Duty clocks that survive anything: clocks, their timers, and what is to be told to whom.

Almost every clause that asks for a report gives it an hour or a day (24 hours after an accident, five working days
after an upgrade), and a missed one cannot be made good. So a clock is a record that nobody edits; whether it is met,
running or overdue is computed whenever somebody looks, never by a program that might be dead; and a reminder is
written in the transaction that says it was due. Only an authority's acknowledgement stops a clock.
"""
