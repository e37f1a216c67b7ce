"""Archives measured on many processes, kept as Parquet, and two such results held against each other."""
