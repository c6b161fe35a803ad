"""The reference vehicle: what a car's update client must do before it believes a server.

Notice of 25 February 2025, I.3 and II.3: no software without its clearance, full traceability, no tampering. The
vehicle knows its provisioning file and HTTP, nothing of the server. It installs an image only when two repositories
with separate keys agree on it (Uptane 2.1.0, full verification), so a server that is wrong, or taken over, can refuse
it an update but cannot give it one that the gate has not signed.
"""
