"""What people and programs see of the law: packs with their rules in words, what waits for a signature, and routes."""
