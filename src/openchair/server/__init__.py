"""The server: ingest, the API, sign-in, the schedule, and the pages people open."""
