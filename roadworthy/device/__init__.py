"""The vehicles' door: hawkBit's DDI v1 contract, TUF/Uptane metadata (dialect A), artifacts and reports.

Who a vehicle is comes from its token, never from the body. What it may have comes from a live lease, asked anew
at every document and every byte range: a lease that ends stops delivery by itself.
"""
