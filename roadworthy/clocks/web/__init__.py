"""What people and programs see of clocks: the board of duties and its pages, and the JSON API with readiness."""
