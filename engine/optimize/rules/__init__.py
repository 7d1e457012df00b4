"""One rule a file, the function called as the file; the picture in each docstring shows before and after."""
