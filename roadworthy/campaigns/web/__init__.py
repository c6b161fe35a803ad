"""What people and programs see of campaigns: pages (`page`, `words`, `templates`) and routes."""
