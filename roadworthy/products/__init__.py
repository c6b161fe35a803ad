"""What the company builds: vehicle types, variants, ECUs, and the definitions of technical parameters.

Notice 45 (I.1) adds parameters of driver assistance and OTA (its Annex 2) to the main technical parameters of each
announced model. Which parameters exist, which are main ones, and which ECU's software can influence which of them,
is recorded here by a homologation officer before any release asks: the class of an upgrade is computed from it.
"""
