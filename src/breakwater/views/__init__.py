"""How Breakwater looks: frozen things in; Block Kit, text and charts out. Pure: no store, no client, no clock."""
