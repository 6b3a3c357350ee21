"""The person's files in the page: a tree, in and out."""
