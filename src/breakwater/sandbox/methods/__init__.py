"""Web API methods, one file per family; each method takes a Call and returns the fields beside `ok`."""
