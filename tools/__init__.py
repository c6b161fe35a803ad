"""Small programs for the people who build Roadworthy; none is part of the package."""
