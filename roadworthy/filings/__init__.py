"""What is sent to an authority, and what it answered.

The 2022 OTA filing notice of MIIT wants three filings in order (enterprise, model and function, activity); SAMR wants
its own record (Notice 123 of 2020); Notice 45 (7) wants a change permit before a main parameter changes. A filing names
what it covers by package hash, vehicle types and VIN-set digest, and counts only while its receipt is held.
"""
