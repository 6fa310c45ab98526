"""One module for each family of references that a user installs: from its files to plain checked structures."""
