"""Loading, validation and splitting of the data."""
