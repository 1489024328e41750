"""The customer's own seat: one page in their language, reached by a link, where they see and decide everything."""

from openchair.server.seat.routes import seat_routes

__all__ = ["seat_routes"]
