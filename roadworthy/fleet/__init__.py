"""The vehicles: VINs, their ECU units, and what is installed on them, attested or only reported.

Notice 45 II.3 wants version control and traceability per vehicle. What a vehicle merely reports is kept apart from
what one of its ECUs has signed with its own key: only the latter counts as proof of an installation.
"""
