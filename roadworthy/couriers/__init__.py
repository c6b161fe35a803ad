"""How a packet reaches an authority: on stamped paper, by mail, through a folder, a portal, or an API.

No channel of an authority promises that a thing said twice counts once, and most of them cannot be asked. So each
courier tells honestly what it knows after a call: sent, surely not sent, handed to a person, or unknown. What is
unknown is settled by asking the authority, never by sending again in silence.
"""
