"""Tell organizations which plugins there are, and let them turn some off."""
