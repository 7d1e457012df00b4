"""What names mean: databases, tables, views, temporary views; in memory or in a folder on disk.

`catalog.Catalog` is what a session talks to; `memory` and `folder` keep the entries that `tables` describes.
"""
