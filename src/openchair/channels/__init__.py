"""Channels: how something leaves the house; nothing is sent here that did not pass the guard or was not asked for."""
