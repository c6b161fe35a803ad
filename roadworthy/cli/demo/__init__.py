"""The demo: a cast, its processes, the story they play, and what goes on afterwards."""
