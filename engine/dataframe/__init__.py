"""What a query looks like from Python."""
