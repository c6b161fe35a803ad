"""JSON API of admission: values, reports, the supplement, SWINs, production consistency, plans, tables."""

from roadworthy.admission.web import consistency, papers, swin, tables, values
from roadworthy.admission.web.routing import router

__all__ = ["consistency", "papers", "router", "swin", "tables", "values"]
