"""The transparency log: every event is a leaf of one hash tree whose head is signed, so an edit made later shows.

Notice 45, II.3 asks for traceable versions and for updates that nobody tampered with; GB 44496-2024 for records
kept ten years. The formats are those of C2SP (signed-note, tlog-checkpoint, tlog-tiles, tlog-proof) over the
tree of RFC 6962, so that anybody's tools can check them.
"""
