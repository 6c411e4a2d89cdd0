"""Reading and drawing."""
