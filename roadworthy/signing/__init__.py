"""Keys, TUF metadata of both repositories, and the line to the two signer processes.

The law wants every upgrade cleared before it is delivered (Notice 45, I.3) and protected against tampering (II.3).
Here that is a matter of keys: the image repository's `released` role needs two signatures, the release key's and
the gate key's, and each key is opened by a process of its own. What is signed is printable ASCII only, so that
every canonical JSON gives the same bytes. TUF 1.0 (theupdateframework/specification), Uptane 2.1.0.
"""
