"""One module an engine; see ``job.py``."""
