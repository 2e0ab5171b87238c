"""Processes: HTTP front ends and engines of one service, their messages, and who starts them."""
