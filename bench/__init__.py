"""Measurements. Each module prints its ratios when it is run; absolute figures differ from computer to computer."""
