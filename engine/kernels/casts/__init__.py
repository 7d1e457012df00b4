"""Casts: the matrix in `cast`, its families in one file each."""
