"""What happened: the kinds of fact, their checks, and Segment calls and files read into them."""
